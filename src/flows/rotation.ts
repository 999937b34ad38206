/**
 * Rotations of the white coordinates.
 *
 * @module
 */
import { independentComponents } from "./independent_components.ts";
import { whiten, type Whitening } from "./whitening.ts";

/** For each layer the orthogonal matrix R, d × d, of the rotation x ↦ Rᵀx before it, if any. */
export type Rotations = readonly (Float64Array | undefined)[];

/** Beyond so many coordinates finding the rotation would cost more than it brings. */
const MOST_COORDINATES = 64;

/**
 * The rotations of a flow that has seen no data: that of the first layer turns nothing yet.
 *
 * @param dimension d.
 * @param layers How many layers.
 * @param wanted Whether the first one is to have a rotation before it.
 * @returns The rotations.
 */
export function firstRotations(dimension: number, layers: number, wanted: boolean): Rotations {
  const none = new Array<undefined>(layers).fill(undefined);
  if (!wanted || dimension === 1 || dimension > MOST_COORDINATES) return none;
  const identity = new Float64Array(dimension * dimension);
  for (let i = 0; i < dimension; i++) identity[i * dimension + i] = 1;
  return [identity, ...none.slice(1)];
}

/**
 * Sets the first rotation, if there is one, to the independent components of data.
 *
 * @param state The whitening of the data, the rotations before, and which coordinates are periodic.
 * @param data n × d.
 * @returns The rotations after.
 */
export function rotationsFor(
  state: Whitening & { readonly rotations: Rotations; readonly periodic: readonly boolean[] },
  data: Float64Array,
): Rotations {
  const { rotations: [first, ...others], periodic } = state;
  if (first === undefined) return state.rotations;
  const free = periodic.map((each) => !each);
  return [independentComponents(whiten(state, data), periodic.length, free), ...others];
}

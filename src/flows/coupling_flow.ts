/**
 * What all flows of coupling layers share: states, and the engine that runs them.
 *
 * @module
 */
import { foldInWords, type KeyWords } from "../random/words.ts";
import { firstWeights, masksFor, type WeightShape } from "./coupling_layers.ts";
import type { EngineShape } from "./engine.ts";
import { engineMethods } from "./engine_methods.ts";
import type { Flow, FlowState } from "./flow.ts";
import { firstRotations, rotationsFor } from "./rotation.ts";
import { mapRows, updateWeights } from "./shared_engine.ts";
import { identityWhitening, whiteningOf } from "./whitening.ts";

/** What a flow of coupling layers is made of. */
export interface CouplingOptions extends WeightShape {
  /** Its name. */
  readonly name: string;
  /** The options of that name, complete. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Coupling layers. */
  readonly layers: number;
  /** Splines act on [−range, range] of the white coordinates. */
  readonly range: number;
  /** Degrees of freedom of a Student-t base; 0 for a normal one. */
  readonly degrees: number;
  /** Whether the white coordinates are first turned to independent components. */
  readonly components: boolean;
}

/** Most coordinates of a flow. */
const MOST_COORDINATES = 10_000;

function checkDimension(dimension: number, periodic: readonly boolean[]): void {
  if (!(Number.isInteger(dimension) && dimension >= 1 && dimension <= MOST_COORDINATES)) {
    throw new RangeError(
      `Cannot make a flow with \`dimension\` ${dimension}: expected a whole number from 1 to ` +
        `${MOST_COORDINATES}`,
    );
  }
  if (periodic.length !== dimension) {
    throw new RangeError(
      `Cannot make a flow of ${dimension} coordinates with \`periodic\` of ${periodic.length}: give ` +
        "true or false for each",
    );
  }
}

/**
 * Makes a kind of flow from coupling layers.
 *
 * @param options What it is made of; they have been checked.
 * @returns The kind of flow.
 */
export function couplingFlow(options: CouplingOptions): Flow {
  const { name, layers, hidden, bins, range, affine, degrees, components } = options;
  const shapeOf = (state: FlowState): EngineShape => ({
    dimension: state.dimension,
    hidden,
    bins,
    range,
    affine,
    base: { degrees, periodic: state.periodic },
    rotated: state.rotations.map((rotation) => rotation !== undefined),
    masks: state.masks,
  });
  return {
    name,
    options: options.record,
    init(dimension, key: KeyWords, periodic = new Array<boolean>(dimension).fill(false)) {
      checkDimension(dimension, periodic);
      const masks = masksFor(dimension, layers, foldInWords(key, 0));
      const weights = firstWeights(masks, periodic, options, foldInWords(key, 1));
      return {
        dimension,
        periodic,
        masks,
        rotations: firstRotations(dimension, layers, components),
        weights,
        firstMoment: new Float32Array(weights.length),
        secondMoment: new Float32Array(weights.length),
        updates: 0,
        ...identityWhitening(dimension),
      };
    },
    whiten(state, data) {
      const whitening = whiteningOf(data, state.dimension, state.periodic);
      const rotations = rotationsFor({ ...state, ...whitening }, data);
      return { ...state, ...whitening, rotations };
    },
    engineShape: shapeOf,
    ...engineMethods(shapeOf, { map: mapRows, update: updateWeights }),
  };
}

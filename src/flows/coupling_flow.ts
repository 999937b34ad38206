/**
 * What all flows of coupling layers share: states, and the engine that runs them.
 *
 * @module
 */
import { foldInWords, type KeyWords } from "../random/words.ts";
import { type Base, basePoints, normalsOf } from "./base.ts";
import { firstWeights, masksFor, type WeightShape } from "./coupling_layers.ts";
import type { EngineShape, Mapped } from "./engine.ts";
import { type FlowRunOptions, mapRows, type RowWork, updateWeights } from "./shared_engine.ts";
import type { Flow, FlowState } from "./flow.ts";
import { firstRotations, rotationsFor } from "./rotation.ts";
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
  const baseOf = ({ periodic }: FlowState): Base => ({ degrees, periodic });
  const shapeOf = (state: FlowState): EngineShape => ({
    dimension: state.dimension,
    hidden,
    bins,
    range,
    affine,
    base: baseOf(state),
    rotated: state.rotations.map((rotation) => rotation !== undefined),
    masks: state.masks,
  });
  const map = (
    state: FlowState,
    data: Float64Array,
    how: RowWork,
    where?: FlowRunOptions,
  ): Promise<Mapped> => mapRows(shapeOf(state), state, data, how, where);
  const updates: Flow["updates"] = async (state, data, batches, where) => {
    const shape = shapeOf(state);
    const { weights, ...others } = await updateWeights(shape, state, data, batches, where);
    return { state: { ...state, ...weights }, ...others };
  };
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
    async forward(state, position, where) {
      const { value, log } = await map(state, position, { inverse: false, density: false }, where);
      return { value, logDeterminant: log };
    },
    async inverse(state, base, where) {
      const { value, log } = await map(state, base, { inverse: true, density: false }, where);
      return { value, logDeterminant: log };
    },
    normals: (state) => normalsOf(baseOf(state)),
    async sample(state, normals, { precision = "f64", ...where } = {}) {
      const base = basePoints(baseOf(state), normals);
      const single = precision === "f32";
      const how = { inverse: true, density: true, single };
      const { value, log } = await map(state, base, how, where);
      return { position: value, logDensity: log };
    },
    logDensity: async (state, position, where) =>
      (await map(state, position, { inverse: false, density: true }, where)).log,
    async scores(state, position, where) {
      const { value, log } = await map(state, position, { scores: true }, where);
      return { score: value, logDensity: log };
    },
    updates,
    async update(state, data, how, where) {
      const rows = Uint32Array.from({ length: data.length / state.dimension }, (_, i) => i);
      const after = await updates(state, data, [{ rows, ...how }], where);
      return { state: after.state, loss: after.losses[0] };
    },
  };
}

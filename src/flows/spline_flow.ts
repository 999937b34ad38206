/**
 * Rational-quadratic spline coupling flows.
 *
 * @module
 */
import { foldInWords, type KeyWords, permutation, randomWords } from "../random/words.ts";
import { type EngineShape, type MapOptions, type Mapped, withEngine } from "./engine.ts";
import type { Flow, FlowState } from "./flow.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { identityWhitening, whiteningOf } from "./whitening.ts";

/** Options of {@linkcode splineFlow}. */
export interface SplineFlowOptions {
  /** Coupling layers; 6 by default. Each pair moves every coordinate once. */
  readonly layers?: number;
  /** Widths of the hidden layers of each conditioner; [32, 32] by default. */
  readonly hidden?: readonly number[];
  /** Bins of each spline, 2 to 32; 10 by default. */
  readonly bins?: number;
  /** Splines act on [−range, range] of the whitened coordinates; 10 by default, beyond is the identity. */
  readonly range?: number;
}

const OPTIONS = ["layers", "hidden", "bins", "range"];

function checkOptions(options: SplineFlowOptions): void {
  expectOptions(options, OPTIONS, "make a spline flow");
  const { hidden, range } = options;
  if (hidden !== undefined && !Array.isArray(hidden)) {
    throw new TypeError(
      `Cannot make a spline flow with \`hidden\` ${hidden}: expected a list of widths`,
    );
  }
  if (range !== undefined && !(range > 0 && Number.isFinite(range))) {
    throw new RangeError(
      `Cannot make a spline flow with \`range\` ${range}: expected a positive number`,
    );
  }
}

function positive(name: string, value: number, most: number, least = 1): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot make a spline flow with \`${name}\` ${value}: expected a whole number from ${least} to ` +
      `${most}`,
  );
}

/**
 * Which coordinates each layer moves: a random half, then the other half, then a new random half …
 * With one coordinate every layer moves it, and its conditioners are constants.
 */
function masksFor(dimension: number, layers: number, key: KeyWords): boolean[][] {
  const masks: boolean[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    if (dimension === 1) masks.push([true]);
    else if (layer % 2 === 1) masks.push(masks[layer - 1].map((moved) => !moved));
    else {
      const order = permutation(foldInWords(key, layer), dimension);
      masks.push(Array.from({ length: dimension }, (_, i) => order[i] < dimension / 2));
    }
  }
  return masks;
}

/** Random first weights: Glorot & Bengio 2010, with the last layer 0, so that the flow is the identity. */
function firstWeights(
  masks: readonly (readonly boolean[])[],
  hidden: readonly number[],
  bins: number,
  key: KeyWords,
): Float32Array {
  const parts: number[] = [];
  masks.forEach((mask, layer) => {
    const moved = mask.filter(Boolean).length;
    const given = mask.length - moved;
    const ofLayer = foldInWords(key, layer);
    // Without anything to condition on, the splines are constants.
    const widths = given === 0 ? [0] : [given, ...hidden];
    for (let k = 1; k < widths.length; k++) {
      const [inputs, outputs] = [widths[k - 1], widths[k]];
      const limit = Math.sqrt(6 / (inputs + outputs));
      for (const word of randomWords(foldInWords(ofLayer, k), inputs * outputs)) {
        parts.push(limit * (2 * (word + 0.5) / 2 ** 32 - 1));
      }
      for (let i = 0; i < outputs; i++) parts.push(0);
    }
    const last = widths[widths.length - 1];
    const raw = moved * (3 * bins - 1);
    for (let i = 0; i < (last + 1) * raw; i++) parts.push(0);
  });
  return Float32Array.from(parts);
}

/**
 * A normalizing flow of coupling layers with monotone rational-quadratic splines: each layer moves one
 * half of the coordinates by splines whose parameters a small neural network computes from the other
 * half. Data are whitened with their full covariance first, which is part of the density: the flow is
 * normalised.
 *
 * Source: Durkan, Bekasov, Murray & Papamakarios, "Neural spline flows", NeurIPS 2019.
 *
 * @param options Layers, hidden width, bins, range.
 * @returns The kind of flow.
 * @throws {TypeError} If an option is unknown or `hidden` is no list.
 * @throws {RangeError} If an option is out of range.
 */
export function splineFlow(options: SplineFlowOptions = {}): Flow {
  checkOptions(options);
  const layers = positive("layers", options.layers ?? 6, 100);
  const hidden = [...options.hidden ?? [32, 32]].map((width) => positive("hidden", width, 1024));
  const bins = positive("bins", options.bins ?? 10, 32, 2);
  const { range = 10 } = options;
  const shapeOf = ({ dimension, masks }: FlowState): EngineShape => ({
    dimension,
    hidden,
    bins,
    range,
    masks,
  });
  const map = (state: FlowState, data: Float64Array, how: MapOptions): Promise<Mapped> =>
    withEngine(shapeOf(state), (engine) => engine.map(state, data, how));
  const updates: Flow["updates"] = async (state, data, batches) => {
    const { weights, losses } = await withEngine(
      shapeOf(state),
      (engine) => engine.update(state, data, batches),
    );
    return { state: { ...state, ...weights }, losses };
  };
  return {
    name: "spline",
    init(dimension, key) {
      const masks = masksFor(positive("dimension", dimension, 10_000), layers, foldInWords(key, 0));
      const weights = firstWeights(masks, hidden, bins, foldInWords(key, 1));
      return {
        dimension,
        masks,
        weights,
        firstMoment: new Float32Array(weights.length),
        secondMoment: new Float32Array(weights.length),
        updates: 0,
        ...identityWhitening(dimension),
      };
    },
    whiten: (state, data) => ({ ...state, ...whiteningOf(data, state.dimension) }),
    async forward(state, position) {
      const { value, log } = await map(state, position, { inverse: false, density: false });
      return { value, logDeterminant: log };
    },
    async inverse(state, base) {
      const { value, log } = await map(state, base, { inverse: true, density: false });
      return { value, logDeterminant: log };
    },
    async sample(state, base) {
      const { value, log } = await map(state, base, { inverse: true, density: true });
      return { position: value, logDensity: log };
    },
    logDensity: async (state, position) =>
      (await map(state, position, { inverse: false, density: true })).log,
    updates,
    async update(state, data, how) {
      const rows = Uint32Array.from({ length: data.length / state.dimension }, (_, i) => i);
      const after = await updates(state, data, [{ rows, ...how }]);
      return { state: after.state, loss: after.losses[0] };
    },
  };
}

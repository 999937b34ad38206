/**
 * Rational-quadratic spline coupling flows.
 *
 * @module
 */
import { foldInWords, type KeyWords, permutation, randomWords } from "../random/words.ts";
import { type Engine, engineFor } from "./engine.ts";
import type { Flow, FlowDraws, FlowMap, FlowState } from "./flow.ts";
import {
  fromWhite,
  identityWhitening,
  toWhite,
  whiteningLogDeterminant,
  whiteningOf,
} from "./whitening.ts";

/** Options of {@linkcode splineFlow}. */
export interface SplineFlowOptions {
  /** Coupling layers; 6 by default. Each pair moves every coordinate once. */
  readonly layers?: number;
  /** Width of both hidden layers of each conditioner; 32 by default. */
  readonly hidden?: number;
  /** Bins of each spline, 2 to 32; 8 by default. */
  readonly bins?: number;
  /** Splines act on [−range, range] of the whitened coordinates; 5 by default, beyond is the identity. */
  readonly range?: number;
}

const HALF_LOG_TWO_PI = 0.9189385332046728;

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
  hidden: number,
  bins: number,
  key: KeyWords,
): Float64Array {
  const parts: number[] = [];
  masks.forEach((mask, layer) => {
    const moved = mask.filter(Boolean).length;
    const given = mask.length - moved;
    const words = randomWords(foldInWords(key, layer), (given + hidden) * hidden);
    let next = 0;
    const dense = (inputs: number, outputs: number): void => {
      const limit = Math.sqrt(6 / (inputs + outputs));
      for (let i = 0; i < inputs * outputs; i++) {
        parts.push(limit * (2 * (words[next++] + 0.5) / 2 ** 32 - 1));
      }
      for (let i = 0; i < outputs; i++) parts.push(0);
    };
    dense(given, hidden);
    dense(hidden, hidden);
    const raw = moved * (3 * bins - 1);
    for (let i = 0; i < hidden * raw + raw; i++) parts.push(0);
  });
  return Float64Array.from(parts);
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
 * @throws {RangeError} If an option is out of range.
 */
export function splineFlow(options: SplineFlowOptions = {}): Flow {
  const layers = positive("layers", options.layers ?? 6, 100);
  const hidden = positive("hidden", options.hidden ?? 32, 1024);
  const bins = positive("bins", options.bins ?? 8, 32, 2);
  const { range = 5 } = options;
  if (!(range > 0 && Number.isFinite(range))) {
    throw new RangeError(
      `Cannot make a spline flow with \`range\` ${range}: expected a positive number`,
    );
  }
  const engineOf = ({ dimension, masks }: FlowState): Engine =>
    engineFor({ dimension, hidden, bins, range, masks });

  const forward = (state: FlowState, position: Float64Array): FlowMap => {
    const mapped = engineOf(state).map(state.weights, toWhite(state, position), false);
    const constant = whiteningLogDeterminant(state);
    return {
      value: mapped.value,
      logDeterminant: mapped.logDeterminant.map((each) => each + constant),
    };
  };
  const inverse = (state: FlowState, base: Float64Array): FlowMap => {
    const mapped = engineOf(state).map(state.weights, base, true);
    const constant = whiteningLogDeterminant(state);
    return {
      value: fromWhite(state, mapped.value),
      logDeterminant: mapped.logDeterminant.map((each) => each + constant),
    };
  };
  const updates: Flow["updates"] = (state, batches) => {
    const white = function* () {
      for (const { data, options } of batches) yield { data: toWhite(state, data), options };
    };
    const { weights, losses } = engineOf(state).update(state, white());
    const constant = whiteningLogDeterminant(state);
    return { state: { ...state, ...weights }, losses: losses.map((loss) => loss - constant) };
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
        firstMoment: new Float64Array(weights.length),
        secondMoment: new Float64Array(weights.length),
        updates: 0,
        ...identityWhitening(dimension),
      };
    },
    whiten: (state, data) => ({ ...state, ...whiteningOf(data, state.dimension) }),
    forward,
    inverse,
    sample(state, base): FlowDraws {
      const { value, logDeterminant } = inverse(state, base);
      return { position: value, logDensity: baseLogDensity(base, state.dimension, logDeterminant) };
    },
    logDensity(state, position) {
      const { value, logDeterminant } = forward(state, position);
      return baseLogDensity(value, state.dimension, logDeterminant);
    },
    updates,
    update(state, data, options) {
      const after = updates(state, [{ data, options }]);
      return { state: after.state, loss: after.losses[0] };
    },
  };
}

/** ln N(z; 0, I) + ln |det| for rows n × d. */
function baseLogDensity(
  base: Float64Array,
  d: number,
  logDeterminant: Float64Array,
): Float64Array {
  return logDeterminant.map((log, row) => {
    let squares = 0;
    for (let i = 0; i < d; i++) squares += base[row * d + i] * base[row * d + i];
    return log - 0.5 * squares - d * HALF_LOG_TWO_PI;
  });
}

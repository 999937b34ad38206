/** A spline coupling flow in plain numbers, written from the paper; and states to try it on. */
import type { EngineShape } from "../../src/flows/engine.ts";
import type { FlowState } from "../../src/flows/flow.ts";
import type { KeyWords } from "../../src/random/words.ts";
import { normals } from "../diagnostics/series.ts";

/** What a state does not say about its flow. */
export interface Form {
  readonly hidden: readonly number[];
  readonly bins: number;
  readonly range: number;
}

/** The options that `splineFlow()` takes by default, but for the number of layers. */
export const DEFAULT_FORM: Form = { hidden: [16, 16], bins: 6, range: 10 };

/** The engine's shape of a state. */
export function shapeOf(state: FlowState, form: Form): EngineShape {
  const { dimension, periodic, masks, rotations } = state;
  const rotated = rotations.map((rotation) => rotation !== undefined);
  return { dimension, ...form, base: { degrees: 0, periodic }, rotated, masks };
}

/** Smallest share of a bin, and smallest slope. */
const LEAST = 1e-3;

/** The same flow with weights away from the identity; the layers of one become chaotic from `by` 0.3 on. */
export function perturbed<State extends FlowState>(state: State, key: KeyWords, by = 0.15): State {
  const noise = normals(key, state.weights.length);
  return { ...state, weights: state.weights.map((weight, i) => weight + by * noise[i]) };
}

/** Strongly correlated points, n × d: neighbours correlate by about 0.95, scales and centres differ. */
export function correlated(key: KeyWords, n: number, dimension: number): Float64Array {
  const noise = normals(key, n * dimension);
  const points = new Float64Array(n * dimension);
  for (let row = 0; row < n; row++) {
    let walk = 0;
    for (let i = 0; i < dimension; i++) {
      const fresh = noise[row * dimension + i];
      walk = i === 0 ? fresh : 0.95 * walk + 0.3 * fresh;
      points[row * dimension + i] = 3 * i - 1 + (i + 0.5) * walk;
    }
  }
  return points;
}

/** Sums to 1, each at least 1e-3. */
function shares(raw: readonly number[]): number[] {
  const largest = Math.max(...raw);
  const powers = raw.map((each) => Math.exp(each - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => LEAST + (1 - LEAST * raw.length) * power / sum);
}

/** Knots of a spline from its raw numbers: widths, heights, inner slopes. */
export function knots(
  raw: readonly number[],
  { bins, range }: Form,
): { readonly x: number[]; readonly y: number[]; readonly slope: number[] } {
  const places = (part: readonly number[]): number[] => {
    const out = [-range];
    for (const share of shares(part)) out.push(out[out.length - 1] + 2 * range * share);
    out[bins] = range;
    return out;
  };
  // Raw slopes of 0 stand for 1.
  const shift = Math.log(Math.expm1(1 - LEAST));
  const inner = raw.slice(2 * bins).map((each) => LEAST + Math.log1p(Math.exp(each + shift)));
  return {
    x: places(raw.slice(0, bins)),
    y: places(raw.slice(bins, 2 * bins)),
    slope: [1, ...inner, 1],
  };
}

/** Durkan et al. 2019, eqs. 4 and 5: value and ln of the slope. */
export function spline(raw: readonly number[], form: Form, at: number): [number, number] {
  if (!(Math.abs(at) < form.range)) return [at, 0];
  const { x, y, slope } = knots(raw, form);
  const k = x.findLastIndex((knot, i) => i < form.bins && knot <= at);
  const s = (y[k + 1] - y[k]) / (x[k + 1] - x[k]);
  const theta = (at - x[k]) / (x[k + 1] - x[k]);
  const [left, right] = [slope[k], slope[k + 1]];
  const below = s + (left + right - 2 * s) * theta * (1 - theta);
  const above = (y[k + 1] - y[k]) * (s * theta ** 2 + left * theta * (1 - theta));
  const q = right * theta ** 2 + 2 * s * theta * (1 - theta) + left * (1 - theta) ** 2;
  return [y[k] + above / below, Math.log(s ** 2 * q / below ** 2)];
}

/** One affine map of the conditioners: where its numbers are among the weights. */
export interface AffineMap {
  readonly layer: number;
  /** Number of the map in its layer, and whether it is the last one there. */
  readonly map: number;
  readonly last: boolean;
  readonly at: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** All affine maps in the order of their weights: inputs × outputs, then the biases. */
export function affineMaps(state: FlowState, { hidden, bins }: Form): AffineMap[] {
  const maps: AffineMap[] = [];
  let at = 0;
  state.masks.forEach((mask, layer) => {
    const moved = mask.filter(Boolean).length;
    const given = mask.length - moved;
    const widths = [given, ...(given === 0 ? [] : hidden), moved * (3 * bins - 1)];
    for (let map = 0; map + 1 < widths.length; map++) {
      const [inputs, outputs] = [widths[map], widths[map + 1]];
      maps.push({ layer, map, last: map + 2 === widths.length, at, inputs, outputs });
      at += (inputs + 1) * outputs;
    }
  });
  return maps;
}

/** From white coordinates to the base, with ln |det|. */
export function throughLayers(
  state: FlowState,
  form: Form,
  white: readonly number[],
): { readonly base: number[]; readonly logDeterminant: number } {
  const { weights, masks } = state;
  const maps = affineMaps(state, form);
  let base = [...white];
  let logDeterminant = 0;
  masks.forEach((mask, layer) => {
    const rotation = state.rotations[layer];
    if (rotation !== undefined) {
      const d = base.length;
      base = base.map((_, i) => base.reduce((sum, x, j) => sum + rotation[j * d + i] * x, 0));
    }
    let values = base.filter((_, i) => !mask[i]);
    for (const { last, at, inputs, outputs } of maps.filter((map) => map.layer === layer)) {
      const sums = Array.from({ length: outputs }, (_, o) =>
        values.reduce(
          (sum, value, i) => sum + value * weights[at + i * outputs + o],
          weights[at + inputs * outputs + o],
        ));
      values = last ? sums : sums.map(Math.tanh);
    }
    let next = 0;
    mask.forEach((moved, i) => {
      if (!moved) return;
      const raw = values.slice(next, next += 3 * form.bins - 1);
      const [value, logSlope] = spline(raw, form, base[i]);
      base[i] = value;
      logDeterminant += logSlope;
    });
  });
  return { base, logDeterminant };
}

/** White coordinates of a point, and ln |det| of the way there. */
export function whitened(
  { mean, cholesky, dimension }: FlowState,
  point: readonly number[],
): { readonly white: number[]; readonly logDeterminant: number } {
  const white: number[] = [];
  let logDeterminant = 0;
  for (let i = 0; i < dimension; i++) {
    let rest = point[i] - mean[i];
    for (let j = 0; j < i; j++) rest -= cholesky[i * dimension + j] * white[j];
    white.push(rest / cholesky[i * dimension + i]);
    logDeterminant -= Math.log(cholesky[i * dimension + i]);
  }
  return { white, logDeterminant };
}

/** ln N(z; 0, I). */
export function normalLogDensity(z: readonly number[]): number {
  return z.reduce((sum, each) => sum - each ** 2 / 2 - Math.log(2 * Math.PI) / 2, 0);
}

/** The rows of n × d numbers. */
export function rowsOf(data: Float64Array, dimension: number): number[][] {
  return Array.from(
    { length: data.length / dimension },
    (_, row) => [...data.subarray(row * dimension, (row + 1) * dimension)],
  );
}

/** Largest difference between two arrays; ∞ where their lengths differ or a number is NaN. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Object.is(a[i], b[i]) ? 0 : Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

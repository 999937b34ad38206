/**
 * The metric of a local kernel from the ensemble: positions, and gradients where there are some.
 *
 * @module
 */
import { exp, log } from "../tensor/functions/scalar_math.ts";
import { cholesky } from "../tensor/linear_algebra.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import { ensembleScale } from "./ensemble_scale.ts";
import type { ObservedWindow } from "./observed.ts";
import { symmetricEigen } from "./symmetric_eigen.ts";

/** A metric; plain data. */
export interface EnsembleMetric {
  /** Diagonal of the inverse mass matrix, [d]. */
  readonly inverseMass: Float64Array;
  /** L with LLᵀ the whole of it, row-major, [d, d]; none where the diagonal is enough. */
  readonly root: Float64Array | undefined;
  /** The largest standard deviation of the ensemble along any direction, in units of the metric. */
  readonly extent: number;
}

/** Options of {@linkcode ensembleMetric}. */
export interface MetricOptions {
  /**
   * `"diagonal"`, `"dense"`, or `"auto"`, the default: dense where coordinates are so correlated that it
   * saves steps, and there are enough draws to tell.
   */
  readonly metric?: "auto" | "diagonal" | "dense";
  /**
   * Whether gradients have a say, if there are some; yes by default. The metric is then √(var x / var g)
   * on the diagonal, and the geometric mean of the covariance of positions and the inverse of that of
   * gradients as a whole: exact on a Gaussian from any draws, be they far from it.
   */
  readonly fisher?: boolean;
}

/** A metric of ones. */
export function unitMetric(dimension: number): EnsembleMetric {
  return { inverseMass: new Float64Array(dimension).fill(1), root: undefined, extent: 1 };
}

/** A draw further out is taken for one this many scales out: chains far away must not rule. */
const FARTHEST = 6;
/** Rows for each coordinate from which a whole matrix can be told. */
const ROWS = 4;
/**
 * From this ratio of the whole metric's eigenvalues on, in units of its diagonal, a whole one saves more steps than
 * its products cost. The ratio of the draws' own variances is the square of it where a target is wide because it has
 * modes apart, of which no step size knows; and of few draws from far away it is mostly chance.
 */
const LEAST_RATIO = 4;
/** With more coordinates its products cost more than most gradients. */
const MOST_DIMENSIONS = 250;

/**
 * The metric of a window.
 *
 * Source: Seyboldt, Carlson & Carpenter, "Preconditioning Hamiltonian Monte Carlo by minimizing Fisher
 * divergence"; the geometric mean, Bhatia, "Positive Definite Matrices", ch. 4.
 *
 * @param window Positions and gradients, chains × draws × d.
 * @param before The metric before: it stays along coordinates that do not vary.
 * @param options Its kind.
 * @returns The metric.
 */
export function ensembleMetric(
  { position, gradient }: ObservedWindow,
  before: EnsembleMetric,
  { metric = "auto", fisher = true }: MetricOptions = {},
): EnsembleMetric {
  const dimension = before.inverseMass.length;
  const x = standardised(position, dimension);
  const g = fisher && gradient !== undefined ? standardised(gradient, dimension) : undefined;
  const inverseMass = before.inverseMass.map((old, i) => {
    const variance = g === undefined ? x.variance[i] : Math.sqrt(x.variance[i] / g.variance[i]);
    return variance > 0 && variance < Infinity ? variance : old;
  });
  const units = inverseMass.map((each) => Math.sqrt(each));
  const covariance = scaledCovariance(x, x.scale.map((scale, i) => scale / units[i]));
  const { values } = symmetricEigen(covariance, dimension);
  const extent = extentOf(values);
  const diagonal = { inverseMass, root: undefined, extent };
  const rows = x.rows.length / dimension;
  const possible = metric === "dense" ||
    metric === "auto" && dimension <= MOST_DIMENSIONS && rows >= ROWS * dimension;
  if (dimension === 1 || !possible) return diagonal;
  const gradients = g && scaledCovariance(g, g.scale.map((scale, i) => scale * units[i]));
  const whole = denseRoot(covariance, gradients);
  if (whole === undefined) return diagonal;
  if (metric === "auto" && ratioOf(eigenvaluesOf(whole.root, dimension)) < LEAST_RATIO) {
    return diagonal;
  }
  const root = whole.root.map((value, at) => value * units[Math.floor(at / dimension)]);
  return { inverseMass, root, extent: whole.extent };
}

/** The eigenvalues of LLᵀ. */
function eigenvaluesOf(root: Float64Array, d: number): Float64Array {
  return symmetricEigen(product(root, transposed(root, d), d), d).values;
}

/** Rows in units of their spread. */
interface Standardised {
  /** Draws × d, clipped, with mean 0. */
  readonly rows: Float64Array;
  /** The scale of each coordinate that rows are in. */
  readonly scale: Float64Array;
  /** The variance of each coordinate, [d]. */
  readonly variance: Float64Array;
}

function standardised(draws: Tensor, dimension: number): Standardised {
  const data = draws.data as Float64Array;
  const { median, variance } = ensembleScale(draws, new Float64Array(dimension));
  const scale = variance.map((each) => Math.sqrt(each));
  const count = data.length / dimension;
  const mean = new Float64Array(dimension);
  const rows = data.map((value, at) => {
    const i = at % dimension;
    const z = scale[i] > 0 ? (value - median[i]) / scale[i] : 0;
    const clipped = Math.max(-FARTHEST, Math.min(FARTHEST, z));
    const finite = Number.isNaN(clipped) ? 0 : clipped;
    mean[i] += finite / count;
    return finite;
  });
  const square = new Float64Array(dimension);
  rows.forEach((_, at) => {
    const i = at % dimension;
    rows[at] -= mean[i];
    square[i] += rows[at] * rows[at] / count;
  });
  return { rows, scale, variance: square.map((each, i) => each * scale[i] * scale[i]) };
}

/** Covariance of rows, each coordinate times a factor, row-major, [d, d]. */
function scaledCovariance({ rows }: Standardised, factor: Float64Array): Float64Array {
  const d = factor.length;
  const count = rows.length / d;
  const out = new Float64Array(d * d);
  for (let row = 0; row < rows.length; row += d) {
    for (let i = 0; i < d; i++) {
      const x = rows[row + i];
      for (let j = 0; j <= i; j++) out[i * d + j] += x * rows[row + j];
    }
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      out[i * d + j] *= factor[i] * factor[j] / count;
      out[j * d + i] = out[i * d + j];
    }
  }
  return out;
}

function extentOf(values: Float64Array): number {
  const largest = values.reduce((most, each) => Math.max(most, each), 0);
  return largest > 0 && largest < Infinity ? Math.sqrt(largest) : 1;
}

function ratioOf(values: Float64Array): number {
  const least = values.reduce((least, each) => Math.min(least, each), Infinity);
  return values.reduce((most, each) => Math.max(most, each), 0) / Math.max(least, 0);
}

/**
 * The whole metric. With C = KKᵀ the covariance of positions and S = KᵀGK = VDVᵀ, where G is that of
 * gradients, L = KVD^(−1/4) gives LLᵀ = A with AGA = C: the geometric mean of C and G⁻¹.
 *
 * @returns Its root and the extent in its units; none where the covariance is singular.
 */
function denseRoot(
  covariance: Float64Array,
  gradients: Float64Array | undefined,
): { readonly root: Float64Array; readonly extent: number } | undefined {
  const d = Math.sqrt(covariance.length);
  const shape = [d, d];
  const root = cholesky(fromArray({ dtype: "f64", shape, data: covariance })).data as Float64Array;
  if (!root.every(Number.isFinite)) return undefined;
  if (gradients === undefined) return { root, extent: 1 };
  const { values, vectors } = symmetricEigen(
    product(transposed(root, d), product(gradients, root, d), d),
    d,
  );
  if (!values.every((value) => value > 0 && value < Infinity)) return undefined;
  // The rows of `vectors` are the columns of V.
  const turned = product(root, transposed(vectors, d), d);
  return {
    root: turned.map((value, at) => value * exp(-0.25 * log(values[at % d]))),
    // In units of A the covariance is D^½.
    extent: Math.sqrt(extentOf(values)),
  };
}

function transposed(a: Float64Array, d: number): Float64Array {
  return a.map((_, at) => a[(at % d) * d + Math.floor(at / d)]);
}

function product(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      const x = a[i * d + k];
      if (x === 0) continue;
      for (let j = 0; j < d; j++) out[i * d + j] += x * b[k * d + j];
    }
  }
  return out;
}

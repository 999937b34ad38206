/**
 * Whitening with the full covariance: x = mean + L z with L Lᵀ the covariance. Periodic coordinates are
 * only shifted, by their circular mean.
 *
 * @module
 */
import { circularMean } from "../target/circle.ts";

/** An affine map from white coordinates to points. */
export interface Whitening {
  /** [d]. */
  readonly mean: Float64Array;
  /** Lower triangle of L, d × d. */
  readonly cholesky: Float64Array;
}

/** Added to the diagonal, relative to it, so that degenerate data has a factor too. */
const JITTER = 1e-9;

/** No change: mean 0, covariance I. */
export function identityWhitening(dimension: number): Whitening {
  const cholesky = new Float64Array(dimension * dimension);
  for (let i = 0; i < dimension; i++) cholesky[i * dimension + i] = 1;
  return { mean: new Float64Array(dimension), cholesky };
}

/**
 * Mean and Cholesky factor of the covariance of data, shrunk towards its diagonal by d/(n + d) so that
 * few rows give a factor too.
 *
 * @param data n × d.
 * @param dimension d.
 * @param periodic Which coordinates are periodic, with the period 2π; none by default.
 * @returns The whitening.
 * @throws {TypeError} If the data does not consist of rows of d numbers.
 * @throws {RangeError} If there are fewer than two rows, or a number or its square is not finite.
 */
export function whiteningOf(
  data: Float64Array,
  dimension: number,
  periodic: readonly boolean[] = new Array<boolean>(dimension).fill(false),
): Whitening {
  const d = dimension;
  const rows = data.length / d;
  if (!Number.isInteger(rows)) {
    throw new TypeError(`Cannot whiten with ${data.length} numbers: expected rows of ${d}`);
  }
  if (rows < 2) throw new RangeError(`Cannot whiten with ${rows} rows: at least 2 are needed`);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new RangeError(
      `Cannot whiten: the data holds ${data[bad]} in row ${Math.floor(bad / d)}, column ${bad % d}`,
    );
  }
  // Counted from the first row, so that a coordinate that does not move has a mean and a variance
  // without rounding.
  const mean = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d] += (data[i] - data[i % d]) / rows;
  for (let i = 0; i < d; i++) mean[i] = periodic[i] ? circularMean(data, d, i) : mean[i] + data[i];
  const covariance = new Float64Array(d * d);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < d; i++) {
      const x = (data[row * d + i] - mean[i]) / (rows - 1);
      for (let j = 0; j <= i; j++) covariance[i * d + j] += x * (data[row * d + j] - mean[j]);
    }
  }
  const wide = covariance.findIndex((value) => !Number.isFinite(value));
  if (wide >= 0) {
    throw new RangeError(
      `Cannot whiten: the numbers in column ${
        Math.floor(wide / d)
      } are too far apart for their squares`,
    );
  }
  const keep = rows / (rows + d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) {
      covariance[i * d + j] *= periodic[i] || periodic[j] ? 0 : keep;
    }
    if (periodic[i]) {
      covariance[i * d + i] = 1;
      continue;
    }
    // A coordinate that does not move at all keeps its unit.
    const variance = covariance[i * d + i];
    covariance[i * d + i] = variance > 0 ? variance * (1 + JITTER) : 1;
  }
  return { mean, cholesky: choleskyOf(covariance, d) };
}

/** From points to white coordinates: L⁻¹(x − mean). */
export function whiten({ mean, cholesky }: Whitening, data: Float64Array): Float64Array {
  const d = mean.length;
  const white = data.slice();
  for (let at = 0; at < white.length; at += d) {
    for (let i = 0; i < d; i++) {
      let sum = white[at + i] - mean[i];
      for (let j = 0; j < i; j++) sum -= cholesky[i * d + j] * white[at + j];
      white[at + i] = sum / cholesky[i * d + i];
    }
  }
  return white;
}

function choleskyOf(covariance: Float64Array, d: number): Float64Array {
  const factor = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = covariance[i * d + j];
      for (let k = 0; k < j; k++) sum -= factor[i * d + k] * factor[j * d + k];
      if (i !== j) factor[i * d + j] = sum / factor[j * d + j];
      else factor[i * d + i] = Math.sqrt(Math.max(sum, covariance[i * d + i] * JITTER));
    }
  }
  return factor;
}

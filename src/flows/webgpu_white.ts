/**
 * Whitening for flows on WebGPU, in double precision on the host: 32 bits cannot hold points that lie
 * close together but far from 0, while they do hold white coordinates.
 *
 * @module
 */
import { log } from "../tensor/functions/scalar_math.ts";
import type { Numbers } from "./engine.ts";

const TURN = 2 * Math.PI;

/** The angle in [−π, π] that x is but for whole turns. */
function wrap(x: number): number {
  return x - Math.round(x / TURN) * TURN;
}

/**
 * White coordinates of points: L⁻¹(x − mean).
 *
 * @param state The whitening.
 * @param periodic Which coordinates are periodic.
 * @param data n × d.
 * @returns n × d, in single precision.
 */
export function whiteSingles(
  { mean, cholesky }: Numbers,
  periodic: readonly boolean[],
  data: Float64Array,
): Float32Array<ArrayBuffer> {
  const d = mean.length;
  const all = new Float32Array(data.length);
  const white = new Float64Array(d);
  for (let at = 0; at < data.length; at += d) {
    for (let i = 0; i < d; i++) {
      let sum = data[at + i] - mean[i];
      for (let j = 0; j < i; j++) sum -= cholesky[i * d + j] * white[j];
      const each = sum / cholesky[i * d + i];
      white[i] = periodic[i] ? wrap(each) : each;
    }
    all.set(white, at);
  }
  return all;
}

/**
 * Points of white coordinates: mean + L z.
 *
 * @param state The whitening.
 * @param periodic Which coordinates are periodic.
 * @param white n × d.
 * @returns n × d.
 */
export function pointsOf(
  { mean, cholesky }: Numbers,
  periodic: readonly boolean[],
  white: Float32Array,
): Float64Array {
  const d = mean.length;
  const data = new Float64Array(white.length);
  for (let at = 0; at < data.length; at += d) {
    for (let i = 0; i < d; i++) {
      let sum = mean[i];
      for (let j = 0; j <= i; j++) sum += cholesky[i * d + j] * white[at + j];
      data[at + i] = periodic[i] ? wrap(sum) : sum;
    }
  }
  return data;
}

/**
 * ln |det| of the map from points to white coordinates.
 *
 * @param state The whitening.
 * @returns −Σ ln Lᵢᵢ.
 */
export function logDeterminantOf({ mean, cholesky }: Numbers): number {
  const d = mean.length;
  let sum = 0;
  for (let i = 0; i < d; i++) sum -= log(cholesky[i * (d + 1)]);
  return sum;
}

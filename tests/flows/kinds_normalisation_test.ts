/** Every kind of flow is a density: it integrates to 1, by importance sampling. */
import assert from "node:assert/strict";
import type { FlowState } from "../../src/flows/flow.ts";
import { normals, uniforms } from "../diagnostics/series.ts";
import { KINDS, stateOf } from "./kinds.ts";
import { rowsOf, whitened } from "./reference.ts";

const ROWS = 20_000;
/** Passed by chance with probability 7e-6, for a mean of many weights. */
const LARGEST_SCORE = 4.5;
/** Of the wide density: as heavy as the tails of any flow here. */
const DEGREES = 3;
const SCALE = 1.15;

/** ln Γ(n/2). */
function logGammaOfHalf(n: number): number {
  let [at, sum] = n % 2 === 0 ? [1, 0] : [0.5, Math.log(Math.PI) / 2];
  for (; at < n / 2; at++) sum += Math.log(at);
  return sum;
}

/**
 * Draws of a multivariate Student-t distribution around whitened points, uniform where coordinates are
 * periodic, with their log density.
 */
function wide(state: FlowState): { points: Float64Array; logDensity: Float64Array } {
  const { dimension: d, mean, cholesky, periodic } = state;
  const noise = normals([d, 6], ROWS * (d + DEGREES));
  const angles = uniforms([d, 7], ROWS * d);
  const points = new Float64Array(ROWS * d);
  for (let row = 0; row < ROWS; row++) {
    const from = noise.subarray(row * (d + DEGREES), (row + 1) * (d + DEGREES));
    const chiSquare = from.subarray(d).reduce((sum, z) => sum + z * z, 0);
    const scale = SCALE * Math.sqrt(DEGREES / chiSquare);
    for (let i = 0; i < d; i++) {
      let x = mean[i];
      for (let j = 0; j <= i; j++) x += cholesky[i * d + j] * scale * from[j];
      points[row * d + i] = periodic[i] ? Math.PI * (2 * angles[row * d + i] - 1) : x;
    }
  }
  const m = periodic.filter((each) => !each).length;
  const constant = logGammaOfHalf(DEGREES + m) - logGammaOfHalf(DEGREES) -
    m / 2 * Math.log(DEGREES * Math.PI) - m * Math.log(SCALE) - (d - m) * Math.log(2 * Math.PI);
  const logDensity = rowsOf(points, d).map((point) => {
    const { white, logDeterminant } = whitened(state, point);
    const square = white.reduce((sum, z, i) => periodic[i] ? sum : sum + (z / SCALE) ** 2, 0);
    return constant + logDeterminant - (DEGREES + m) / 2 * Math.log1p(square / DEGREES);
  });
  return { points, logDensity: Float64Array.from(logDensity) };
}

for (const kind of KINDS) {
  for (const dimension of [1, 2, 5, 20]) {
    Deno.test(`${kind.name} integrates to 1, d=${dimension}`, async () => {
      // In many dimensions nothing wide would meet a flow that is far from the identity.
      const state = stateOf(kind, dimension, dimension === 20 ? 0.04 : 0.15);
      const { points, logDensity } = wide(state);
      const density = await kind.flow.logDensity(state, points);
      const weights = density.map((each, i) => Math.exp(each - logDensity[i]));
      const mean = weights.reduce((sum, each) => sum + each) / ROWS;
      const variance = weights.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (ROWS - 1);
      const error = Math.sqrt(variance / ROWS);
      assert.ok(error < 0.1, `the standard error is ${error}: the test sees nothing`);
      assert.ok(Math.abs(mean - 1) < LARGEST_SCORE * error, `${mean} ± ${error}`);
    });
  }
}

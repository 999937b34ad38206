/** A flow is a density: it integrates to 1, by quadrature in one dimension and by Monte Carlo in more. */
import assert from "node:assert/strict";
import type { FlowState } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { normals } from "../diagnostics/series.ts";
import { correlated, normalLogDensity, perturbed, rowsOf, whitened } from "./reference.ts";

/** Its bulk stays within reach of the wide density below. */
const flow = splineFlow({ layers: 4, bins: 8, range: 5 });

function stateOf(dimension: number): FlowState {
  const init = flow.init(dimension, [dimension, 1]);
  return perturbed(flow.whiten(init, correlated([dimension, 2], 500, dimension)), [dimension, 3]);
}

Deno.test("the density of a flow on the line integrates to 1", async () => {
  const state = stateOf(1);
  const [center, spread, steps] = [state.mean[0], state.cholesky[0], 100_000];
  // The trapezoidal rule over ±12 standard deviations; kinks of the density leave the square of a step.
  const points = Float64Array.from(
    { length: steps },
    (_, i) => center + 12 * spread * ((2 * i + 1) / steps - 1),
  );
  const density = (await flow.logDensity(state, points)).map(Math.exp);
  const integral = density.reduce((sum, each) => sum + each) * 24 * spread / steps;
  assert.ok(Math.abs(integral - 1) < 1e-6, `${integral}`);
});

/** Draws of a scale mixture of Gaussians around the whitened points, with their log density. */
function wide(state: FlowState, n: number): { points: Float64Array; logDensity: Float64Array } {
  const { dimension: d, mean, cholesky } = state;
  const scales = [0.7, 1.2, 2];
  const noise = normals([d, 6], n * d);
  const points = new Float64Array(n * d);
  for (let row = 0; row < n; row++) {
    const scale = scales[row % scales.length];
    for (let i = 0; i < d; i++) {
      points[row * d + i] = mean[i];
      for (let j = 0; j <= i; j++) {
        points[row * d + i] += cholesky[i * d + j] * scale * noise[row * d + j];
      }
    }
  }
  const logDensity = rowsOf(points, d).map((point) => {
    const { white, logDeterminant } = whitened(state, point);
    const parts = scales.map((scale) =>
      Math.exp(normalLogDensity(white.map((z) => z / scale))) / scale ** d
    );
    return Math.log(parts.reduce((a, b) => a + b) / scales.length) + logDeterminant;
  });
  return { points, logDensity: Float64Array.from(logDensity) };
}

/** How many standard errors the mean of e^(ln q − ln wide) is from 1. */
function score(logDensity: Float64Array, wideLogDensity: Float64Array): number {
  const weights = logDensity.map((each, i) => Math.exp(each - wideLogDensity[i]));
  const n = weights.length;
  const mean = weights.reduce((sum, each) => sum + each) / n;
  const variance = weights.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1);
  return (mean - 1) / Math.sqrt(variance / n);
}

/** Passed by chance with probability 7e-6, for a mean of many weights. */
const LARGEST_SCORE = 4.5;

for (const dimension of [1, 2, 5]) {
  Deno.test(`the density of a flow integrates to 1, that of mutants does not, d=${dimension}`, async () => {
    const state = stateOf(dimension);
    const { points, logDensity: wideLogDensity } = wide(state, 30_000);
    const density = await flow.logDensity(state, points);
    const z = score(density, wideLogDensity);
    assert.ok(Math.abs(z) < LARGEST_SCORE, `${z} standard errors from 1`);

    const { value, logDeterminant } = await flow.forward(state, points);
    const whitening = state.cholesky.reduce(
      (sum, l, i) => i % (dimension + 1) === 0 ? sum - Math.log(l) : sum,
      0,
    );
    const mutants = {
      "no determinant of the whitening": density.map((q) => q - whitening),
      "no determinant of the layers": density.map((q, i) => q - logDeterminant[i] + whitening),
      "a wrong sign": density.map((q, i) => q - 2 * logDeterminant[i]),
      "the density of the base": Float64Array.from(rowsOf(value, dimension), normalLogDensity),
    };
    for (const [name, mutant] of Object.entries(mutants)) {
      assert.ok(!(Math.abs(score(mutant, wideLogDensity)) < LARGEST_SCORE), name);
    }
  });
}

/**
 * Linear regression on 2,000 rows with a column that is far from zero: the posterior is a ridge of
 * correlation −0.98, some chains start where the density is e^−10⁶ of its largest, and the default starts
 * are hundreds of standard deviations away. Its moments are known, since the prior is conjugate.
 *
 * Seeds 0 to 2, five scores each.
 */
import assert from "node:assert/strict";
import { key, normal, positive, posterior, real, sample, split, stack } from "../../mod.ts";
import { levelOf } from "./levels.ts";
import { drawsOf, zScore } from "./measure.ts";
import { tailProbability } from "./normal_scores.ts";

const LEVEL = levelOf(import.meta.url, 3 * 5);

const ROWS = 2000;
const [SHAPE, RATE, PRIOR_PRECISION] = [2, 1, 0.01];

const [forSize, forSlope, forNoise] = split(key(12345), 3);
const size = normal(forSize, [ROWS]).mul(10).add(50);
const slope = normal(forSlope, [ROWS]);
const X = stack([size.mul(0).add(1), size, slope], 1);
const y = size.mul(0.2).add(3).sub(slope).add(normal(forNoise, [ROWS]).mul(1.5));

/** b | σ ~ N(0, 100 σ² I), σ² ~ inverse gamma(2, 1), y ~ N(Xb, σ²). */
const target = posterior({
  parameters: { b: real(3), sigma: positive() },
  data: { X, y },
  logPrior: ({ b, sigma }) =>
    b.div(sigma).square().sum().mul(-0.5 * PRIOR_PRECISION)
      .sub(sigma.log().mul(3 + 2 * SHAPE + 1))
      .sub(sigma.square().reciprocal().mul(RATE)),
  logLikelihood: ({ b, sigma }, { X, y }) =>
    y.sub(X.dot(b)).div(sigma).square().sum().mul(-0.5).sub(sigma.log().mul(ROWS)),
});

/** Solves Λ m = v by elimination; Λ is 3 × 3, positive definite. */
function solve(matrix: readonly (readonly number[])[], v: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, v[i]]);
  rows.forEach((pivot, i) => {
    rows.forEach((row, k) => {
      if (k === i) return;
      const factor = row[i] / pivot[i];
      row.forEach((_, j) => row[j] -= factor * pivot[j]);
    });
  });
  return rows.map((row, i) => row[3] / row[i]);
}

const precision = (X.transpose().dot(X).toArray() as number[][]).map((row, i) =>
  row.map((entry, j) => i === j ? entry + PRIOR_PRECISION : entry)
);
const moment = X.transpose().dot(y).toArray() as number[];
const mean = solve(precision, moment);
const explained = mean.reduce((sum, each, i) => sum + each * moment[i], 0);
const meanVariance = (RATE + 0.5 * (y.square().sum().item() - explained)) /
  (SHAPE + ROWS / 2 - 1);
const varianceOfFirst = meanVariance * solve(precision, [1, 0, 0])[0];

for (let seed = 0; seed < 3; seed++) {
  Deno.test(`linear regression, seed ${seed}: converged with the conjugate posterior's moments`, async () => {
    const run = await sample(target, key(seed));
    // That many chains had to be restarted, so far out, is told; nothing else is wrong.
    assert.deepEqual(run.warnings.filter((text) => !/were put beside others/.test(text)), []);
    assert.ok(run.acceptance.global > 0.5, `${run.acceptance.global}`);
    const { b, sigma } = run.draws;
    const scores = [
      ...mean.map((truth, i) => zScore(drawsOf(b, (x) => x[i]), truth)),
      zScore(drawsOf(b, (x) => (x[0] - mean[0]) ** 2), varianceOfFirst),
      zScore(drawsOf(sigma, (x) => x[0] ** 2), meanVariance),
    ];
    assert.ok(
      scores.every((z) => tailProbability(z) > LEVEL),
      `scores ${scores.map((z) => z.toFixed(2))}`,
    );
  });
}

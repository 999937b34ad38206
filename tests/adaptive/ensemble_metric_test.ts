import assert from "node:assert/strict";
import {
  type EnsembleMetric,
  ensembleMetric,
  key,
  normal,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { unitMetric } from "../../src/adaptive/ensemble_metric.ts";

/** Rows of N(0, 1) numbers, times 3 on one coordinate and a part of it added to the next. */
const spread = (n: number, d: number): Tensor => normal(key(7), [n, 1, d]).mul(2).add(5);

/** A covariance of a Gaussian, and its inverse by elimination. */
function gaussian(d: number): { readonly precision: Tensor; readonly covariance: number[][] } {
  const r = normal(key(d), [d, d]);
  const covariance = r.dot(r.transpose()).add(
    tensor(
      Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => i === j ? 0.01 : 0)),
    ),
  ).toArray() as number[][];
  const rows = covariance.map((row, i) => [...row, ...row.map((_, j) => i === j ? 1 : 0)]);
  for (let i = 0; i < d; i++) {
    const pivot = rows[i][i];
    rows[i] = rows[i].map((x) => x / pivot);
    for (let k = 0; k < d; k++) {
      if (k === i) continue;
      const factor = rows[k][i];
      rows[k] = rows[k].map((x, j) => x - factor * rows[i][j]);
    }
  }
  return { precision: tensor(rows.map((row) => row.slice(d))), covariance };
}

function product({ root }: EnsembleMetric, d: number): number[][] {
  assert.ok(root !== undefined);
  return Array.from(
    { length: d },
    (_, i) =>
      Array.from({ length: d }, (_, j) => {
        let sum = 0;
        for (let k = 0; k < d; k++) sum += root[i * d + k] * root[j * d + k];
        return sum;
      }),
  );
}

for (const d of [2, 5, 20]) {
  Deno.test(`the metric of a Gaussian of ${d} coordinates is its covariance, from draws that are not its own`, () => {
    const { precision, covariance } = gaussian(d);
    const position = spread(60 + 4 * d, d);
    const gradient = position.reshape([60 + 4 * d, d]).dot(precision).neg().reshape(
      position.shape,
    );
    const metric = ensembleMetric({ position, gradient }, unitMetric(d), { metric: "dense" });
    const found = product(metric, d);
    const scale = Math.max(...covariance.flat().map(Math.abs));
    covariance.forEach((row, i) =>
      row.forEach((value, j) => assert.ok(Math.abs(found[i][j] - value) < 1e-6 * scale))
    );
  });
}

Deno.test("without correlations, without enough draws or on one coordinate the metric is diagonal", () => {
  const alone = normal(key(1), [200, 2, 3]).mul([1, 10, 0.1]);
  const gradient = alone.div([-1, -100, -0.01]);
  const { inverseMass, root, extent } = ensembleMetric(
    { position: alone, gradient },
    unitMetric(3),
  );
  assert.equal(root, undefined);
  [1, 100, 0.01].forEach((variance, i) =>
    assert.ok(Math.abs(inverseMass[i] / variance - 1) < 1e-9)
  );
  // Of the sample, whose variances are off by a tenth.
  assert.ok(extent > 0.9 && extent < 1.3);
  const few = normal(key(2), [11, 1, 3]);
  const along = few.add(few.slice(0, 1, { axis: 2 }).mul(30));
  const options = { fisher: false };
  const window = { position: along, gradient: undefined };
  assert.equal(ensembleMetric(window, unitMetric(3), options).root, undefined);
  const many = normal(key(2), [100, 1, 3]);
  const far = many.add(many.slice(0, 1, { axis: 2 }).mul(30));
  assert.ok(ensembleMetric({ position: far, gradient: undefined }, unitMetric(3), options).root);
  const line = { position: normal(key(3), [50, 1, 1]), gradient: undefined };
  assert.equal(ensembleMetric(line, unitMetric(1), { metric: "dense" }).root, undefined);
});

Deno.test("where round modes are somewhat apart along a diagonal, the metric is diagonal", () => {
  const noise = normal(key(11), [400, 1, 2]);
  const side = normal(key(12), [400, 1, 1]).less(0).as("f64").mul(2).sub(1);
  // Bells of radius 1 at ±(1.5, 1.5), and slopes as if each were alone: variances 5.5 and 1, as a metric √5.5.
  const window = { position: noise.add(side.mul(1.5)), gradient: noise.neg() };
  assert.equal(ensembleMetric(window, unitMetric(2)).root, undefined);
  // The covariance of the draws does not know that.
  assert.ok(ensembleMetric(window, unitMetric(2), { fisher: false }).root !== undefined);
});

Deno.test("without gradients a dense metric is the covariance of the draws", () => {
  const z = normal(key(4), [4000, 1, 2]);
  const position = z.add(z.slice(0, 1, { axis: 2 }).mul([0, 3]));
  const metric = ensembleMetric({ position, gradient: undefined }, unitMetric(2));
  const found = product(metric, 2);
  [[1, 3], [3, 10]].forEach((row, i) =>
    row.forEach((value, j) => assert.ok(Math.abs(found[i][j] - value) < 0.1 * Math.abs(value)))
  );
});

Deno.test("a few draws far away, and coordinates that do not vary, do not spoil the metric", () => {
  const position = normal(key(5), [100, 5, 2]);
  const data = Float64Array.from(position.data);
  for (let i = 0; i < 20; i++) data[i] = 1e9;
  const far = ensembleMetric(
    { position: tensor(data).reshape([100, 5, 2]), gradient: undefined },
    unitMetric(2),
  );
  far.inverseMass.forEach((variance) => assert.ok(variance > 0.7 && variance < 2));
  const still = ensembleMetric(
    { position: position.mul([1, 0]), gradient: position.mul([-1, 0]) },
    { inverseMass: Float64Array.of(1, 7), root: undefined, extent: 1 },
  );
  assert.equal(still.inverseMass[1], 7);
  assert.ok(still.inverseMass.every((value) => Number.isFinite(value)));
  assert.ok(Number.isFinite(still.extent));
});

Deno.test("the extent tells how far modes are apart in units of the metric", () => {
  const inner = normal(key(6), [100, 10, 1]);
  const side = tensor(Array.from({ length: 1000 }, (_, i) => i % 20 < 10 ? -10 : 10)).reshape([
    100,
    10,
    1,
  ]);
  // Each draw has the gradient of its own mode.
  const { extent } = ensembleMetric(
    { position: inner.add(side), gradient: inner.neg() },
    unitMetric(1),
  );
  // In units of √(σ_x/σ_g) = √10: 10/√10.
  assert.ok(Math.abs(extent - Math.sqrt(10)) < 0.3, `${extent}`);
});

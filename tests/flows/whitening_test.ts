import assert from "node:assert/strict";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { identityWhitening, whiteningOf } from "../../src/flows/whitening.ts";
import { normals } from "../diagnostics/series.ts";
import { correlated, largestDifference, rowsOf } from "./reference.ts";

/** L Lᵀ. */
function product(factor: Float64Array, d: number): Float64Array {
  return Float64Array.from(factor, (_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    let sum = 0;
    for (let k = 0; k < d; k++) sum += factor[i * d + k] * factor[j * d + k];
    return sum;
  });
}

/** Mean and covariance by the textbook. */
function momentsOf(data: Float64Array, d: number): { mean: number[]; covariance: number[] } {
  const rows = rowsOf(data, d);
  const average = (of: (row: number[]) => number, over: number): number =>
    rows.reduce((sum, row) => sum + of(row), 0) / over;
  const mean = Array.from({ length: d }, (_, i) => average((row) => row[i], rows.length));
  const covariance = mean.flatMap((a, i) =>
    mean.map((b, j) => average((row) => (row[i] - a) * (row[j] - b), rows.length - 1))
  );
  return { mean, covariance };
}

for (const [rows, d] of [[2, 1], [50, 3], [1000, 5], [4, 6]]) {
  Deno.test(`whiteningOf() has the mean and the shrunk covariance, ${rows} rows of ${d}`, () => {
    const data = correlated([d, 1], rows, d);
    const { mean, cholesky } = whiteningOf(data, d);
    const expected = momentsOf(data, d);
    assert.ok(largestDifference(mean, expected.mean) < 1e-12);
    const shrunk = expected.covariance.map((c, at) =>
      at % (d + 1) === 0 ? c * (1 + 1e-9) : c * rows / (rows + d)
    );
    const scale = Math.max(...shrunk);
    assert.ok(largestDifference(product(cholesky, d), shrunk) < 1e-12 * scale);
    for (let i = 0; i < d; i++) {
      assert.ok(cholesky[i * d + i] > 0);
      for (let j = i + 1; j < d; j++) assert.equal(cholesky[i * d + j], 0);
    }
  });
}

Deno.test("whitened data have mean 0 and covariance I, but for the shrinkage", async () => {
  const flow = splineFlow();
  const data = correlated([5, 1], 2000, 5);
  const { value } = await flow.forward(flow.whiten(flow.init(5, [1, 1]), data), data);
  const { mean, covariance } = momentsOf(value, 5);
  assert.ok(largestDifference(mean, [0, 0, 0, 0, 0]) < 1e-10);
  assert.ok(largestDifference(covariance, product(identityWhitening(5).cholesky, 5)) < 0.1);
});

Deno.test("a coordinate that does not move keeps its unit", () => {
  for (const constant of [0, 0.1, -1 / 3, 1e9 + 0.1, 1e-300]) {
    const noise = normals([1, 1], 100);
    const pairs = Float64Array.from([...noise].flatMap((z) => [z, constant]));
    const { mean, cholesky } = whiteningOf(pairs, 2);
    assert.equal(mean[1], constant);
    assert.deepEqual([...cholesky.subarray(2)], [0, 1]);
  }
});

Deno.test("coordinates that are copies of each other have a factor too", () => {
  const noise = normals([1, 2], 1_000_000);
  const copies = Float64Array.from([...noise].flatMap((z) => [z, 2 * z]));
  const { cholesky } = whiteningOf(copies, 2);
  assert.ok(cholesky.every(Number.isFinite) && cholesky[3] > 0);
});

Deno.test("points far from the origin are whitened by their spread", () => {
  const noise = normals([1, 3], 1000);
  const { mean, cholesky } = whiteningOf(noise.map((z) => 1e12 + z), 1);
  const near = whiteningOf(noise, 1);
  assert.ok(Math.abs(mean[0] - 1e12 - near.mean[0]) < 1e-3);
  assert.ok(Math.abs(cholesky[0] / near.cholesky[0] - 1) < 1e-3);
});

Deno.test("identityWhitening() changes nothing", () => {
  assert.deepEqual(identityWhitening(2), {
    mean: Float64Array.of(0, 0),
    cholesky: Float64Array.of(1, 0, 0, 1),
  });
});

Deno.test("whiteningOf() refuses what has no covariance", () => {
  const refuse = (numbers: readonly number[], d: number, message: RegExp): void =>
    assert.throws(() => whiteningOf(Float64Array.from(numbers), d), message);
  refuse([1, 2], 2, /^RangeError: Cannot whiten with 1 rows: at least 2 are needed$/);
  refuse([], 2, /with 0 rows/);
  refuse([1, 2, 3], 2, /^TypeError: Cannot whiten with 3 numbers: expected rows of 2$/);
  refuse([1, 2, 3, NaN], 2, /^RangeError: .* the data holds NaN in row 1, column 1$/);
  refuse([1, Infinity, 3, 4], 2, /holds Infinity in row 0, column 1$/);
  refuse([0, 1e200, 0, -1e200], 2, /^RangeError: .*column 1 are too far apart for their squares$/);
});

Deno.test("periodic coordinates are shifted by their circular mean and left alone otherwise", () => {
  const z = normals([1, 9], 3000);
  const data = z.map((each, i) => i % 3 === 1 ? Math.PI - 0.2 * each : each + 0.5 * z[i - i % 3]);
  const { mean, cholesky } = whiteningOf(data, 3, [false, true, false]);
  assert.ok(Math.abs(Math.abs(mean[1]) - Math.PI) < 0.05);
  assert.deepEqual([3, 4, 5, 7].map((i) => cholesky[i] + 0), [0, 1, 0, 0]);
  const plain = whiteningOf(data, 3);
  [0, 6, 8].forEach((i) => assert.ok(Math.abs(cholesky[i] - plain.cholesky[i]) < 0.05));
  assert.ok(Math.abs(cholesky[6]) > 0.1);
});

import assert from "node:assert/strict";
import { key, normal } from "../../mod.ts";
import { symmetricEigen } from "../../src/adaptive/symmetric_eigen.ts";

function gram(d: number, rank = d): Float64Array {
  const r = normal(key(d), [d, rank]);
  return Float64Array.from(r.dot(r.transpose()).data);
}

/** Σ λ v vᵀ. */
function assembled(values: Float64Array, vectors: Float64Array, d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    return values.reduce((sum, x, k) => sum + x * vectors[k * d + i] * vectors[k * d + j], 0);
  });
}

function farthest(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

for (const d of [1, 2, 3, 7, 40]) {
  Deno.test(`symmetricEigen() takes a matrix of ${d} rows apart`, () => {
    const matrix = gram(d);
    const kept = matrix.slice();
    const { values, vectors } = symmetricEigen(matrix, d);
    assert.deepEqual(matrix, kept);
    assert.ok(farthest(assembled(values, vectors, d), matrix) < 1e-12 * d * d);
    const unit = Float64Array.from({ length: d * d }, (_, at) => at % (d + 1) === 0 ? 1 : 0);
    assert.ok(farthest(assembled(new Float64Array(d).fill(1), vectors, d), unit) < 1e-12);
    assert.ok(values.every((value) => value > 0));
  });
}

Deno.test("symmetricEigen() bears equal eigenvalues, diagonal and singular matrices", () => {
  const diagonal = Float64Array.of(3, 0, 0, 0, 3, 0, 0, 0, -1);
  assert.deepEqual([...symmetricEigen(diagonal, 3).values].sort((a, b) => a - b), [-1, 3, 3]);
  const singular = gram(6, 2);
  const { values, vectors } = symmetricEigen(singular, 6);
  assert.equal(values.filter((value) => Math.abs(value) < 1e-12).length, 4);
  assert.ok(farthest(assembled(values, vectors, 6), singular) < 1e-12);
  assert.ok(symmetricEigen(new Float64Array(9).fill(NaN), 3).values.some(Number.isNaN));
  assert.deepEqual(symmetricEigen(new Float64Array(4), 2).values, new Float64Array(2));
});

Deno.test("symmetricEigen() finds the eigenvalues of a second difference matrix", () => {
  // 2 − 2 cos(kπ/(d + 1)).
  const d = 12;
  const matrix = Float64Array.from({ length: d * d }, (_, at) => {
    const apart = Math.abs(Math.floor(at / d) - at % d);
    return apart === 0 ? 2 : apart === 1 ? -1 : 0;
  });
  const found = [...symmetricEigen(matrix, d).values].sort((a, b) => a - b);
  found.forEach((value, k) => {
    assert.ok(Math.abs(value - (2 - 2 * Math.cos((k + 1) * Math.PI / (d + 1)))) < 1e-13);
  });
});

/** Gradients against differences of values. */
import assert from "node:assert/strict";
import { grad } from "../../src/tensor/gradients/gradient.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";

/**
 * Central differences with one step of Richardson's extrapolation. With h = 1e-3 and values near 1 their
 * error is about h⁴ + 1e-16/h = 1e-12 + 1e-13, times a few.
 */
export function centralDifferences(f: (x: Tensor) => Tensor, x: Tensor): number[] {
  const value = (i: number, h: number): number => {
    const moved = Float64Array.from(x.data, (entry, k) => k === i ? entry + h : entry);
    return f(tensor(moved).reshape(x.shape)).item();
  };
  return Array.from(x.data, (_, i) => {
    const [wide, narrow] = [1e-3, 5e-4].map((h) => (value(i, h) - value(i, -h)) / (2 * h));
    return (4 * narrow - wide) / 3;
  });
}

/** Asserts that a gradient agrees with differences; 1e-8 leaves room for steep functions. */
export function assertSlopes(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  what: string,
  tolerance = 1e-8,
): void {
  const expected = centralDifferences(f, x);
  const actual = grad(f)(x);
  assert.deepEqual(actual.shape, x.shape, what);
  expected.forEach((slope, i) => {
    const error = Math.abs(actual.data[i] - slope) / Math.max(1, Math.abs(slope));
    assert.ok(error < tolerance, `${what}: slope ${i} is ${actual.data[i]}, not ${slope} at ${x}`);
  });
}

/** Comparison to the last bit. */
import assert from "node:assert/strict";
import type { ValueType } from "../../src/tensor/program.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Where two arrays first differ; zeros of different sign do, NaNs of any payload do not. */
export function firstDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): number | undefined {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i])) return i;
  }
  return undefined;
}

/** Asserts that two tensors have the same type, shape and bits. */
export function assertSameBits(actual: Tensor, expected: Tensor, what: string): void {
  assert.equal(typeText(actual), typeText(expected), what);
  const at = firstDifference(actual.data, expected.data);
  if (at === undefined) return;
  assert.fail(`${what}[${at}]: ${text(actual.data[at])}, not ${text(expected.data[at])}`);
}

function typeText({ dtype, shape }: ValueType): string {
  return `${dtype}[${shape.join(", ")}]`;
}

function text(x: number): string {
  return Object.is(x, -0) ? "−0" : String(x);
}

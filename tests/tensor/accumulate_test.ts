import assert from "node:assert/strict";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { cumulativeSum, prod } from "../../src/tensor/accumulate.ts";
import { grad, valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import { arange, ones, zeros } from "../../src/tensor/operations.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "./bits.ts";

const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100, 1000];

Deno.test("prod() of whole numbers is their product", () => {
  for (const n of LENGTHS.slice(0, 8)) {
    const factors = Array.from({ length: n }, (_, i) => i % 3 === 0 ? -2 : i + 1);
    assert.equal(prod(factors).item(), factors.reduce((a, b) => a * b, 1));
  }
  assert.deepEqual(prod([[1, 2, 3], [4, 5, 6]], 0).toArray(), [4, 10, 18]);
  assert.deepEqual(prod([[1, 2, 3], [4, 5, 6]], -1).toArray(), [6, 120]);
  assert.equal(prod([[1, 2, 3], [4, 5, 6]]).item(), 720);
  assert.equal(prod(7).item(), 7);
});

Deno.test("prod() of nothing is 1", () => {
  assert.equal(prod(zeros([0])).item(), 1);
  assert.deepEqual(prod(zeros([2, 0]), 1).toArray(), [1, 1]);
});

Deno.test("the gradient of prod() is the product of the others, zeros included", () => {
  assert.deepEqual(grad((x) => prod(x))([2, 0, 5, -3]).toArray(), [0, -30, 0, 0]);
  assert.deepEqual(grad((x) => prod(x))([0, 0, 5]).toArray(), [0, 0, 0]);
  assert.deepEqual(grad((x) => prod(x))([2, 3, 5]).toArray(), [15, 10, 6]);
});

Deno.test("cumulativeSum() of whole numbers is exact", () => {
  for (const n of LENGTHS) {
    const sums = cumulativeSum(arange(n)).data;
    assert.deepEqual([...sums], Array.from({ length: n }, (_, i) => i * (i + 1) / 2));
  }
  assert.deepEqual(cumulativeSum([[1, 2], [3, 4], [5, 6]], 0).toArray(), [[1, 2], [4, 6], [9, 12]]);
  assert.deepEqual(cumulativeSum([[1, 2], [3, 4]]).toArray(), [[1, 3], [3, 7]]);
  assert.equal(cumulativeSum(zeros([0])).size, 0);
});

Deno.test("cumulativeSum() lets infinities and NaN go forward alone", () => {
  const sums = cumulativeSum([1, Infinity, 2, NaN, 3]).toArray();
  assert.deepEqual(sums, [1, Infinity, Infinity, NaN, NaN]);
});

Deno.test("the gradient of cumulativeSum() counts the sums that an element is in", () => {
  for (const n of LENGTHS) {
    const slope = grad((x) => cumulativeSum(x).sum())(ones([n])).data;
    assert.deepEqual([...slope], Array.from({ length: n }, (_, i) => n - i));
  }
});

Deno.test("prod() and cumulativeSum() say which axis there is not", () => {
  assert.throws(() => cumulativeSum(1), { message: /Cannot cumulativeSum along axis -1 of a/ });
  assert.throws(() => prod([1, 2], 1), { message: /Cannot prod along axis 1 of a tensor/ });
});

Deno.test("prod() and cumulativeSum() in WebAssembly have the interpreter's bits", async () => {
  const functions: ((x: Tensor) => Tensor)[] = [
    (x) => cumulativeSum(x).square().sum(),
    (x) => prod(x.mul(0.1).add(1)),
  ];
  for (const f of functions) {
    for (const n of [5, 65, 1000]) {
      const program = valueAndGradient(trace((x) => [f(x)], [{ dtype: "f64", shape: [n] }]));
      const points = tensor(normal(key(n), [3, n]));
      const expected = await interpreterDevice.map(program, 1).run([points], []);
      const actual = await wasmDevice.map(program, 1).run([points], []);
      expected.forEach((value, i) => assertSameBits(actual[i], value, `${f} of ${n}`));
    }
  }
});

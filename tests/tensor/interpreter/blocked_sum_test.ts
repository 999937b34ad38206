import assert from "node:assert/strict";
import { interpreterDevice, interpreterSingleDevice } from "../../../src/device/interpreter.ts";
import { wasmSingleDevice } from "../../../src/device/wasm.ts";
import { BLOCK, blockLength } from "../../../src/tensor/interpreter/blocked_sum.ts";
import { singleArithmetic as on } from "../../../src/tensor/functions/single/arithmetic.ts";
import { key, normal, uniform } from "../../../src/tensor/random.ts";
import { apply, fill, type Tensor } from "../../../src/tensor/tensor.ts";
import { trace } from "../../../src/tensor/trace.ts";
import { assertSameBits } from "../bits.ts";

/** The sum of each of several arrays over axes, on both f32 devices, which must agree. */
async function sums(x: Tensor, axes: readonly number[]): Promise<Tensor> {
  const program = trace((y) => apply("sum", { axes }, [y]), [
    { dtype: "f64", shape: x.shape.slice(1) },
  ]);
  const [expected] = await interpreterSingleDevice.map(program, 1).run([x], []);
  const [actual] = await wasmSingleDevice.map(program, 1).run([x], []);
  assertSameBits(actual, expected, `sum of [${x.shape}] over [${axes}]`);
  return actual;
}

Deno.test("blocks are of at most 64 terms, and where they can leave no rest", () => {
  const lengths = [1000, 200, 100, 70, 65, 67, 128, 3, 64, 100_000].map(blockLength);
  assert.deepEqual(lengths, [40, 40, 50, 35, 64, 64, 64, 64, 64, 40]);
});

const CASES: readonly (readonly [shape: readonly number[], axes: readonly number[]])[] = [
  ...[[[64], [0]], [[65], [0]], [[67], [0]], [[128], [0]], [[1000], [0]], [[130, 3], [0]], [[
    3,
    130,
  ], [
    1,
  ]]] as const,
  ...[[[3, 130], [0, 1]], [[130, 3], [0, 1]], [[130, 1], [0, 1]], [[1, 70], [0, 1]]] as const,
  ...[[[70, 3, 2], [0, 2]], [[2, 70, 66], [0, 1]], [[70, 2, 1], [0, 2]], [[70, 70], [1]]] as const,
];

for (const [shape, axes] of CASES) {
  Deno.test(`f32 sums of [${shape}] over [${axes}] are the f64 ones to a few roundings`, async () => {
    const x = normal(key(7), [17, ...shape]).mul(100);
    const program = trace((y) => apply("sum", { axes }, [y]), [{ dtype: "f64", shape }]);
    const rounded = fill(x.shape, 0).add(x);
    rounded.data.forEach((entry, i) => rounded.data[i] = Math.fround(entry));
    const [exact] = await interpreterDevice.map(program, 1).run([rounded], []);
    const [sizes] = await interpreterDevice.map(program, 1).run([rounded.abs()], []);
    const actual = await sums(x, axes);
    actual.data.forEach((sum, i) => {
      // 63 roundings within a block, however many blocks there are, and one of the whole.
      const bound = 2 ** -24 * (Math.abs(exact.data[i]) + (BLOCK - 1) * sizes.data[i]);
      assert.ok(Math.abs(sum - exact.data[i]) <= bound, `${sum}, not ${exact.data[i]}`);
    });
  });
}

Deno.test("a long f32 sum is off by a rounding or two, where term after term would lose digits", async () => {
  const x = uniform(key(3), [1, 100_000]);
  const rounded = Float64Array.from(x.data, Math.fround);
  const exact = rounded.reduce((sum, entry) => sum + entry, 0);
  const ulp = 2 ** -8;
  const plain = rounded.reduce((sum, entry) => on.add(sum, entry), 0);
  const actual = (await sums(x, [0])).item();
  assert.ok(Math.abs(actual - exact) <= ulp, `off by ${(actual - exact) / ulp} ulp`);
  assert.ok(Math.abs(plain - exact) > 10 * ulp, `plain: ${(plain - exact) / ulp} ulp`);
});

Deno.test("an infinite or missing term of a long f32 sum is the sum", async () => {
  for (
    const [terms, sum] of [
      [[Infinity], Infinity],
      [[-Infinity], -Infinity],
      [[NaN], NaN],
      [[Infinity, -Infinity], NaN],
      [[3e38, 3e38], Infinity],
    ] as const
  ) {
    for (const at of [0, BLOCK - 1, BLOCK, 199]) {
      const data = fill([1, 300], 1);
      terms.forEach((term, i) => data.data[(at + 70 * i) % 300] = term);
      assert.equal((await sums(data, [0])).item(), sum, `${terms} at ${at}`);
    }
  }
});

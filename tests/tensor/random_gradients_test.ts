import assert from "node:assert/strict";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { grad, valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { stack } from "../../src/tensor/operations.ts";
import { trace } from "../../src/tensor/trace.ts";
import { Decisions } from "../compile/random_program.ts";
import { fastCheck as fc } from "../deps.ts";
import { assertSameBits } from "./bits.ts";
import { smoothFunction } from "./smooth_program.ts";

/** Fixed, so that a failure is the same for everybody. */
const SEARCH = {
  seed: Number(Deno.env.get("TRIBUTARY_RANDOM_PROGRAMS_SEED") ?? 1),
  numRuns: Number(Deno.env.get("TRIBUTARY_RANDOM_PROGRAMS") ?? 200),
  endOnFailure: Deno.env.get("TRIBUTARY_RANDOM_PROGRAMS") === undefined,
};

const numbers = fc.array(fc.nat({ max: 2 ** 30 }), { minLength: 20, maxLength: 300, size: "max" });

/** Steps of the differences: their errors are of the order h⁴ and 10⁻¹⁶/h. */
const STEPS = [1e-3, 5e-4];

Deno.test("gradients of random smooth programs agree with central differences", () => {
  fc.assert(
    fc.property(numbers, fc.nat({ max: 1000 }), (numbers, seed) => {
      const f = smoothFunction(() => new Decisions(numbers));
      const [x, direction] = [normal(key(seed), [7]), normal(key(seed + 1), [7])];
      const value = (h: number): number => f(x.add(direction.mul(h))).item();
      const [wide, narrow] = STEPS.map((h) => (value(h) - value(-h)) / (2 * h));
      const expected = (4 * narrow - wide) / 3;
      // What the extrapolation took away bounds what is left of the error, where a program is steep.
      const doubt = Math.abs(wide - narrow);
      fc.pre(doubt < 0.01 * Math.max(1, Math.abs(expected)));
      const actual = grad(f)(x).dot(direction).item();
      const error = Math.abs(actual - expected);
      assert.ok(
        error < 1e-7 * Math.max(1, Math.abs(expected)) + 0.2 * doubt,
        `${actual}, not ${expected} ± ${doubt}`,
      );
    }),
    SEARCH,
  );
});

Deno.test("gradients of random smooth programs have the interpreter's bits in WebAssembly", async () => {
  await fc.assert(
    fc.asyncProperty(numbers, async (numbers) => {
      const f = smoothFunction(() => new Decisions(numbers));
      const program = valueAndGradient(trace((x) => [f(x)], [{ dtype: "f64", shape: [7] }]));
      const points = stack([1, 2, 3].map((seed) => normal(key(seed), [7])));
      const expected = await interpreterDevice.map(program, 1).run([points], []);
      const actual = await wasmDevice.map(program, 1).run([points], []);
      expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
    }),
    SEARCH,
  );
});

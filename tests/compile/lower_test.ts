import assert from "node:assert/strict";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import type { Program } from "../../src/tensor/program.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { apply, type Tensor, tensor, words } from "../../src/tensor/tensor.ts";
import { repeatLoop, trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { logistic } from "../targets/mod.ts";
import { executions, nestOf } from "./nests.ts";

async function agree(program: Program, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
  const expected = await interpreterDevice.map(program, inputs.length).run(inputs, []);
  const actual = await wasmDevice.map(program, inputs.length).run(inputs, []);
  expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
  return actual;
}

Deno.test("words set into zeros leave their neighbours alone", async () => {
  // The zeros were written as floats, twice as wide.
  for (const length of [8, 70]) {
    const program = trace((x) => {
      const placed = apply("place", { shape: [3, length], start: [2, 0], step: [1, 1] }, [x]);
      return [...placed, placed[0].as("f64").neg(), x];
    }, [{ dtype: "u32", shape: [1, length] }]);
    await agree(program, [words(Array.from({ length }, (_, i) => i), [1, 1, length])]);
  }
});

Deno.test("what is repeated over many elements is computed once", () => {
  const x = { dtype: "f64" as const, shape: [100] };
  // exp is the only one to use scale.
  const spread = trace(
    (x) => [x.exp().reshape([1, 100]).add(tensor(normal(key(1), [70, 1]).toArray() as number[][]))],
    [x],
  );
  assert.equal(executions(nestOf(spread), "scale"), 100);
  const viewed = trace((x) => {
    const y = x.exp();
    return [y.reshape([10, 10]).add(y.reshape([10, 10]).transpose())];
  }, [x]);
  assert.equal(executions(nestOf(viewed), "scale"), 100);
});

Deno.test("a gradient takes as many exponentials as there are data, however many coordinates", () => {
  const { logDensity, dimension } = logistic(90, 80);
  const type = { dtype: "f64" as const, shape: [dimension] };
  const program = valueAndGradient(trace((x) => [logDensity(x)], [type]));
  // Softplus and its slope share the one of each row.
  assert.equal(executions(nestOf(program), "powerOfTwo"), 90);
});

Deno.test("a sum of data is one loop, however long", () => {
  const sizes = [1000, 2000].map((rows) => {
    const data = normal(key(1), [rows]);
    const program = trace((x) => [data.sub(x).square().sum()], [{ dtype: "f64", shape: [] }]);
    return nestOf(program).instructions.length;
  });
  assert.equal(sizes[0], sizes[1]);
});

Deno.test("a loop that carries two large arrays reads the old ones until both are computed", async () => {
  const type = { dtype: "f64" as const, shape: [6, 20] };
  const turned = (x: Tensor): Tensor => x.reshape([20, 6]).transpose().reshape([6, 20]);
  const program = trace((a, b) => {
    const last = repeatLoop(3, ({ a, b }) => ({ a: b.sub(turned(a)), b: turned(a).add(b) }), {
      a,
      b,
    });
    return [last.a, last.b];
  }, [type, type]);
  await agree(program, [normal(key(1), [3, 6, 20]), normal(key(2), [3, 6, 20])]);
});

Deno.test("loops in loops, and loops of no turns, give what the interpreter gives", async () => {
  const type = { dtype: "f64" as const, shape: [70] };
  for (const [outer, inner] of [[2, 3], [0, 3], [2, 0]]) {
    const program = trace((x) => [
      repeatLoop(
        outer,
        (state, i) =>
          repeatLoop(inner, (now, j) => now.mul(0.5).add(i.add(j).as("f64")).add(x), state),
        x,
      ),
    ], [type]);
    await agree(program, [normal(key(1), [3, 70])]);
  }
});

Deno.test("the comparison with the interpreter would notice a sum in another order", async () => {
  for (const length of [20, 100]) {
    const type = { dtype: "f64" as const, shape: [length] };
    const forwards = trace((x) => [x.sum()], [type]);
    const backwards = trace((x) => {
      const parts = Array.from({ length }, (_, i) => x.at(length - 1 - i));
      return [parts.reduce((sum, part) => sum.add(part))];
    }, [type]);
    const points = normal(key(1), [8, length]);
    const [expected] = await interpreterDevice.map(forwards, 1).run([points], []);
    const [mutant] = await wasmDevice.map(backwards, 1).run([points], []);
    assert.throws(() => assertSameBits(mutant, expected, "sum"), /sum\[/);
  }
});

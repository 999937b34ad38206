import assert from "node:assert/strict";
import { compileMap } from "../../src/compile/ensemble.ts";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { randomWords } from "../../src/random/words.ts";
import type { Program, ValueType } from "../../src/tensor/program.ts";
import { apply, type Tensor, words } from "../../src/tensor/tensor.ts";
import { repeatLoop, trace } from "../../src/tensor/trace.ts";
import { scan } from "../../src/tensor/scan.ts";
import { executions, nestOf, stores } from "./nests.ts";
import { assertSameBits } from "../tensor/bits.ts";

const f64 = (...shape: number[]): ValueType => ({ dtype: "f64", shape });
const u32 = (...shape: number[]): ValueType => ({ dtype: "u32", shape });

/** Indices without pattern, below a number. */
function indices(n: number, below: number, seed = 1): Tensor {
  return words(randomWords([seed, 2], n + n % 2).slice(0, n).map((word) => word % below));
}

async function agree(
  program: Program,
  own: readonly Tensor[],
  shared: readonly Tensor[] = [],
): Promise<readonly Tensor[]> {
  const expected = await interpreterDevice.map(program, own.length).run(own, shared);
  const actual = await wasmDevice.map(program, own.length).run(own, shared);
  expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
  return actual;
}

/** Σ over rows of a Gaussian with a group's mean, as in a hierarchical model. */
function grouped(rows: number, groups: number): (mean: Tensor) => Tensor {
  const [group, y] = [indices(rows, groups), normal(key(4), [rows])];
  return (mean) => y.sub(mean.take(group)).square().sum().mul(-0.5);
}

/** An index that must never show at a place where it would be read past the end. */
const WILD = [0, 1, 2, 3, 4, 5, 6, 7, 8, 69, 70, 0xffffffff, 0x80000000];

for (const size of [1, 3, 64, 65, 300]) {
  Deno.test(`gather and scatterAdd on ${size} elements have the interpreter's bits, whoever owns the indices`, async () => {
    const chains = WILD.length;
    const x = normal(key(size), [chains, size]);
    for (const count of [1, 5, 64, 65, 200]) {
      const known = indices(count, size);
      const f = (x: Tensor, i: Tensor): Tensor[] => {
        const taken = apply("gather", { axis: 0 }, [x.sin(), i])[0];
        return [
          taken,
          taken.square().sum(),
          ...apply("scatterAdd", { axis: 0, length: size }, [i, taken.exp()]),
        ];
      };
      await agree(trace((x) => f(x, known), [f64(size)]), [x]);
      const own = words(
        Array.from({ length: chains * count }, (_, k) => WILD[(k * 7) % WILD.length]),
        [chains, count],
      );
      await agree(trace((x, i) => f(x, i), [f64(size), u32(count)]), [x, own]);
      await agree(trace((x, i) => f(x, i), [f64(size), u32(count)]), [x], [own.at(3)]);
    }
  });
}

Deno.test("gather along inner axes, of words and truth values, by each chain's own index", async () => {
  const chains = 9;
  for (const [outer, length, inner] of [[2, 3, 1], [1, 5, 2], [3, 40, 4], [2, 2, 70]]) {
    const types = [f64(outer, length, inner), u32(2)];
    const program = trace((x, i) => {
      const [bits, flags] = [x.mul(1000).as("u32"), x.greater(0)];
      return [x, bits, flags].flatMap((
        y,
      ) => [y.take(i, { axis: 1 }), y.take(i.at(0), { axis: 1 })]);
    }, types);
    const x = normal(key(1), [chains, outer, length, inner]);
    await agree(program, [x, indices(2 * chains, 50).reshape([chains, 2])]);
  }
});

Deno.test("a table of known numbers is in memory once, and each chain reads it at its own index", async () => {
  for (const length of [5, 64, 65]) {
    const table = normal(key(length), [length]);
    const f = (x: Tensor): Tensor[] => [table.take(x.as("u32"))];
    const program = trace((x) => f(x), [f64(3)]);
    assert.equal(stores(nestOf(program).body), 3);
    await agree(program, [normal(key(1), [11, 3]).abs().mul(30)]);
  }
});

Deno.test("a loop takes elements at its index, and its gradient adds to them", async () => {
  const type = f64(70);
  const f = (x: Tensor): Tensor =>
    repeatLoop(
      80,
      (sum: Tensor, i) => sum.mul(0.9).add(x.take(i).sin()),
      x.at(0),
    );
  const g = (x: Tensor): Tensor =>
    scan((n: Tensor, y: Tensor) => [n.add(7), x.take(n).mul(y)], words([3], []), x)[1].sum();
  for (const h of [f, g]) {
    await agree(valueAndGradient(trace((x) => [h(x)], [type])), [normal(key(3), [5, 70])]);
  }
});

Deno.test("the gradient of grouped rows has the interpreter's bits", async () => {
  for (const [rows, groups] of [[20, 3], [500, 3], [500, 100]]) {
    const program = valueAndGradient(trace((x) => [grouped(rows, groups)(x)], [f64(groups)]));
    await agree(program, [normal(key(3), [11, groups])]);
  }
});

Deno.test("ten thousand grouped rows make no larger program than a hundred", () => {
  for (const groups of [3, 85]) {
    const [few, many] = [100, 10_000].map((rows) => {
      const program = valueAndGradient(trace((x) => [grouped(rows, groups)(x)], [f64(groups)]));
      return compileMap(program, 1).bytes.length - 12 * rows;
    });
    // Addresses and lengths of segments take a few bytes more.
    assert.ok(Math.abs(many - few) < 200, `${many - few} bytes`);
  }
});

Deno.test("a grouped row takes one index and one load of its parameter, which is in memory once", () => {
  const rows = 1000;
  for (const groups of [3, 85]) {
    const [group, y] = [indices(rows, groups), normal(key(4), [rows])];
    const program = trace((x) => [x.sin().take(group).mul(y).sum()], [f64(groups)]);
    const nest = nestOf(program);
    assert.equal(executions(nest, "loadIndex"), rows);
    // Those of the rows, those of the parameters themselves, and for many the sine of each.
    assert.equal(executions(nest, "load"), rows + groups);
    assert.equal(stores(nest.body), 1 + (groups > 64 ? 1 : groups));
  }
});

Deno.test("few elements at known indices need no memory", () => {
  const program = trace((x) => [x.take([2, 0, 1, 2]).sin()], [f64(3)]);
  const moved = trace((x) => [x.slice(0, 1).broadcastTo([4]).sin()], [f64(3)]);
  const sizes = [program, moved].map((each) => compileMap(each, 1).free);
  assert.equal(sizes[0], sizes[1]);
});

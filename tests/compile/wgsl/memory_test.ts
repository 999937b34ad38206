/** Where the chains of a workgroup read and write: gathers, loops, matrices, all printed exactly. */
import { chooseDevice } from "../../../src/device/choose.ts";
import { valueAndGradient } from "../../../src/tensor/gradients/gradient.ts";
import { cholesky, solveTriangular } from "../../../src/tensor/linear_algebra.ts";
import { arange, where } from "../../../src/tensor/operations.ts";
import type { Program, ValueType } from "../../../src/tensor/program.ts";
import { bits, key, normal } from "../../../src/tensor/random.ts";
import { scan } from "../../../src/tensor/scan.ts";
import { apply, fromArray, type Tensor, tensor, words } from "../../../src/tensor/tensor.ts";
import { repeatLoop, trace } from "../../../src/tensor/trace.ts";
import { exactDevice, ON_GPU } from "../../device/webgpu_adapter.ts";
import { assertSameBits } from "../../tensor/bits.ts";
import { nestOf } from "../nests.ts";
import assert from "node:assert/strict";

/** A whole workgroup and a part of another. */
const CHAINS = 67;
const interpreter = chooseDevice("interpreter", { precision: "f32" });

const f64 = (...shape: number[]): ValueType => ({ dtype: "f64", shape });
const u32 = (...shape: number[]): ValueType => ({ dtype: "u32", shape });

/** Normal numbers as floats of 32 bits. */
function normals(seed: number, shape: readonly number[]): Tensor {
  const { data } = normal(key(seed), shape);
  return fromArray({ dtype: "f64", shape, data: Float64Array.from(data, Math.fround) });
}

async function agree(
  program: Program,
  own: readonly Tensor[],
  shared: readonly Tensor[] = [],
): Promise<void> {
  const expected = await interpreter.map(program, own.length).run(own, shared);
  const actual = await exactDevice.map(program, own.length).run(own, shared);
  expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
}

/** Most of them past the end of what they are indices of. */
function wild(shape: readonly number[]): Tensor {
  const random = bits(key(8), shape).data;
  return words(Uint32Array.from(random, (word) => word % 3 === 0 ? word : word % 71), shape);
}

for (const size of [3, 70]) {
  Deno.test(
    `gather and scatterAdd on ${size} elements in WGSL, whoever owns the indices`,
    ON_GPU,
    async () => {
      const x = normals(size, [CHAINS, size]);
      for (const count of [5, 65]) {
        const f = (x: Tensor, i: Tensor): Tensor[] => {
          const taken = apply("gather", { axis: 0 }, [x.sin(), i])[0];
          return [
            taken,
            ...apply("gather", { axis: 0 }, [x.mul(1000).as("u32"), i]),
            ...apply("gather", { axis: 0 }, [x.less(0), i]),
            ...apply("scatterAdd", { axis: 0, length: size }, [i, taken.exp()]),
          ];
        };
        const known = wild([count]);
        await agree(trace((x) => f(x, known), [f64(size)]), [x]);
        const program = trace((x, i) => f(x, i), [f64(size), u32(count)]);
        assert.ok(nestOf(program).instructions.some(({ operation }) => operation === "loadLane"));
        await agree(program, [x, wild([CHAINS, count])]);
        await agree(program, [x], [known]);
      }
    },
  );
}

Deno.test("each chain reads known numbers at an index of its own in WGSL", ON_GPU, async () => {
  const table = normals(4, [70]);
  const numbers = wild([90]);
  const program = trace((i) => [table.take(i), numbers.take(i), table.greater(0).take(i)], [
    u32(4),
  ]);
  const { instructions } = nestOf(program);
  for (const name of ["loadLaneShared", "loadLaneSharedWord"]) {
    assert.ok(instructions.some(({ operation }) => operation === name), name);
  }
  await agree(program, [wild([CHAINS, 4])]);
});

Deno.test(
  "a loop in WGSL swaps what it carries, and turns for each chain as often as it asks",
  ON_GPU,
  async () => {
    const program = trace((n, x) => {
      const start = { a: x.at(0), b: x.at(1), c: x.at(2), large: x, odd: x.at(0).less(0), word: n };
      const swapped = repeatLoop(n, ({ a, b, c, large, odd, word }, i) => ({
        a: b,
        b: c.mul(0.5),
        c: a,
        large: large.slice(1).sum().add(large.mul(0.25)),
        odd: where(odd, a.less(b), odd.not()),
        word: word.add(i),
      }), start);
      const turned = repeatLoop(5, ({ a, b }) => ({ a: b, b: a }), { a: x.at(0), b: x.at(1) });
      const { a, b, c, large, odd, word } = swapped;
      return [a, b, c, large, odd, word, turned.a, turned.b];
    }, [u32(), f64(40)]);
    const counts = words(Uint32Array.from({ length: CHAINS }, (_, i) => (i * 7) % 13));
    await agree(program, [counts, normals(3, [CHAINS, 40])]);
  },
);

Deno.test(
  "scans in WGSL go forwards and backwards over small and large parts, with their gradients",
  ON_GPU,
  async () => {
    const program = valueAndGradient(trace((x) => {
      const rows = x.reshape([10, 40]);
      const [last, sums] = scan(
        (carry: Tensor, row: Tensor) => [carry.mul(0.5).add(row), row.sum().add(carry.at(3))],
        x.slice(0, 40),
        rows,
      );
      const [, back] = scan(
        (carry: Tensor, y: Tensor) => [carry.add(y).mul(0.9), carry.mul(y)],
        x.at(0),
        x,
        { reverse: true },
      );
      return [last.sin().sum().add(sums.square().sum()).add(back.sum())];
    }, [f64(400)]));
    await agree(program, [normals(5, [CHAINS, 400])]);
  },
);

for (const n of [3, 12]) {
  Deno.test(`triangular matrices of ${n} rows in WGSL`, ON_GPU, async () => {
    const program = trace((a, b) => {
      const dominant = a.add(arange(n).reshape([n, 1]).equal(arange(n)).as("f64").mul(3 * n));
      const l = cholesky(dominant);
      return [
        l,
        // Not positive definite, most of them.
        cholesky(a),
        ...apply("choleskyGradient", {}, [l, a]),
        ...[0, 1, 2, 3].map((which) =>
          solveTriangular(dominant, b, { lower: which % 2 === 0, transpose: which > 1 })
        ),
      ];
    }, [f64(n, n), f64(n, 3)]);
    await agree(program, [normals(1, [CHAINS, n, n]), normals(2, [CHAINS, n, 3])]);
  });
}

Deno.test(
  "arrays of thousands of elements in WGSL, put together, turned and summed in blocks",
  ON_GPU,
  async () => {
    const data = normals(6, [1000, 3]);
    const program = valueAndGradient(trace((x) => {
      const logits = data.mul(x).sum([1]);
      const table = x.reshape([3, 1]).mul(tensor(normals(7, [300]))).transpose();
      const joined = apply("concat", { axis: 0 }, [logits, table.reshape([900]).exp()])[0];
      return [joined.sigmoid().log().sum().add(table.max())];
    }, [f64(3)]));
    await agree(program, [normals(9, [CHAINS, 3])]);
  },
);

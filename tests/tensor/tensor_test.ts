import assert from "node:assert/strict";
import {
  arange,
  clamp,
  concat,
  isTensor,
  logSumExp,
  ones,
  outer,
  softmax,
  stack,
  where,
  zeros,
} from "../../src/tensor/operations.ts";
import { randomWords } from "../../src/random/words.ts";
import { exp, log } from "../../src/tensor/functions/scalar_math.ts";
import { fill, type NestedNumbers, type Tensor, tensor, words } from "../../src/tensor/tensor.ts";
import { applyProgram, repeatLoop, trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "./bits.ts";

/** Numbers without pattern. */
function numbers(shape: readonly number[], seed = 1): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Array.from(randomWords([0, seed], size), (word) => word / 2 ** 30 - 2);
  return tensor(data).reshape(shape);
}

/** The element at an index, with row-major order spelled out. */
function element(x: Tensor, index: readonly number[]): number {
  return x.data[index.reduce((flat, i, axis) => flat * x.shape[axis] + i, 0)];
}

/** Every index of a shape. */
function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, length) => all.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  );
}

/** A function's result, computed at once; checked to be the same when it is traced. */
function evaluated(f: (...x: Tensor[]) => Tensor, ...inputs: Tensor[]): Tensor {
  const eager = f(...inputs);
  const [traced] = applyProgram(trace((...x) => [f(...x)], inputs), inputs);
  assertSameBits(traced, eager, String(f));
  return eager;
}

Deno.test("binary operations broadcast as NumPy does", () => {
  const shapes = [
    [[2, 3], [2, 3], [2, 3]],
    [[2, 3], [3], [2, 3]],
    [[2, 1], [3], [2, 3]],
    [[], [2, 3], [2, 3]],
    [[4, 1, 3], [2, 1], [4, 2, 3]],
    [[1], [], [1]],
    [[0, 3], [1, 3], [0, 3]],
  ];
  for (const [first, second, expected] of shapes) {
    const [a, b] = [numbers(first), numbers(second, 2)];
    for (const [x, y, sign] of [[a, b, 1], [b, a, -1]] as const) {
      const result = evaluated((x, y) => x.sub(y), x, y);
      assert.deepEqual(result.shape, expected);
      for (const index of indices(expected)) {
        const pick = (z: Tensor): number =>
          element(
            z,
            index.slice(expected.length - z.shape.length)
              .map((i, axis) => z.shape[axis] === 1 ? 0 : i),
          );
        assert.equal(element(result, index), sign * (pick(a) - pick(b)));
      }
    }
  }
});

Deno.test("element-wise operations do what they say", () => {
  const [a, b] = [[1, -2, 3.5, 4], [2, -2, 0.5, -8]];
  const of = (f: (x: Tensor, y: Tensor) => Tensor): unknown =>
    evaluated(f, tensor(a), tensor(b)).toArray();
  assert.deepEqual(of((x, y) => x.add(y)), [3, -4, 4, -4]);
  assert.deepEqual(of((x, y) => x.mul(y)), [2, 4, 1.75, -32]);
  assert.deepEqual(of((x, y) => x.div(y)), [0.5, 1, 7, -0.5]);
  assert.deepEqual(of((x, y) => x.minimum(y)), [1, -2, 0.5, -8]);
  assert.deepEqual(of((x, y) => x.maximum(y)), [2, -2, 3.5, 4]);
  assert.deepEqual(of((x, y) => x.less(y)), [1, 0, 0, 0]);
  assert.deepEqual(of((x, y) => x.lessEqual(y)), [1, 1, 0, 0]);
  assert.deepEqual(of((x, y) => x.greater(y)), [0, 0, 1, 1]);
  assert.deepEqual(of((x, y) => x.greaterEqual(y)), [0, 1, 1, 1]);
  assert.deepEqual(of((x, y) => x.equal(y)), [0, 1, 0, 0]);
  assert.deepEqual(of((x, y) => x.less(y).or(x.equal(y))), [1, 1, 0, 0]);
  assert.deepEqual(of((x, y) => x.less(0).and(y.less(0))), [0, 1, 0, 0]);
  assert.deepEqual(of((x, y) => x.less(y).not()), [0, 1, 1, 1]);
  assert.deepEqual(of((x) => x.neg()), [-1, 2, -3.5, -4]);
  assert.deepEqual(of((x) => x.abs()), [1, 2, 3.5, 4]);
  assert.deepEqual(of((x) => x.square()), [1, 4, 12.25, 16]);
  assert.deepEqual(of((x) => x.reciprocal()), [1, -0.5, 1 / 3.5, 0.25]);
  assert.deepEqual(of((_, y) => y.floor()), [2, -2, 0, -8]);
  assert.deepEqual(of((x, y) => where(x.less(y), x, y)), [1, -2, 0.5, -8]);
  assert.deepEqual(of((x) => clamp(x, -1, [9, 9, 3, 3])), [1, -1, 3, 3]);
});

Deno.test("isFinite() is false for infinities and NaN", () => {
  const x = tensor([1, Infinity, -Infinity, NaN, -Number.MAX_VALUE]);
  assert.deepEqual(evaluated((x) => x.isFinite(), x).toArray(), [1, 0, 0, 0, 1]);
});

Deno.test("minimum() and maximum() keep a NaN and tell zeros apart", () => {
  const [a, b] = [tensor([NaN, 1, -0, 0]), tensor([1, NaN, 0, -0])];
  assert.deepEqual(evaluated((a, b) => a.minimum(b), a, b).toArray(), [NaN, NaN, -0, -0]);
  assert.deepEqual(evaluated((a, b) => a.maximum(b), a, b).toArray(), [NaN, NaN, 0, 0]);
});

Deno.test("pow() is a product for whole and half powers, whatever the sign of the base", () => {
  for (let halves = -16; halves <= 16; halves++) {
    const power = halves / 2;
    const x = tensor([2, 0.25, 3]);
    const result = evaluated((x) => x.pow(power), x);
    x.data.forEach((base, i) => {
      const exact = Math.pow(base, power);
      assert.ok(Math.abs(result.data[i] - exact) <= 4e-15 * exact, `${base}^${power}`);
    });
  }
  assert.deepEqual(evaluated((x) => x.pow(3), tensor([-2, -0.5])).toArray(), [-8, -0.125]);
  assert.deepEqual(evaluated((x) => x.pow(0), tensor([NaN, 0])).toArray(), [1, 1]);
});

Deno.test("pow() by other powers and by tensors is exp(p log x), NaN for a negative base", () => {
  const x = tensor([2, 5, -1]);
  for (const power of [0.3, 17, -9.5]) {
    const result = evaluated((x) => x.pow(power), x);
    x.data.forEach((base, i) => assert.ok(Object.is(result.data[i], exp(log(base) * power))));
  }
  const tower = evaluated((x) => x.pow([3, 2, 2]), x);
  assert.ok(Math.abs(tower.data[0] - 8) < 1e-14 && Number.isNaN(tower.data[2]));
});

Deno.test("reductions run over the named axes in index order", () => {
  for (const shape of [[5], [2, 3], [3, 1, 4], [70], [70, 2], [2, 3, 20]]) {
    const x = numbers(shape);
    const all = shape.map((_, axis) => axis);
    for (const axes of [undefined, ...all, ...all.map((axis) => axis - shape.length), [], all]) {
      const named = axes === undefined ? all : typeof axes === "number" ? [axes] : axes;
      const gone = named.map((axis) => axis < 0 ? axis + shape.length : axis);
      const kept = all.filter((axis) => !gone.includes(axis));
      const expected = new Map<string, { sum: number; max: number; min: number }>();
      for (const index of indices(shape)) {
        const value = element(x, index);
        const place = kept.map((axis) => index[axis]).join();
        const { sum, max, min } = expected.get(place) ?? { sum: -0, max: -Infinity, min: Infinity };
        expected.set(place, {
          sum: sum + value,
          max: Math.max(max, value),
          min: Math.min(min, value),
        });
      }
      const entries = [...expected.values()];
      const sum = evaluated((x) => x.sum(axes), x);
      assert.deepEqual(sum.shape, kept.map((axis) => shape[axis]));
      assert.deepEqual([...sum.data], entries.map((entry) => entry.sum));
      assert.deepEqual([...x.max(axes).data], entries.map((entry) => entry.max));
      assert.deepEqual([...evaluated((x) => x.min(axes), x).data], entries.map(({ min }) => min));
      const count = x.size / entries.length;
      assert.deepEqual([...x.mean(axes).data], entries.map((entry) => entry.sum / count));
    }
  }
});

Deno.test("reductions of nothing give what changes nothing", () => {
  const nothing = zeros([2, 0]);
  assert.deepEqual(evaluated((x) => x.sum(1), nothing).toArray(), [0, 0]);
  assert.deepEqual(evaluated((x) => x.max(1), nothing).toArray(), [-Infinity, -Infinity]);
  assert.deepEqual(evaluated((x) => x.min(1), nothing).toArray(), [Infinity, Infinity]);
  assert.deepEqual(evaluated((x) => x.sum(0), nothing).shape, [0]);
  assert.equal(logSumExp(nothing).item(), -Infinity);
});

Deno.test("norm() is the Euclidean norm", () => {
  assert.equal(evaluated((x) => x.norm(), tensor([[2, 3], [6, 0]])).item(), 7);
});

Deno.test("dot() is the inner product and the matrix product", () => {
  const product = (a: Tensor, b: Tensor): number[][] =>
    Array.from({ length: a.shape[0] }, (_, i) =>
      Array.from({ length: b.shape[1] }, (_, k) => {
        let sum = -0;
        for (let j = 0; j < a.shape[1]; j++) sum += element(a, [i, j]) * element(b, [j, k]);
        return sum;
      }));
  const dot = (a: Tensor, b: Tensor): Tensor => evaluated((a, b) => a.dot(b), a, b);
  for (const [m, n, k] of [[2, 3, 4], [1, 3, 1], [4, 1, 2], [9, 70, 3]]) {
    const [a, b] = [numbers([m, n]), numbers([n, k], 2)];
    assert.deepEqual(dot(a, b).toArray(), product(a, b));
    const column = b.transpose().at(0);
    assert.deepEqual(dot(a, column).toArray(), product(a, b).map(([first]) => first));
    assert.deepEqual(dot(a.at(0), b).toArray(), product(a, b)[0]);
    assert.deepEqual(dot(a.at(0), column).toArray(), product(a, b)[0][0]);
  }
});

Deno.test("at() takes one index of each leading axis, from either end", () => {
  const x = numbers([3, 4, 2]);
  for (const [i, j, k] of indices(x.shape)) {
    assert.equal(evaluated((x) => x.at(i, j, k), x).item(), element(x, [i, j, k]));
    assert.equal(x.at(i - 3, j - 4, k - 2).item(), element(x, [i, j, k]));
    assert.equal(x.at(i).at(j, k).item(), element(x, [i, j, k]));
  }
  assert.deepEqual(x.at(1, 2).shape, [2]);
  assert.deepEqual(x.at().shape, [3, 4, 2]);
});

Deno.test("slice() takes what Python's slice takes", () => {
  const x = arange(7);
  const array = Array.from({ length: 7 }, (_, i) => i);
  for (let start = -9; start <= 9; start++) {
    for (const stop of [undefined, -9, -3, 0, 2, 7, 9]) {
      for (const step of [1, 2, 3]) {
        const expected = array.slice(start, stop).filter((_, i) => i % step === 0);
        const actual = evaluated((x) => x.slice(start, stop, { step }), x);
        assert.deepEqual(actual.toArray(), expected, `${start}:${stop}:${step}`);
      }
    }
  }
  const y = numbers([2, 5]);
  assert.deepEqual(y.slice(1, 4, { axis: -1, step: 2 }).toArray(), [
    [element(y, [0, 1]), element(y, [0, 3])],
    [element(y, [1, 1]), element(y, [1, 3])],
  ]);
});

Deno.test("reshape() keeps the elements in row-major order", () => {
  const x = numbers([4, 6]);
  for (const shape of [[24], [-1], [2, -1, 3], [6, 4], [1, 24, 1], [2, 2, 2, 3]]) {
    const y = evaluated((x) => x.reshape(shape), x);
    assert.deepEqual([...y.data], [...x.data]);
    assert.equal(y.size, 24);
  }
  assert.deepEqual(x.reshape([2, -1, 3]).shape, [2, 4, 3]);
  assert.deepEqual(zeros([0, 3]).reshape([3, 0]).shape, [3, 0]);
});

Deno.test("transpose() moves axes", () => {
  const x = numbers([2, 3, 4]);
  const reversed = evaluated((x) => x.transpose(), x);
  const turned = evaluated((x) => x.transpose([1, -1, 0]), x);
  for (const [i, j, k] of indices(x.shape)) {
    assert.equal(element(reversed, [k, j, i]), element(x, [i, j, k]));
    assert.equal(element(turned, [j, k, i]), element(x, [i, j, k]));
  }
});

Deno.test("concat() and stack() join along an axis", () => {
  const [a, b] = [tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]])];
  const of = (f: (a: Tensor, b: Tensor) => Tensor): unknown => evaluated(f, a, b).toArray();
  assert.deepEqual(of((a, b) => concat([a, b])), [[1, 2], [3, 4], [5, 6], [7, 8]]);
  assert.deepEqual(of((a, b) => concat([a, b], -1)), [[1, 2, 5, 6], [3, 4, 7, 8]]);
  assert.deepEqual(of((a, b) => stack([a, b])), [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]);
  assert.deepEqual(of((a, b) => stack([a, b], 1)), [[[1, 2], [5, 6]], [[3, 4], [7, 8]]]);
  assert.deepEqual(of((a, b) => stack([a, b], -1)), [[[1, 5], [2, 6]], [[3, 7], [4, 8]]]);
  assert.deepEqual(of((a) => stack([a.at(0, 0), 9])), [1, 9]);
});

Deno.test("logSumExp() neither overflows nor loses the small terms", () => {
  const of = (x: number[]): number => evaluated((x) => logSumExp(x), tensor(x)).item();
  assert.ok(Math.abs(of([1000, 1000]) - (1000 + Math.LN2)) < 1e-12);
  assert.ok(Math.abs(of([-1000, -1001]) - (-1000 + log(1 + exp(-1)))) < 1e-12);
  assert.equal(of([-Infinity, -Infinity]), -Infinity);
  assert.equal(of([-Infinity, 3]), 3);
  assert.equal(of([Infinity, 3]), Infinity);
  assert.ok(Number.isNaN(of([NaN, 3])));
  const rows = evaluated((x) => logSumExp(x, 1), tensor([[0, 0], [1e5, -1e5], [5, 5]]));
  assert.deepEqual(rows.shape, [3]);
  assert.equal(rows.data[1], 1e5);
});

Deno.test("softmax() adds up to 1 along its axis", () => {
  const weights = evaluated((x) => softmax(x, 0), numbers([3, 4]).mul(500));
  weights.sum(0).data.forEach((sum) => assert.ok(Math.abs(sum - 1) < 1e-15));
  assert.deepEqual(softmax([0, 0]).toArray(), [0.5, 0.5]);
});

Deno.test("outer(), zeros(), ones(), arange() and isTensor() do what they say", () => {
  assert.deepEqual(outer([1, 2], [3, 4, 5]).toArray(), [[3, 4, 5], [6, 8, 10]]);
  assert.deepEqual(zeros([1, 2]).toArray(), [[0, 0]]);
  assert.deepEqual(ones([]).toArray(), 1);
  assert.deepEqual(arange(3).toArray(), [0, 1, 2]);
  assert.ok(isTensor(ones([])) && !isTensor([1]));
});

Deno.test("as() converts between floats, words and truth values", () => {
  const x = tensor([-1, 0, 0.5, 2.9, 2 ** 32 - 0.5, 2 ** 33, NaN, Infinity]);
  const all = 2 ** 32 - 1;
  assert.deepEqual(evaluated((x) => x.as("u32"), x).toArray(), [0, 0, 0, 2, all, all, 0, all]);
  // A half and a NaN were false, 256 was false, and 2 was a truth value of 2.
  assert.deepEqual(evaluated((x) => x.as("bool"), x).toArray(), [1, 0, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(evaluated((x) => x.as("bool"), words([0, 2, 256])).toArray(), [0, 1, 1]);
  const flags = tensor([1, 3]).less(2);
  assert.deepEqual(flags.as("f64").add(1).toArray(), [2, 1]);
  assert.deepEqual(flags.as("u32").dtype, "u32");
});

Deno.test("words wrap around, and plain whole numbers beside them are words", () => {
  const x = words([1, 0xffffffff]);
  assert.deepEqual(evaluated((x) => x.add(1), x).toArray(), [2, 0]);
  assert.deepEqual(evaluated((x) => x.mul(0xffffffff), x).toArray(), [0xffffffff, 1]);
  assert.deepEqual(evaluated((x) => tensor(0).sub(x), x).toArray(), [0xffffffff, 1]);
  assert.deepEqual(evaluated((x) => x.less(2), x).toArray(), [1, 0]);
  assert.throws(() => x.add(0.5), {
    name: "RangeError",
    message: /Cannot use 0.5 as a word: expected a whole number from 0 to 2\^32 − 1/,
  });
});

Deno.test("tensor() takes numbers, bools, nested arrays, Float64Arrays and tensors", () => {
  const array = Float64Array.of(1, 2);
  const x = tensor(array);
  array[0] = 9;
  assert.deepEqual(x.toArray(), [1, 2]);
  assert.equal(tensor(x), x);
  assert.deepEqual(tensor(true).dtype, "bool");
  assert.deepEqual(tensor(2.5).toArray(), 2.5);
  assert.deepEqual(tensor([]).shape, [0]);
  assert.deepEqual(tensor([[], []]).shape, [2, 0]);
  assert.deepEqual(tensor([[[1], [2]]]).shape, [1, 2, 1]);
});

Deno.test("tensor() takes typed arrays of numbers, alone and as rows, and copies them", () => {
  for (
    const Each of [Float32Array, Float64Array, Int8Array, Int32Array, Uint16Array, Uint32Array]
  ) {
    const given = Each.of(1, 2, 3);
    const made = tensor(given);
    assert.equal(made.dtype, "f64");
    assert.deepEqual(made.toArray(), [1, 2, 3]);
    given.fill(0);
    assert.deepEqual(made.toArray(), [1, 2, 3]);
    assert.deepEqual(tensor([Each.of(1, 2), Each.of(3, 4)]).toArray(), [[1, 2], [3, 4]]);
  }
  // Single precision is what it is, not what was meant.
  assert.equal(tensor(Float32Array.of(0.1)).item(), Math.fround(0.1));
  assert.deepEqual(tensor([1, 2]).add(Float32Array.of(1, 1)).toArray(), [2, 3]);
});

const THIS_LINE = /tensor_test\.ts:\d+:\d+\)$/;

function refuses(f: () => unknown, name: string, message: RegExp): void {
  assert.throws(f, { name, message });
  // All say which line of the user's code it was.
  assert.throws(f, { message: THIS_LINE });
}

Deno.test("tensor() refuses what is not an array of numbers", () => {
  const refused = (value: unknown, message: RegExp): void =>
    refuses(() => tensor(value as NestedNumbers), "TypeError", message);
  const unequal = /Cannot make a tensor of nested arrays of unequal lengths: /;
  refused([[1, 2], [3]], unequal);
  refused([[1, 2], [3]], /: \[2\] and \[1\]/);
  refused([1, [2]], unequal);
  refused([[[1]], [[1], [2]]], unequal);
  refused("12", /Cannot make a tensor of "12": expected numbers/);
  refused(["a"], /Cannot make a tensor of "a": expected numbers/);
  refused([1, undefined], /Cannot make a tensor of undefined: expected numbers/);
  refused(null, /Cannot make a tensor of null/);
  refused([true], /Cannot make a tensor of true/);
  refused(new Map(), /Cannot make a tensor of a Map/);
  refused(BigInt64Array.of(1n), /Cannot make a tensor of a BigInt64Array: expected numbers/);
  refused(new DataView(new ArrayBuffer(8)), /Cannot make a tensor of a DataView/);
  refused([Float32Array.of(1), Float32Array.of(1, 2)], unequal);
  refused([tensor(1)], /tensors in an array \(stack and concat join tensors\)/);
});

Deno.test("shape errors name the operation, both shapes and the user's line", () => {
  const [a, b] = [zeros([2, 3]), zeros([4])];
  const shapes = / tensors of shapes \[2, 3\] and \[4\]: they do not match \(at file:.*\)$/;
  for (const name of ["add", "sub", "mul", "div", "less", "equal"] as const) {
    refuses(() => a[name](b), "TypeError", new RegExp(`^Cannot ${name}${shapes.source}`));
  }
  refuses(() => a.dot(b), "TypeError", new RegExp(`^Cannot dot${shapes.source}`));
  refuses(() => a.dot(5), "TypeError", /Cannot dot tensors of shapes \[2, 3\] and \[\]/);
  refuses(() => stack([a, b]), "TypeError", new RegExp(`^Cannot stack${shapes.source}`));
  refuses(
    () => concat([a, zeros([2, 2])]),
    "TypeError",
    /^Cannot apply concat to f64\[2, 3\] and f64\[2, 2\]: they differ off axis 0/,
  );
  refuses(
    () => where(a.less(0), b, 0),
    "TypeError",
    /^Cannot choose with where between shapes \[2, 3\], \[4\], \[\]/,
  );
  refuses(() => a.broadcastTo([3]), "TypeError", /^Cannot broadcast \[2, 3\] to \[3\]/);
  refuses(() => zeros([1, 3]).broadcastTo([3]), "TypeError", /^Cannot broadcast \[1, 3\] to \[3\]/);
});

Deno.test("shape errors come when a function is traced, with the line in it", () => {
  const lines = new Error().stack?.split("\n")[1].match(/:(\d+):\d+\)?$/);
  const line = Number(lines?.[1]) + 3;
  assert.throws(
    () => trace((x) => [x.mul(x.slice(1))], [{ dtype: "f64", shape: [3] }]),
    {
      name: "TypeError",
      message: new RegExp(
        `^Cannot mul tensors of shapes \\[3\\] and \\[2\\]: they do not match .*tensor_test\\.ts:${line}:`,
      ),
    },
  );
});

Deno.test("axes, indices and shapes that are not there are refused", () => {
  const x = zeros([2, 3]);
  refuses(() => x.sum(2), "RangeError", /Cannot sum along axis 2 of a tensor of shape \[2, 3\]/);
  refuses(() => x.max(-3), "RangeError", /Cannot maximum along axis -3/);
  refuses(() => x.sum([0, -2]), "RangeError", /axis 0 is named twice/);
  refuses(() => x.reshape(6 as never), "TypeError", /to 6: give the lengths as an array/);
  refuses(() => x.at([0, 1] as never), "TypeError", /Cannot index .* x\.take\(indices\)/);
  refuses(() => x.at(tensor(0) as never), "TypeError", /Cannot index .* x\.take\(indices\)/);
  refuses(() => x.sum(0.5), "RangeError", /along axis 0.5/);
  refuses(() => x.sum({ axis: 0 } as never), "RangeError", /Cannot sum along axis an object of/);
  refuses(() => x.at(2), "RangeError", /Cannot take index 2 of axis 0 of \[2, 3\]/);
  refuses(() => x.at(0, -4), "RangeError", /Cannot take index -4 of axis 1/);
  refuses(() => x.at(0.5), "RangeError", /Cannot take index 0.5/);
  refuses(() => x.at(0, 0, 0), "RangeError", /Cannot index \[2, 3\] with 3 indices/);
  refuses(() => x.slice(0, 1, { axis: 2 }), "RangeError", /Cannot slice along axis 2/);
  refuses(() => x.slice(0, 2, { step: 0 }), "RangeError", /a step of at least 1/);
  refuses(() => x.slice(0, 2, { step: -1 }), "RangeError", /a step of at least 1/);
  refuses(() => x.slice(0.5), "RangeError", /whole numbers/);
  refuses(() => x.slice(NaN), "RangeError", /whole numbers/);
  refuses(() => x.reshape([4]), "TypeError", /Cannot reshape \[2, 3\] to \[4\]/);
  refuses(() => x.reshape([-1, -1]), "TypeError", /Cannot reshape \[2, 3\] to \[-1, -1\]/);
  refuses(() => x.reshape([-2, 3]), "TypeError", /Cannot reshape/);
  refuses(() => x.reshape([-1, 4]), "TypeError", /Cannot reshape/);
  refuses(() => zeros([0]).reshape([0, -1]), "TypeError", /Cannot reshape/);
  refuses(() => x.transpose([0]), "RangeError", /each axis is needed once/);
  refuses(() => x.transpose([0, 0]), "RangeError", /each axis is needed once/);
  refuses(() => x.transpose([0, 2]), "RangeError", /Cannot transpose along axis 2/);
  refuses(
    () => concat([1, 2]),
    "RangeError",
    /Cannot concat along axis 0 of a tensor of shape \[\]/,
  );
  refuses(() => concat([]), "TypeError", /Cannot concat no tensors/);
  refuses(() => stack([]), "TypeError", /Cannot stack no tensors/);
  refuses(() => stack([x], 3), "RangeError", /Cannot stack along axis 3/);
  refuses(() => logSumExp(x, 2), "RangeError", /along axis 2/);
});

Deno.test("element types that do not go together are refused", () => {
  const [x, flag] = [zeros([2]), zeros([2]).less(1)];
  refuses(() => x.add(flag), "TypeError", /^Cannot apply add to f64\[2\] and bool\[2\]/);
  refuses(() => flag.exp(), "TypeError", /^Cannot apply exp to bool\[2\]/);
  refuses(() => flag.sum(), "TypeError", /^Cannot apply sum to bool\[2\]/);
  refuses(() => x.and(flag), "TypeError", /^Cannot apply and to f64\[2\] and bool\[2\]/);
  refuses(() => x.not(), "TypeError", /^Cannot apply not to f64\[2\]/);
  refuses(() => where(x, x, 0), "TypeError", /^Cannot apply select to f64\[2\].*a bool mask/);
});

Deno.test("operators on tensors are refused instead of giving nonsense", () => {
  const x = zeros([2]) as unknown as number;
  const operators = /^Cannot use an operator such as \+ or < on a Tensor: use its methods/;
  refuses(() => x + 1, "TypeError", operators);
  refuses(() => 2 * x, "TypeError", operators);
  refuses(() => -x, "TypeError", operators);
  refuses(() => x < 0, "TypeError", operators);
  refuses(() => Math.sqrt(x), "TypeError", operators);
  // A text of a tensor is still there for messages.
  assert.equal(`${x}`, "Tensor(f64[2] [0,0])");
});

Deno.test("the value of a traced tensor cannot be read", () => {
  const unread =
    /^Cannot read the value of a traced tensor: .* use `where` to choose between values/;
  const type = [{ dtype: "f64" as const, shape: [] }];
  const traced = (f: (x: Tensor) => unknown): () => unknown => () =>
    trace((x) => [tensor(f(x) as number)], type);
  refuses(traced((x) => x.item()), "TypeError", unread);
  refuses(traced((x) => x.data[0]), "TypeError", unread);
  refuses(traced((x) => x.toArray()), "TypeError", unread);
  const shown = trace((x) => [tensor(String(x).length)], type);
  assert.equal(applyProgram(shown, [tensor(1)])[0].item(), "Tensor(traced f64[])".length);
});

Deno.test("a traced tensor cannot be used outside of the function it was traced in", () => {
  let leaked = tensor(0);
  trace((x) => {
    leaked = x.mul(2);
    return [x];
  }, [{ dtype: "f64", shape: [] }]);
  const outside = /^Cannot use a traced tensor outside of the function that it was traced in/;
  refuses(() => leaked.add(1), "TypeError", outside);
  refuses(() => trace((x) => [x.add(leaked)], [leaked]), "TypeError", outside);
  let state = tensor(0);
  const type = { dtype: "f64" as const, shape: [] };
  const leaking = (x: Tensor): Tensor => {
    repeatLoop(2, (now: Tensor) => state = now.add(1), x);
    return state.add(1);
  };
  refuses(() => trace((x) => [leaking(x)], [type]), "TypeError", outside);
});

Deno.test("item() needs one element", () => {
  assert.equal(tensor([[4]]).item(), 4);
  assert.throws(() => tensor([1, 2]).item(), /Cannot take the item of a tensor of shape \[2\]/);
});

Deno.test("fill() repeats a number", () => {
  assert.deepEqual(fill([2, 2], 7).toArray(), [[7, 7], [7, 7]]);
});

Deno.test("a tensor is shown with its type, shape and elements", () => {
  assert.equal(String(tensor([[1, 2]])), "Tensor(f64[1, 2] [[1,2]])");
  assert.equal(Deno.inspect(tensor(1)), "Tensor(f64[] 1)");
  assert.equal(String(zeros([101])), "Tensor(f64[101] …)");
});

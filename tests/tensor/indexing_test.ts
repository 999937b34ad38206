import assert from "node:assert/strict";
import { oneHot } from "../../src/tensor/operations.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { type Tensor, tensor, words } from "../../src/tensor/tensor.ts";
import { applyProgram, trace } from "../../src/tensor/trace.ts";

const f64 = (...shape: number[]) => ({ dtype: "f64" as const, shape });

Deno.test("take() gives the elements at indices, in the indices' shape", () => {
  const x = tensor([10, 20, 30]);
  assert.deepEqual(x.take([2, 0, 0]).toArray(), [30, 10, 10]);
  assert.deepEqual(x.take([[2], [1]]).toArray(), [[30], [20]]);
  assert.deepEqual(x.take(1).toArray(), 20);
  assert.deepEqual(x.take([-1, -3]).toArray(), [30, 10]);
  assert.deepEqual(x.take(words([1, 2])).toArray(), [20, 30]);
  assert.deepEqual(x.take([]).toArray(), []);
});

Deno.test("take() along an axis is the parts at each index, stacked there", () => {
  const x = normal(key(1), [3, 4, 5]);
  [0, 1, 2].forEach((axis) => {
    const indices = [2, 0, 2];
    const taken = x.take(indices, { axis });
    indices.forEach((index, i) => {
      const [actual, expected] = [
        taken.slice(i, i + 1, { axis }),
        x.slice(index, index + 1, { axis }),
      ];
      assert.deepEqual(actual.toArray(), expected.toArray());
    });
  });
  assert.deepEqual(x.take([1], { axis: -1 }).shape, [3, 4, 1]);
});

Deno.test("take() takes traced indices beyond the end as the last", () => {
  const program = trace((x, i) => [x.take(i)], [f64(3), { dtype: "u32", shape: [3] }]);
  const taken = applyProgram(program, [tensor([10, 20, 30]), words([1, 3, 0xffffffff])]);
  assert.deepEqual(taken[0].toArray(), [20, 30, 30]);
});

Deno.test("take() says which index is wrong, and how to convert", () => {
  const x = tensor([[1, 2, 3]]);
  assert.throws(() => x.take([0, 3], { axis: 1 }), {
    name: "RangeError",
    message: /Cannot take index 3 of axis 1 of \[1, 3\] \(at .*indexing_test/,
  });
  assert.throws(() => x.take([-2]), /Cannot take index -2 of axis 0/);
  assert.throws(() => x.take([0.5]), /Cannot take index 0.5/);
  assert.throws(() => x.take([NaN]), /Cannot take index NaN/);
  assert.throws(() => x.take(words([4])), /Cannot take index 4/);
  assert.throws(() => x.take(tensor(true)), /Cannot take elements at truth values/);
  assert.throws(() => x.take([0], { axis: 2 }), /Cannot take along axis 2/);
  assert.throws(() => tensor(1).take([0]), /Cannot take along axis 0 of a tensor of shape \[\]/);
  assert.throws(() => x.take([0], { axes: 1 } as object), /unknown option `axes`/);
  assert.throws(() => trace((y: Tensor) => [y.take(y)], [f64(2)]), /convert .* with x.as\("u32"\)/);
  assert.throws(
    () => trace((y, i) => [y.take(i)], [f64(0), { dtype: "u32", shape: [] }]),
    /no elem/,
  );
});

Deno.test("oneHot() has a 1 at each index", () => {
  assert.deepEqual(oneHot([2, 0], 3).toArray(), [[0, 0, 1], [1, 0, 0]]);
  assert.deepEqual(oneHot([[1], [-1]], 2).toArray(), [[[0, 1]], [[0, 1]]]);
  const program = trace((i) => [oneHot(i, 2)], [{ dtype: "u32", shape: [3] }]);
  const [rows] = applyProgram(program, [words([1, 2, 0])]);
  assert.deepEqual(rows.toArray(), [[0, 1], [0, 0], [1, 0]]);
  assert.throws(() => oneHot([3], 3), /Cannot take index 3 of 3 classes/);
  assert.throws(() => oneHot([0], 1.5), /Cannot make indicators of 1.5 classes/);
});

Deno.test("indicators times a vector are its elements", () => {
  const [x, indices] = [normal(key(2), [5]), [4, 0, 0, 3]];
  assert.deepEqual(oneHot(indices, 5).dot(x).toArray(), x.take(indices).toArray());
});

Deno.test("take() with the same data twice holds the indices once", () => {
  const group = tensor(Float64Array.from({ length: 100 }, (_, i) => i % 3));
  const program = trace((a, b) => [a.take(group).add(b.take(group))], [f64(3), f64(3)]);
  const constants = program.equations.filter(({ primitive }) => primitive === "constant");
  assert.equal(constants.length, 1);
});

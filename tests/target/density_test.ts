import assert from "node:assert/strict";
import type { NamedDraws } from "../../src/adaptive/named_draws.ts";
import { density } from "../../src/target/density.ts";
import type { Target } from "../../src/target/target.ts";
import { logSumExp, where } from "../../src/tensor/operations.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { normals } from "../diagnostics/series.ts";
import { dualMoon, eightSchools, gaussian, logistic, rosenbrock } from "../targets/mod.ts";

const gaussian3 = density(3, (x) => x.square().sum().mul(-0.5));

Deno.test("density() has the dimension, names and parameter of its draws", () => {
  assert.equal(gaussian3.dimension, 3);
  assert.deepEqual(gaussian3.names, ["x[0]", "x[1]", "x[2]"]);
  assert.deepEqual(gaussian3.parameters, [{ name: "x", shape: [3] }]);
  assert.deepEqual(gaussian3.constrain([1, 2, 3]), { x: [1, 2, 3] });
  assert.deepEqual(gaussian3.unconstrain({ x: [1, 2, 3] }), Float64Array.of(1, 2, 3));
  assert.deepEqual(gaussian3.unconstrain({ x: tensor([1, 2, 3]) }), Float64Array.of(1, 2, 3));
});

Deno.test("density() is called once, however often it is evaluated", () => {
  let calls = 0;
  const counted = density(1, (x) => {
    calls++;
    return x.sum();
  });
  for (let i = 0; i < 5; i++) counted.logDensity([i]);
  counted.gradient([1]);
  counted.constrain([1]);
  assert.equal(calls, 1);
});

Deno.test("a log density gives what its function gives on numbers", () => {
  const ring = (x: Tensor): Tensor =>
    x.norm().sub(2).div(0.1).square().mul(-0.5).add(logSumExp(x.at(0).add([-3, 3])));
  const target = density(2, ring);
  for (const position of [[0.5, 1], [2, -1], [1e-3, 0]]) {
    // A trace may multiply by a reciprocal instead of dividing.
    const value = ring(tensor(position)).item();
    assert.ok(Math.abs(target.logDensity(position) / value - 1) < 1e-14);
    assert.equal(target.logDensity(Float64Array.from(position)), target.logDensity(position));
    const single = Float32Array.from(position);
    assert.equal(target.logDensity(single), target.logDensity([...single]));
  }
});

for (const test of [dualMoon, rosenbrock, gaussian(4), eightSchools, logistic(20, 3)]) {
  Deno.test(`gradient() is that of logDensity(), ${test.name}`, () => {
    const target = density(test.dimension, test.logDensity);
    for (let i = 0; i < 5; i++) {
      const position = normals([test.dimension, i], test.dimension);
      const gradient = target.gradient(position);
      assert.equal(gradient.length, test.dimension);
      gradient.forEach((slope, k) => {
        const [up, down] = [1e-5, -1e-5].map((step) =>
          target.logDensity(position.with(k, position[k] + step))
        );
        const numerical = (up - down) / 2e-5;
        assert.ok(Math.abs(slope - numerical) < 1e-5 * (1 + Math.abs(slope)), `coordinate ${k}`);
      });
    }
  });
}

Deno.test("−∞ and NaN of a log density come out as they are", () => {
  const half = density(1, (x) => where(x.at(0).less(0), -Infinity, x.at(0).neg()));
  assert.equal(half.logDensity([-1]), -Infinity);
  assert.equal(half.logDensity([1]), -1);
  assert.equal(density(1, (x) => x.at(0).log()).logDensity([-1]), NaN);
});

Deno.test("results are copies: changing them changes nothing", () => {
  const linear = density(2, (x) => x.dot([1, 2]));
  linear.gradient([0, 0]).fill(9);
  assert.deepEqual([...linear.gradient([0, 0])], [1, 2]);
  const given = Float64Array.of(1, 2);
  linear.unconstrain({ x: given }).fill(9);
  assert.deepEqual([...given], [1, 2]);
});

/** What a user who does not check types may write. */
type Anything = (x: Tensor) => Tensor;

const refused: readonly (readonly [what: string, make: () => unknown, message: RegExp])[] = [
  [
    "a dimension of 0",
    () => density(0, (x) => x.sum()),
    /^RangeError: Cannot make a density of dimension 0: it must be a positive integer$/,
  ],
  ["a fractional dimension", () => density(1.5, (x) => x.sum()), /of dimension 1\.5/],
  [
    "a dimension in words",
    () => density("two" as unknown as number, (x) => x.sum()),
    /of dimension two/,
  ],
  [
    "something other than a function",
    () => density(2, 7 as unknown as Anything),
    /^TypeError: Cannot make a density of number: give a function from a tensor to a scalar$/,
  ],
  [
    "a vector in place of a scalar",
    () => density(2, (x) => x.square()),
    /^TypeError: Cannot use this log density: it gave back a tensor of shape \[2\].*\.sum\(\)$/,
  ],
  [
    "a function that returns nothing",
    () => density(2, (() => {}) as unknown as Anything),
    /^TypeError: Cannot use this log density: it gave back undefined \(is a `return` missing\?\)/,
  ],
  [
    "an async function",
    () => density(2, ((x: Tensor) => Promise.resolve(x.sum())) as unknown as Anything),
    /it gave back a promise \(a log density cannot be async\)/,
  ],
  ["null", () => density(2, (() => null) as unknown as Anything), /it gave back null/],
  [
    "a condition in place of its log density",
    () => density(2, (x) => x.at(0).less(1)),
    /^TypeError: Cannot use this log density: it gave back a truth value instead of a number; where\(mask, 0, -Infinity\) makes/,
  ],
  ["true", () => density(2, (() => true) as unknown as Anything), /gave back a truth value/],
  ["text", () => density(2, (() => "0") as unknown as Anything), /it gave back string/],
  [
    "operands that do not fit, with the operation, the shapes and the line",
    () => density(2, (x) => x.mul([1, 2, 3]).sum()),
    /mul.*\[2\].*\[3\].*density_test\.ts:\d+/s,
  ],
];

Deno.test("where() limits the range of a density", () => {
  const limited = density(1, (x) => where(x.at(0).less(0), 0, -Infinity));
  assert.deepEqual([-1, 1].map((x) => limited.logDensity([x])), [0, -Infinity]);
});

for (const [what, make, message] of refused) {
  Deno.test(`density() refuses ${what}`, () => {
    assert.throws(make, message);
  });
}

Deno.test("a constant log density and one of words are scalars too", () => {
  assert.equal(density(2, () => tensor(3)).logDensity([1, 2]), 3);
  assert.deepEqual([...density(2, () => tensor(3)).gradient([1, 2])], [0, 0]);
  assert.equal(density(1, (x) => x.at(0).less(0).as("u32")).logDensity([-1]), 1);
});

Deno.test("positions and values of another form are refused", () => {
  const refuse = (use: () => unknown, message: RegExp): void => assert.throws(use, message);
  const short =
    /^TypeError: Cannot evaluate at a position of 2 numbers: the target has 3 coordinates$/;
  refuse(() => gaussian3.logDensity([1, 2]), short);
  refuse(() => gaussian3.gradient(Float64Array.of(1, 2)), short);
  refuse(() => gaussian3.constrain([1, 2]), short);
  refuse(() => gaussian3.logDensity([]), /a position of 0 numbers/);
  refuse(
    () => gaussian3.unconstrain({ x: [1, 2] }),
    /^TypeError: Cannot unconstrain x: it has the shape \[3\], the value \[2\]$/,
  );
  refuse(() => gaussian3.unconstrain({ x: [[1, 2, 3]] }), /the value \[1, 3\]$/);
  refuse(
    () => gaussian3.unconstrain({ x: [1, NaN, 2] }),
    /^RangeError: Cannot unconstrain x = \[1, NaN, 2\]: expected finite numbers$/,
  );
  refuse(
    () => gaussian3.unconstrain({} as { x: number[] }),
    /^TypeError: Cannot unconstrain: no value for x is given$/,
  );
  refuse(
    () => gaussian3.unconstrain({ x: [1, 2, 3], y: 1 } as { x: number[] }),
    /^TypeError: Cannot unconstrain y: the parameters are x$/,
  );
});

Deno.test("the names of draws are known to the compiler", () => {
  type Drawn = { readonly x: Tensor };
  const check = (target: Target<Drawn>, draws: NamedDraws<Drawn>) => {
    // @ts-expect-error: the draws of a density are x alone.
    draws.y;
    // @ts-expect-error: x is what a density is unconstrained from.
    target.unconstrain({ y: [1] });
    return [draws.x, target.constrain([1]).x];
  };
  assert.equal(typeof check, "function");
});

import assert from "node:assert/strict";
import {
  interval,
  ordered,
  type Parameter,
  positive,
  real,
  simplex,
} from "../../src/target/parameter.ts";
import { posterior } from "../../src/target/posterior.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { normals, uniforms } from "../diagnostics/series.ts";
import { fastCheck } from "../deps.ts";

/** A parameter, whether a value is in its range, and how many of its elements are free. */
interface Case {
  readonly name: string;
  readonly parameter: Parameter;
  readonly holds: (value: readonly number[]) => boolean;
}

function between(low: number, high: number): Case["holds"] {
  return (value) => value.every((x) => x >= low && x <= high);
}

function ascending(value: readonly number[]): boolean {
  return value.every((x, i) => Number.isFinite(x) && (i === 0 || x >= value[i - 1]));
}

function isSimplex(value: readonly number[]): boolean {
  const sum = value.reduce((a, b) => a + b);
  return value.every((x) => x > 0 && x <= 1) && Math.abs(sum - 1) < 1e-12;
}

const cases: readonly Case[] = [
  { name: "real()", parameter: real(), holds: between(-Infinity, Infinity) },
  { name: "real([2, 3])", parameter: real([2, 3]), holds: between(-Infinity, Infinity) },
  { name: "positive()", parameter: positive(), holds: between(Number.MIN_VALUE, Infinity) },
  { name: "positive(4)", parameter: positive(4), holds: between(Number.MIN_VALUE, Infinity) },
  { name: "interval(0, 1)", parameter: interval(0, 1), holds: between(0, 1) },
  // 35.4 + (99.8 − 35.4) is above 99.8.
  {
    name: "interval(35.4, 99.8, 3)",
    parameter: interval(35.4, 99.8, 3),
    holds: between(35.4, 99.8),
  },
  { name: "interval(-2, -1)", parameter: interval(-2, -1), holds: between(-2, -1) },
  { name: "simplex(2)", parameter: simplex(2), holds: isSimplex },
  { name: "simplex(5)", parameter: simplex(5), holds: isSimplex },
  { name: "ordered(2)", parameter: ordered(2), holds: ascending },
  { name: "ordered(5)", parameter: ordered(5), holds: ascending },
];

function constrained(parameter: Parameter, free: ArrayLike<number>): number[] {
  return Array.from(parameter.constrain(tensor(Float64Array.from(free))).value.data);
}

function logDeterminant(parameter: Parameter, free: ArrayLike<number>): number {
  return parameter.constrain(tensor(Float64Array.from(free))).logDeterminant.item();
}

/** ln of the product of the diagonal after elimination, of a triangular or any other small matrix. */
function logDeterminantOf(matrix: number[][]): number {
  const [first, ...rest] = matrix;
  if (first === undefined) return 0;
  const reduced = rest.map((row) =>
    row.slice(1).map((each, j) => each - row[0] / first[0] * first[j + 1])
  );
  return Math.log(Math.abs(first[0])) + logDeterminantOf(reduced);
}

const STEP = 1e-5;

for (const { name, parameter, holds } of cases) {
  const { free, shape } = parameter;
  const size = shape.reduce((product, length) => product * length, 1);

  Deno.test(`${name}: values are in range and of its shape`, () => {
    for (let i = 0; i < 20; i++) {
      const position = normals([free, i], free).map((z) => 2 * z);
      const { value } = parameter.constrain(tensor(position));
      assert.deepEqual(value.shape, shape);
      assert.ok(holds([...value.data]), `${value.data}`);
    }
  });

  Deno.test(`${name}: unconstrain undoes constrain, and constrain unconstrain`, () => {
    for (let i = 0; i < 20; i++) {
      const position = normals([free, i], free).map((z) => 2 * z);
      const { value } = parameter.constrain(tensor(position));
      const back = parameter.unconstrain(value);
      assert.deepEqual(back.shape, [free]);
      back.data.forEach((u, k) => assert.ok(Math.abs(u - position[k]) < 1e-9));
      const again = constrained(parameter, back.data);
      again.forEach((x, k) => assert.ok(Math.abs(x - value.data[k]) < 1e-9 * (1 + Math.abs(x))));
    }
  });

  Deno.test(`${name}: ln |det| is that of the numerical Jacobian`, () => {
    // A simplex has one element less to choose: its density is that of its first ones.
    const count = Math.min(free, size);
    for (let i = 0; i < 20; i++) {
      const position = normals([free, i], free).map((z) => 1.5 * z);
      const columns = Array.from({ length: free }, (_, k) => {
        const [up, down] = [STEP, -STEP].map((step) =>
          constrained(parameter, position.with(k, position[k] + step))
        );
        return up.map((x, row) => (x - down[row]) / (2 * STEP)).slice(0, count);
      });
      const error = logDeterminant(parameter, position) - logDeterminantOf(columns);
      assert.ok(Math.abs(error) < 1e-5, `off by ${error}`);
    }
  });

  Deno.test(`${name}: extreme positions stay in range with a finite ln |det|`, () => {
    for (const extreme of [30, -30, 12, -12]) {
      const sides = uniforms([free, 7], free).map((chance) => chance < 0.5 ? extreme : -extreme);
      for (const position of [new Float64Array(free).fill(extreme), sides]) {
        const value = constrained(parameter, position);
        assert.ok(holds(value), `${value} from ${position}`);
        assert.ok(Number.isFinite(logDeterminant(parameter, position)));
      }
    }
  });

  Deno.test(`${name}: position 0 is a value in range, with the gradient of a smooth map`, () => {
    const target = posterior({
      parameters: { p: parameter },
      logDensity: ({ p }) => p.square().sum().mul(-0.5),
    });
    const zero = new Float64Array(free);
    assert.ok(holds(constrained(parameter, zero)));
    target.gradient(zero).forEach((slope, k) => {
      const [up, down] = [STEP, -STEP].map((step) => target.logDensity(zero.with(k, step)));
      const numerical = (up - down) / (2 * STEP);
      assert.ok(Math.abs(slope - numerical) < 1e-6 * (1 + Math.abs(slope)), `coordinate ${k}`);
    });
  });
}

Deno.test("an interval is never left, whatever its limits and however far the position", () => {
  const limit = fastCheck.double({ min: -1e6, max: 1e6, noNaN: true });
  const far = fastCheck.double({ min: -800, max: 800, noNaN: true });
  fastCheck.assert(
    fastCheck.property(limit, limit, far, (a, b, u) => {
      fastCheck.pre(a !== b);
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const [value] = constrained(interval(low, high), [u]);
      return value >= low && value <= high;
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("transforms have the forms that are documented", () => {
  const near = (actual: number[], expected: number[]): void =>
    expected.forEach((x, i) => assert.ok(Math.abs(actual[i] - x) < 1e-14));
  near(constrained(positive(), [1]), [Math.E]);
  near(constrained(interval(1, 3), [0]), [2]);
  near(constrained(interval(0, 2), [Math.log(3)]), [1.5]);
  near(constrained(ordered(3), [-1, 0, Math.log(2)]), [-1, 0, 2]);
  near(constrained(simplex(4), [0, 0, 0]), [0.25, 0.25, 0.25, 0.25]);
});

const outside: readonly (readonly [Parameter, number | readonly number[], string])[] = [
  [real(), NaN, "NaN: expected finite numbers"],
  [real(2), [1, Infinity], "[1, Infinity]: expected finite numbers"],
  [positive(), 0, "0: expected positive numbers"],
  [positive(2), [1, -1], "[1, -1]: expected positive numbers"],
  [interval(0, 1), 0, "0: expected numbers between 0 and 1"],
  [interval(0, 1), 1, "1: expected numbers between 0 and 1"],
  [interval(-1, 1, 2), [0, 1.5], "[0, 1.5]: expected numbers between -1 and 1"],
  [simplex(2), [0.5, 0.6], "[0.5, 0.6]: expected positive numbers that add up to 1"],
  [simplex(3), [0, 0.5, 0.5], "[0, 0.5, 0.5]: expected positive numbers that add up to 1"],
  [simplex(2), [-0.5, 1.5], "[-0.5, 1.5]: expected positive numbers that add up to 1"],
  [ordered(2), [1, 1], "[1, 1]: expected finite ascending numbers"],
  [ordered(3), [1, 3, 2], "[1, 3, 2]: expected finite ascending numbers"],
];

for (const [parameter, value, message] of outside) {
  Deno.test(`a value out of range or on its boundary is refused: ${message}`, () => {
    const target = posterior({ parameters: { p: parameter }, logDensity: ({ p }) => p.sum() });
    assert.throws(() => target.unconstrain({ p: value }), {
      name: "RangeError",
      message: `Cannot unconstrain p = ${message}`,
    });
  });
}

Deno.test("more arguments than a parameter has are refused, with what to write instead", () => {
  const refuse = (make: (...given: never[]) => Parameter, given: number[], message: string): void =>
    assert.throws(() => make(...given as never[]), { name: "TypeError", message });
  const advice = "lengths of several axes go into an array, as in";
  refuse(real, [2, 3], `Cannot make real parameters with (2, 3): ${advice} real([2, 3])`);
  refuse(
    positive,
    [4, 1],
    `Cannot make positive parameters with (4, 1): ${advice} positive([2, 3])`,
  );
  refuse(
    interval,
    [0, 1, 2, 3],
    `Cannot make interval parameters with (0, 1, 2, 3): ${advice} interval(0, 1, [2, 3])`,
  );
  refuse(
    simplex,
    [3, 4],
    "Cannot make simplex parameters with (3, 4): give one length, as in simplex(3)",
  );
  refuse(
    ordered,
    [3, 4],
    "Cannot make ordered parameters with (3, 4): give one length, as in ordered(3)",
  );
});

Deno.test("shapes, lengths and limits that make no sense are refused", () => {
  const refuse = (make: () => Parameter, message: RegExp): void => assert.throws(make, message);
  refuse(
    () => real(0),
    /^RangeError: Cannot make a real parameter of shape 0: lengths must be pos/,
  );
  refuse(() => positive([2, 1.5]), /a positive parameter of shape \[2,1\.5\]/);
  refuse(() => interval(0, 1, -1), /an? interval parameter of shape -1/);
  refuse(() => interval(1, 1), /^RangeError: Cannot make an interval from 1 to 1: the limits must/);
  refuse(() => interval(2, 1), /from 2 to 1/);
  refuse(
    () => interval(0, Infinity),
    /from 0 to Infinity: the limits must be finite and ascending$/,
  );
  refuse(
    () => simplex(1),
    /^RangeError: Cannot make a simplex of length 1: expected a whole number/,
  );
  refuse(() => ordered(2.5), /Cannot make ordered numbers of length 2\.5: .* at least 2$/);
});

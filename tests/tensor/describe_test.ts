import assert from "node:assert/strict";
import { density } from "../../src/target/density.ts";
import { describe } from "../../src/tensor/describe.ts";
import { valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import { arange, where } from "../../src/tensor/operations.ts";
import type { Program } from "../../src/tensor/program.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { repeatLoop, trace } from "../../src/tensor/trace.ts";
import { dualMoon } from "../targets/mod.ts";

const VECTOR = { dtype: "f64" as const, shape: [5] };

/** Equations, those in bodies of loops included. */
function equationsOf({ equations }: Program): number {
  return equations.reduce((sum, { parameters }) => {
    return sum + 1 + ("body" in parameters ? equationsOf(parameters.body) : 0);
  }, 0);
}

Deno.test("describe() says what it takes", () => {
  const target = density(2, (x) => x.sum());
  assert.throws(
    () => describe(target as never),
    /^TypeError: Cannot describe an object: give a program, such as the `value` of a target$/,
  );
});

Deno.test("describe() writes an equation a line, with types, operands and parameters", () => {
  const program = trace((x, y) => [x.mul(y).sum(), x.slice(1, 4, { step: 2 })], [VECTOR, VECTOR]);
  assert.deepEqual(describe(program).split("\n"), [
    "inputs %0 f64[5], %1 f64[5]",
    "%2 f64[5] = mul %0 %1",
    "%3 f64[] = sum %2 axes=[0]",
    "%4 f64[2] = slice %0 start=[1] stop=[4] step=[2]",
    "outputs %3 %4",
  ]);
});

Deno.test("describe() abbreviates constants", () => {
  const program = trace((x) => [
    x.add(arange(5)).sum().mul(0.5),
    tensor([-0, Infinity, NaN]),
    arange(1000),
    where(x.slice(0, 2).less(0), 1, 2),
    x.greater(0).and(tensor(true)).as("u32"),
  ], [VECTOR]);
  const text = describe(program);
  for (
    const line of [
      "f64[5] = constant [0, 1, 2, 3, 4]",
      "f64[3] = constant [-0, Infinity, NaN]",
      "f64[1000] = constant [0, 1, 2, 3, 4, 5, …]",
      "f64[] = constant 0.5",
      "bool[5] = constant [true, true, true, true, true]",
      "dtype=u32",
    ]
  ) assert.ok(text.includes(line), `${line} is not in\n${text}`);
});

Deno.test("describe() indents the body of a loop, with its own inputs and outputs", () => {
  const program = trace((x) => [repeatLoop(3, (y) => y.add(x.sin()), x)], [VECTOR]);
  assert.deepEqual(describe(program).split("\n"), [
    "inputs %0 f64[5]",
    "%1 f64[5] = sin %0",
    "%2 f64[5] = scan %1 %0 captures=1 carries=1 length=3 reverse=false",
    "  inputs %0 u32[], %2 f64[5], %1 f64[5]",
    "  %3 f64[5] = add %1 %2",
    "  outputs %3",
    "outputs %2",
  ]);
});

Deno.test("describe() of a target and its gradient has a line for each equation", () => {
  const { value } = density(dualMoon.dimension, dualMoon.logDensity);
  for (const program of [value, valueAndGradient(value)]) {
    const lines = describe(program).split("\n");
    assert.equal(lines.length, equationsOf(program) + 2);
    program.equations.forEach(({ results }, i) => {
      assert.ok(lines[i + 1].startsWith(`%${results[0]} `), lines[i + 1]);
    });
  }
});

Deno.test("describe() writes programs without inputs or outputs", () => {
  assert.equal(describe(trace(() => [], [])), "inputs\noutputs");
});

import assert from "node:assert/strict";
import { describe } from "../../src/tensor/describe.ts";
import { grad, valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import { hasHostCalls } from "../../src/tensor/host_call.ts";
import { hostFunction } from "../../src/tensor/host_function.ts";
import { stack } from "../../src/tensor/operations.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { applyProgram, repeatLoop, trace } from "../../src/tensor/trace.ts";

const VECTOR = { dtype: "f64" as const, shape: [2] };

function area([width, height]: Float64Array): number {
  return width * height;
}

function areaGradient([width, height]: Float64Array): number[] {
  return [height, width];
}

/** What a user who does not check types may give. */
type Anything = (x: Float64Array) => never;

Deno.test("hostFunction() computes at once on numbers and is written down on traced tensors", () => {
  const f = hostFunction(area, areaGradient);
  assert.equal(f([2, 3]).item(), 6);
  assert.deepEqual(f([2, 3]).shape, []);
  let calls = 0;
  const counted = hostFunction((x) => ++calls * x[0]);
  const program = trace((x) => [counted(x)], [VECTOR]);
  assert.equal(calls, 0);
  assert.equal(applyProgram(program, [tensor([5, 1])])[0].item(), 5);
  assert.equal(calls, 1);
});

Deno.test("a host function takes part in gradients with its own", () => {
  const f = hostFunction(area, areaGradient);
  assert.deepEqual(grad((x) => f(x))([2, 3]).toArray(), [3, 2]);
  // (2a · b²)' by the chain rule.
  const composed = grad((x) => f(stack([x.at(0).mul(2), x.at(1).square()])));
  assert.deepEqual(composed([2, 3]).toArray(), [2 * 9, 2 * 2 * 2 * 3]);
});

Deno.test("a program computes the value, the gradient or both, as they are needed", () => {
  const calls = { value: 0, gradient: 0 };
  const f = hostFunction(
    (x) => {
      calls.value++;
      return area(x);
    },
    (x) => {
      calls.gradient++;
      return areaGradient(x);
    },
  );
  const x = tensor([2, 3]);
  const both = valueAndGradient(trace((x) => [f(x).add(f(x))], [VECTOR]));
  applyProgram(both, [x]);
  assert.deepEqual(calls, { value: 1, gradient: 1 });
  applyProgram(trace((x) => [applyProgram(both, [x])[1]], [VECTOR]), [x]);
  assert.deepEqual(calls, { value: 1, gradient: 2 });
  applyProgram(trace((x) => [applyProgram(both, [x])[0]], [VECTOR]), [x]);
  assert.deepEqual(calls, { value: 2, gradient: 2 });
});

Deno.test("two host functions are told apart, and one given twice is one", () => {
  const [f, g] = [hostFunction((x) => x[0]), hostFunction((x) => x[1])];
  const program = trace((x) => [f(x).mul(g(x)), f(x).add(f(x))], [VECTOR]);
  const hosts = program.equations.filter(({ primitive }) => primitive === "host");
  assert.equal(hosts.length, 2);
  assert.deepEqual(applyProgram(program, [tensor([2, 3])]).map((y) => y.item()), [6, 4]);
  const again = trace((x) => [hostFunction(area)(x).add(hostFunction(area)(x))], [VECTOR]);
  assert.equal(again.equations.length, 2);
});

Deno.test("a host function gets a copy that is its own", () => {
  const seen: Float64Array[] = [];
  const f = hostFunction(
    (x) => {
      seen.push(x);
      return x.fill(9)[0];
    },
    (x) => {
      seen.push(x);
      return x.fill(7);
    },
  );
  const x = tensor([2, 3]);
  const program = valueAndGradient(trace((x) => [f(x).add(x.sum())], [VECTOR]));
  const [value, gradient] = applyProgram(program, [x]);
  assert.equal(value.item(), 9 + 5);
  assert.deepEqual(gradient.toArray(), [8, 8]);
  seen[1].fill(0);
  assert.deepEqual(gradient.toArray(), [8, 8]);
  assert.deepEqual(x.toArray(), [2, 3]);
  assert.notEqual(seen[0], seen[1]);
});

Deno.test("describe() shows calls of host functions by name", () => {
  const f = hostFunction(area, areaGradient);
  const program = trace((x) => [f(x), hostFunction((x) => x[0])(x)], [VECTOR]);
  assert.deepEqual(describe(program).split("\n"), [
    "inputs %0 f64[2]",
    "%1 f64[] = host %0 function=area output=value",
    "%2 f64[] = host %0 function=anonymous output=value",
    "outputs %1 %2",
  ]);
  const slope = valueAndGradient(trace((x) => [f(x)], [VECTOR]));
  assert.ok(describe(slope).includes("f64[2] = host %0 function=area output=gradient"));
});

Deno.test("hasHostCalls() finds calls, in loops too", () => {
  const f = hostFunction(area);
  const inLoop = (x: Tensor): Tensor => repeatLoop(2, (y) => y.add(f(y)), x);
  assert.equal(hasHostCalls(trace((x) => [f(x)], [VECTOR])), true);
  assert.equal(hasHostCalls(trace((x) => [inLoop(x)], [VECTOR])), true);
  assert.equal(hasHostCalls(trace((x) => [repeatLoop(2, (y) => y.add(1), x)], [VECTOR])), false);
});

const refused: readonly (readonly [what: string, run: () => unknown, message: RegExp])[] = [
  [
    "no function",
    () => hostFunction(3 as unknown as Anything),
    /^TypeError: Cannot make a host function of the function 3: give a function from a Float64Array$/,
  ],
  [
    "a gradient that is no function",
    () => hostFunction(area, [1, 2] as unknown as Anything),
    /^TypeError: Cannot make a host function of the gradient 1,2: give a function/,
  ],
  [
    "a scalar",
    () => hostFunction(area)(1),
    /^TypeError: Cannot apply a host function to f64\[\]: it takes one vector of floats.*\(at /,
  ],
  ["a matrix", () => hostFunction(area)([[1, 2]]), /host function to f64\[1, 2\]: it takes one/],
  ["words", () => hostFunction(area)(tensor([1, 2]).as("u32")), /host function to u32\[2\]: it/],
  [
    "a function that returns nothing",
    () => hostFunction((() => {}) as unknown as Anything)([1, 2]),
    /^TypeError: Cannot use the host function anonymous: at \[1, 2\] it gave back undefined \(is a `return` missing\?\) instead of a number$/,
  ],
  [
    "an async function",
    () => hostFunction((() => Promise.reject(new Error("late"))) as unknown as Anything)([1, 2]),
    /it gave back a promise \(a host function cannot be async\) instead of a number$/,
  ],
  [
    "a tensor",
    () => hostFunction((() => tensor(1)) as unknown as Anything)([1, 2]),
    /it gave back a Tensor \(plain numbers are wanted, as \.item\(\) and \.data give them\)/,
  ],
  [
    "text",
    () => hostFunction((() => "1") as unknown as Anything)(new Float64Array(8)),
    /at \[0, 0, 0, 0, 0, 0, …\] it gave back the string 1 instead of a number$/,
  ],
  [
    "a gradient of the wrong length",
    () => grad((x) => hostFunction(area, () => [1])(x))([1, 2]),
    /^TypeError: Cannot use the gradient of the host function area: at \[1, 2\] it gave back an array of 1 instead of 2 numbers$/,
  ],
  [
    "a gradient that is a number",
    () => grad((x) => hostFunction(area, (() => 1) as unknown as Anything)(x))([1, 2]),
    /the gradient of the host function area: at \[1, 2\] it gave back the number 1 instead of 2 numbers$/,
  ],
  [
    "a gradient of null",
    () => grad((x) => hostFunction(area, (() => null) as unknown as Anything)(x))([1, 2]),
    /it gave back null instead of 2 numbers$/,
  ],
  [
    "a gradient with something else in it",
    () => grad((x) => hostFunction(area, (() => [1, null]) as unknown as Anything)(x))([1, 2]),
    /it gave back null in place 1 instead of 2 numbers$/,
  ],
  [
    "a function without a gradient where one is needed",
    () => grad((x) => hostFunction(area)(x))([1, 2]),
    /^TypeError: Cannot take the gradient of the host function area: give one, as in hostFunction\(f, gradient\), or mark it with stopGradient\(\)$/,
  ],
  [
    "a second derivative",
    () => grad((x) => grad((y) => hostFunction(area, areaGradient)(y))(x).sum())([1, 2]),
    /^TypeError: Cannot take a second derivative of the host function area$/,
  ],
];

for (const [what, run, message] of refused) {
  Deno.test(`hostFunction() refuses ${what}`, () => {
    assert.throws(run, (error) => {
      assert.match(String(error), message);
      return true;
    });
  });
}

Deno.test("what a host function throws comes out as it is", () => {
  const mine = new RangeError("the solver failed");
  const f = hostFunction(() => {
    throw mine;
  });
  assert.throws(() => f([1, 2]), (error) => error === mine);
});

Deno.test("no gradient is needed where none passes", () => {
  const f = hostFunction(area);
  assert.deepEqual(grad((x) => f(x).stopGradient().mul(x.sum()))([2, 3]).toArray(), [6, 6]);
});

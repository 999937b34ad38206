import assert from "node:assert/strict";
import { cumulativeSum, prod } from "../../../src/tensor/accumulate.ts";
import { grad, valueAndGradient } from "../../../src/tensor/gradients/gradient.ts";
import { hostFunction } from "../../../src/tensor/host_function.ts";
import { cholesky } from "../../../src/tensor/linear_algebra.ts";
import {
  clamp,
  concat,
  logSumExp,
  outer,
  softmax,
  stack,
  where,
} from "../../../src/tensor/operations.ts";
import {
  atan,
  atan2,
  digamma,
  erf,
  erfc,
  erfcx,
  lgamma,
  logAddExp,
  logNormalCdf,
  mod,
  tan,
} from "../../../src/tensor/special_functions.ts";
import type { Primitive, RuleTable } from "../../../src/tensor/program.ts";
import { key, normal, split } from "../../../src/tensor/random.ts";
import { apply, Tensor, tensor } from "../../../src/tensor/tensor.ts";
import { applyProgram, repeatLoop, trace } from "../../../src/tensor/trace.ts";
import { assertSlopes } from "../central_differences.ts";

/** A function of a vector of 6, all of whose values count. */
type F = (x: Tensor) => Tensor;

interface Case {
  readonly f: F;
  /** From a standard normal vector to where the function is smooth. */
  readonly at?: (z: Tensor) => Tensor;
}

/** Weights without pattern, so that no two partial results cancel. */
function weighted(y: Tensor): Tensor {
  return y.mul(normal(key(77), y.shape).add(2)).sum();
}

function assertGradient({ f, at = (z) => z }: Case, what: string): void {
  for (const each of split(key(5), 4)) {
    const x = at(normal(each, [6]));
    const scalar: F = (x) => weighted(f(x));
    assertSlopes(scalar, x, what);
  }
}

const positive = (z: Tensor): Tensor => z.abs().add(0.5);
/** Away from 0, and no two elements close. */
const apart = (z: Tensor): Tensor =>
  z.abs().add([0.1, 1.2, -1.3, 2.4, -2.5, 3.6]).mul([1, -1, 1, -1, 1, 1]);
/** Positive definite. */
const matrix = (x: Tensor): Tensor =>
  outer(x.slice(0, 2), x.slice(2, 4)).tanh().add([[3, 0], [0, 3]]);
const rows = (x: Tensor): Tensor => x.reshape([2, 3]);

/** Σ xᵢ³ outside of the language. */
const blackBox = hostFunction(
  (x) => x.reduce((sum, each) => sum + each * each * each, 0),
  (x) => x.map((each) => 3 * each * each),
);

/** A function through each primitive that has a gradient; nothing for those that have none. */
const primitives: RuleTable<Case | undefined> = {
  neg: { f: (x) => x.neg() },
  abs: { f: (x) => x.abs(), at: apart },
  sqrt: { f: (x) => x.sqrt(), at: positive },
  exp: { f: (x) => x.exp() },
  log: { f: (x) => x.log(), at: positive },
  log1p: { f: (x) => x.log1p(), at: positive },
  expm1: { f: (x) => x.expm1() },
  sin: { f: (x) => x.sin() },
  cos: { f: (x) => x.cos() },
  tanh: { f: (x) => x.tanh() },
  sigmoid: { f: (x) => x.sigmoid() },
  softplus: { f: (x) => x.softplus() },
  tan: { f: (x) => tan(x.tanh()) },
  atan: { f: (x) => atan(x) },
  erf: { f: (x) => erf(x) },
  erfc: { f: (x) => erfc(x) },
  erfcx: { f: (x) => erfcx(x.mul(0.5)) },
  logNormalCdf: { f: (x) => logNormalCdf(x.mul(2)) },
  lgamma: { f: (x) => lgamma(x.mul(3)), at: positive },
  add: { f: (x) => x.add(x.sin()) },
  sub: { f: (x) => x.sin().sub(x) },
  mul: { f: (x) => x.mul(x.sin()) },
  div: { f: (x) => x.sin().div(x), at: positive },
  min: { f: (x) => x.minimum(x.square()), at: apart },
  max: { f: (x) => x.maximum(x.square()), at: apart },
  // The quotients stay away from whole numbers: 0.25 to 0.75 of the divisor.
  mod: { f: (x) => mod(x.tanh().mul(0.25).add([0.5, 1.5, -0.5, 2.5, -1.5, 0.5]).mul(x), x) },
  logAddExp: { f: (x) => logAddExp(x.mul(3), x.square().sub(1)) },
  atan2: { f: (x) => atan2(x, x.square().sub(0.5)), at: apart },
  select: { f: (x) => where(x.less(0), x.sin(), x.exp()), at: apart },
  sum: { f: (x) => rows(x).sum(0).square() },
  maximum: { f: (x) => rows(x).square().max(1), at: apart },
  minimum: { f: (x) => rows(x).square().min(0), at: apart },
  broadcast: { f: (x) => x.reshape([1, 6, 1]).broadcastTo([2, 6, 3]).sin() },
  reshape: { f: (x) => x.reshape([3, 2]).sin() },
  transpose: { f: (x) => x.reshape([3, 1, 2]).transpose([2, 0, 1]).sin() },
  slice: { f: (x) => x.slice(1, 6, { step: 2 }).sin() },
  place: { f: (x) => apply("place", { shape: [14], start: [2], step: [2] }, [x])[0].sin() },
  gather: { f: (x) => x.take([[0, 5, 2], [2, 2, 1]]).sin() },
  scatterAdd: {
    f: (x) =>
      apply("scatterAdd", { axis: 0, length: 4 }, [tensor([0, 3, 0, 0, 1, 3]).as("u32"), x])[0]
        .sin(),
  },
  cholesky: { f: (x) => cholesky(matrix(x)) },
  choleskyGradient: {
    f: (x) => apply("choleskyGradient", {}, [cholesky(matrix(x)), matrix(x).sin()])[0],
  },
  triangularSolve: {
    f: (x) =>
      apply("triangularSolve", { lower: true, transpose: false }, [
        matrix(x),
        x.reshape([2, 3]),
      ])[0],
  },
  scan: { f: (x) => repeatLoop(3, (y: Tensor) => y.mul(x).sin(), x) },
  concat: { f: (x) => concat([x.sin(), x.slice(2, 4), x]).square() },
  host: { f: (x) => blackBox(x.sin()).mul(x).square() },
  // Constant, piecewise constant or of another type.
  constant: undefined,
  floor: undefined,
  sign: undefined,
  bitAnd: undefined,
  bitOr: undefined,
  bitXor: undefined,
  shiftLeft: undefined,
  shiftRight: undefined,
  less: undefined,
  lessEqual: undefined,
  equal: undefined,
  and: undefined,
  or: undefined,
  not: undefined,
  convert: undefined,
  threefry: undefined,
  boxMuller: undefined,
  stopGradient: undefined,
  digamma: { f: (x) => digamma(x), at: positive },
  // Refused.
  trigamma: undefined,
};

for (const [primitive, test] of Object.entries(primitives)) {
  if (test === undefined) continue;
  Deno.test(`grad() through ${primitive} agrees with central differences`, () => {
    const program = trace((x) => [test.f(x)], [{ dtype: "f64", shape: [6] }]);
    const written = program.equations.map((equation) => equation.primitive);
    assert.ok(written.includes(primitive as Primitive), `only ${written}`);
    assertGradient(test, primitive);
  });
}

const composed: { readonly [name: string]: Case } = {
  "square()": { f: (x) => x.square() },
  "reciprocal()": { f: (x) => x.reciprocal(), at: positive },
  "pow(3)": { f: (x) => x.pow(3) },
  "pow(8)": { f: (x) => x.pow(8) },
  "pow(-2)": { f: (x) => x.pow(-2), at: positive },
  "pow(2.5)": { f: (x) => x.pow(2.5), at: positive },
  "pow(-0.5)": { f: (x) => x.pow(-0.5), at: positive },
  "pow(0.3)": { f: (x) => x.pow(0.3), at: positive },
  "pow(tensor)": { f: (x) => x.pow(x.sin()), at: positive },
  "pow(0)": { f: (x) => x.pow(0).add(x) },
  "mean()": { f: (x) => rows(x).square().mean(-1) },
  "norm()": { f: (x) => x.norm() },
  "dot(), vector with vector": { f: (x) => x.dot(x.sin()) },
  "dot(), matrix with vector": { f: (x) => rows(x).dot(x.slice(0, 3)) },
  "dot(), vector with matrix": { f: (x) => x.slice(0, 2).dot(rows(x)) },
  "dot(), matrix with matrix": { f: (x) => rows(x).dot(rows(x).transpose()) },
  "at()": { f: (x) => rows(x).at(-1).sin().add(rows(x).at(0, 1)) },
  "slice(), from the end": { f: (x) => rows(x).slice(-2, undefined, { axis: 1 }).exp() },
  "a constant minus": { f: (x) => tensor(1).sub(x) },
  "div() by a constant": { f: (x) => x.div([3, 7, 0.1, 2, 5, 11]) },
  "a constant div()": { f: (x) => tensor(2).div(x), at: positive },
  "logSumExp()": { f: (x) => logSumExp(x) },
  "logSumExp() over an axis": { f: (x) => logSumExp(rows(x).mul(3), 1) },
  "softmax()": { f: (x) => softmax(rows(x), 0) },
  "prod()": { f: (x) => prod(x) },
  "prod() over an axis": { f: (x) => prod(rows(x), 1).square() },
  "cumulativeSum()": { f: (x) => cumulativeSum(x).sin() },
  "cumulativeSum() along an axis": { f: (x) => cumulativeSum(rows(x), 0).square() },
  "clamp()": { f: (x) => clamp(x, -0.9, 1.1), at: apart },
  "outer()": { f: (x) => outer(x.slice(0, 2), x) },
  "stack()": { f: (x) => stack([x.sin(), x.square()], 1) },
  "broadcasting of both": { f: (x) => rows(x).at(0).mul(rows(x).slice(0, 1, { axis: 1 })) },
  "where() with a plain number": { f: (x) => where(x.greater(0), x, 0.1).exp(), at: apart },
  "the Gaussian log density with scale": {
    f: (x) => x.sub(x.at(0)).div(x.at(1).exp()).square().mul(-0.5).sub(x.at(1)),
  },
};

for (const [name, test] of Object.entries(composed)) {
  Deno.test(`grad() of ${name} agrees with central differences`, () => assertGradient(test, name));
}

Deno.test("grad() of grad() is the second derivative", () => {
  const third = grad((x) => grad((y) => y.pow(4).sum())(x).sum());
  const x = normal(key(1), [5]);
  third(x).data.forEach((value, i) => {
    assert.ok(Math.abs(value - 12 * x.data[i] ** 2) < 1e-12);
  });
});

Deno.test("grad() sees through nothing that is marked with stopGradient()", () => {
  const slope = grad((x) => x.mul(x.stopGradient()).sum());
  assert.deepEqual(slope(tensor([2, -3])).toArray(), [2, -3]);
  assert.deepEqual(grad((x) => x.square().stopGradient().sum())([1, 2]).toArray(), [0, 0]);
});

Deno.test("gradients at kinks are the documented ones", () => {
  const at = (f: F, x: number[]): unknown => grad(f)(tensor(x)).toArray();
  assert.deepEqual(at((x) => x.norm(), [0, 0]), [0, 0]);
  assert.deepEqual(at((x) => x.sqrt().sum(), [0, 4]), [0, 0.25]);
  assert.deepEqual(at((x) => x.abs().sum(), [0, -0, -2, 3]), [0, 0, -1, 1]);
  assert.deepEqual(at((x) => x.floor().sum(), [0.5, 2]), [0, 0]);
  assert.deepEqual(at((x) => x.max(), [1, 3, 3, 2]), [0, 0.5, 0.5, 0]);
  assert.deepEqual(at((x) => x.min(), [1, 1, 1, 2]), [1 / 3, 1 / 3, 1 / 3, 0]);
  assert.deepEqual(at((x) => x.maximum(1).sum(), [1, 0, 2]), [0.5, 0, 1]);
  assert.deepEqual(at((x) => x.minimum(x).sum(), [1]), [1]);
  assert.deepEqual(at((x) => x.softplus().sum(), [0, 800, -800]), [0.5, 1, 0]);
});

Deno.test("the gradient of a root below zero is NaN, as is the root", () => {
  assert.ok(Number.isNaN(grad((x) => x.sqrt())(-1).item()));
});

Deno.test("a large exponent leaves no NaN in the gradient of logSumExp()", () => {
  const slope = grad((x) => logSumExp(x));
  assert.deepEqual(slope([1e4, 0, -Infinity]).toArray(), [1, 0, 0]);
});

Deno.test("valueAndGradient() gives zeros for what does not count", () => {
  const type = { dtype: "f64" as const, shape: [2] };
  const program = trace((x, _y) => [x.sum()], [type, type]);
  const [value, first, second] = applyProgram(valueAndGradient(program), [
    tensor([1, 2]),
    tensor([3, 4]),
  ]);
  assert.equal(value.item(), 3);
  assert.deepEqual(first.toArray(), [1, 1]);
  assert.deepEqual(second.toArray(), [0, 0]);
});

Deno.test("valueAndGradient() passes over inputs that are not floats", () => {
  const program = trace((x, n) => [x.mul(n.as("f64")).sum()], [
    { dtype: "f64", shape: [2] },
    { dtype: "u32", shape: [2] },
  ]);
  const inputs = [tensor([1, 2]), tensor([3, 5]).as("u32")];
  const results = applyProgram(valueAndGradient(program), inputs);
  assert.deepEqual(results.map((result) => result.toArray()), [13, [3, 5]]);
});

Deno.test("grad() refuses loops of an unknown number of turns, whichever of their results counts", () => {
  const refused = /Cannot differentiate through a loop whose number of turns is not a constant/;
  const types = [{ dtype: "f64" as const, shape: [2] }, { dtype: "u32" as const, shape: [] }];
  for (const name of ["a", "b"] as const) {
    const program = trace((x, count) => {
      const step = ({ a, b }: { a: Tensor; b: Tensor }) => ({ a: a.mul(2), b: b.add(a) });
      return [repeatLoop(count, step, { a: x, b: x })[name].sum()];
    }, types);
    assert.throws(() => valueAndGradient(program), refused);
  }
});

Deno.test("grad() accepts loops that the gradient need not pass through", () => {
  const constant = grad((x) => x.mul(repeatLoop(3, (y: Tensor) => y.mul(2), tensor(1))).sum());
  assert.deepEqual(constant([1, 2]).toArray(), [8, 8]);
  const marked = grad((x) =>
    x.mul(repeatLoop(3, (y: Tensor) => y.mul(2), x.stopGradient()).stopGradient()).sum()
  );
  assert.deepEqual(marked([1, 2]).toArray(), [8, 16]);
});

Deno.test("grad() says what is wrong with a function", () => {
  assert.throws(() => grad((x) => x)([1, 2]), {
    name: "TypeError",
    message: /it gave back a tensor of shape \[2\] instead of a scalar; add up its terms/,
  });
  const forgetful = (() => {}) as unknown as F;
  assert.throws(() => grad(forgetful)([1]), {
    name: "TypeError",
    message: /it gave back undefined \(is a `return` missing\?\) instead of a scalar tensor/,
  });
  assert.throws(() => grad((x) => x.sum())(tensor(true)), {
    name: "TypeError",
    message: /Cannot apply grad to bool\[\]/,
  });
});

Deno.test("grad() of a function that gives a plain number is zero", () => {
  assert.deepEqual(grad(() => 3)([1, 2]).toArray(), [0, 0]);
});

Deno.test("every method that gives a tensor of floats is differentiated here", () => {
  const elsewhere = ["constructor", "item", "toArray", "toString", "not", "and", "or"];
  const text = [...Object.values(primitives), ...Object.values(composed)].map((test) =>
    `${test?.f}`
  ).join();
  for (const name of Object.getOwnPropertyNames(Tensor.prototype)) {
    const { value } = Object.getOwnPropertyDescriptor(Tensor.prototype, name) ?? {};
    if (typeof value !== "function" || elsewhere.includes(name)) continue;
    const boolean = /^(less|greater|equal|isFinite)/.test(name);
    const constant = ["floor", "as", "stopGradient"].includes(name);
    assert.ok(boolean || constant || text.includes(`.${name}(`), `${name}() is in no case`);
  }
});

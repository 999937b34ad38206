/**
 * Reverse-mode differentiation, from program to program.
 *
 * @module
 */
import { dependents, influences } from "./dependents.ts";
import type { Point, PullBackPoint, Rule } from "./gradient_rule.ts";
import { MissingGradient } from "../host_call.ts";
import type { Equation, Primitive, Program } from "../program.ts";
import { inputTypes, isOf, outputTypes } from "../program.ts";
import { where } from "../operations.ts";
import { typeError } from "../mismatch.ts";
import { scanGradient, withHistory } from "./scan_gradient.ts";
import { shapeText } from "../shape.ts";
import { specialRules } from "./special_gradients.ts";
import { choleskyGradientSlopes, triangularSolveGradient } from "./triangular_gradients.ts";
import { apply, fill, fromArray, type Tensor, tensor, type TensorLike } from "../tensor.ts";
import { applyProgram, expectScalar, trace, traced } from "../trace.ts";

const NONE = (): readonly undefined[] => [];

/** Puts reduced axes back and repeats over them. */
function spread(reduced: Tensor, shape: readonly number[], axes: readonly number[]): Tensor {
  const kept = shape.map((length, axis) => axes.includes(axis) ? 1 : length);
  return reduced.reshape(kept).broadcastTo(shape);
}

function extreme(
  { cotangent, result, operands: [x], parameters: { axes } }: Point<"maximum" | "minimum">,
): Tensor[] {
  const hit = x.equal(spread(result, x.shape, axes)).as("f64");
  const share = cotangent.div(hit.sum(axes));
  return [spread(share, x.shape, axes).mul(hit)];
}

/** Of two equal operands each takes half. */
function choice({ cotangent, result, operands }: Point<"min" | "max">): Tensor[] {
  const [a, b] = operands.map((x) => x.equal(result).as("f64"));
  const share = cotangent.div(a.add(b));
  return [share.mul(a), share.mul(b)];
}

const rules: { [P in Primitive]: Rule<P> } = {
  constant: NONE,
  neg: ({ cotangent }) => [cotangent.neg()],
  abs: ({ cotangent, operands: [x] }) => [
    where(x.less(0), cotangent.neg(), where(x.equal(0), 0, cotangent)),
  ],
  sqrt: ({ cotangent, result }) => [
    // At 0 the slope is infinite; 0 is the choice that keeps norms differentiable in practice.
    where(result.equal(0), 0, cotangent.mul(0.5).div(result)),
  ],
  floor: NONE,
  exp: ({ cotangent, result }) => [cotangent.mul(result)],
  log: ({ cotangent, operands: [x] }) => [cotangent.div(x)],
  log1p: ({ cotangent, operands: [x] }) => [cotangent.div(x.add(1))],
  expm1: ({ cotangent, result }) => [cotangent.mul(result.add(1))],
  sin: ({ cotangent, operands: [x] }) => [cotangent.mul(x.cos())],
  cos: ({ cotangent, operands: [x] }) => [cotangent.mul(x.sin()).neg()],
  tanh: ({ cotangent, result }) => [cotangent.sub(cotangent.mul(result.square()))],
  sigmoid: ({ cotangent, result }) => [
    cotangent.mul(result.sub(result.square())),
  ],
  softplus: ({ cotangent, operands: [x] }) => [cotangent.mul(x.sigmoid())],
  ...specialRules,

  add: ({ cotangent }) => [cotangent, cotangent],
  sub: ({ cotangent }) => [cotangent, cotangent.neg()],
  mul: ({ cotangent, operands: [a, b] }) =>
    // A square is common: one product instead of two and a sum.
    a === b ? [cotangent.mul(2).mul(a), undefined] : [cotangent.mul(b), cotangent.mul(a)],
  div: ({ cotangent, result, operands: [, b] }) => {
    const first = cotangent.div(b);
    return [first, first.mul(result).neg()];
  },
  min: choice,
  max: choice,
  bitAnd: NONE,
  bitOr: NONE,
  bitXor: NONE,
  shiftLeft: NONE,
  shiftRight: NONE,
  less: NONE,
  lessEqual: NONE,
  equal: NONE,
  and: NONE,
  or: NONE,
  not: NONE,
  select: ({ cotangent, operands: [mask] }) => [
    undefined,
    // −0 is what a sum does not see.
    where(mask, cotangent, -0),
    where(mask, -0, cotangent),
  ],
  convert: NONE,

  sum: ({ cotangent, operands: [x], parameters: { axes } }) => [spread(cotangent, x.shape, axes)],
  maximum: extreme,
  minimum: extreme,

  broadcast: ({ cotangent, operands: [x], parameters: { shape, axes } }) => {
    const repeated = shape.map((_, axis) => axis).filter((axis) => {
      const from = axes.indexOf(axis);
      return from < 0 || x.shape[from] !== shape[axis];
    });
    return [cotangent.sum(repeated).reshape(x.shape)];
  },
  reshape: ({ cotangent, operands: [x] }) => [cotangent.reshape(x.shape)],
  transpose: ({ cotangent, parameters: { permutation } }) => [
    cotangent.transpose(permutation.map((_, axis) => permutation.indexOf(axis))),
  ],
  slice: ({ cotangent, operands: [x], parameters: { start, step } }) =>
    apply("place", { shape: x.shape, start, step }, [cotangent]),
  place: ({ cotangent, operands: [x], parameters: { start, step } }) => {
    const stop = start.map((from, axis) => from + (x.shape[axis] - 1) * step[axis] + 1);
    return apply("slice", { start, stop, step }, [cotangent]);
  },
  concat: ({ cotangent, operands, parameters: { axis } }) => {
    let from = 0;
    return operands.map(({ shape }) => {
      const part = cotangent.slice(from, from + shape[axis], { axis });
      from += shape[axis];
      return part;
    });
  },
  gather: ({ cotangent, operands: [x, indices], parameters: { axis } }) =>
    apply("scatterAdd", { axis, length: x.shape[axis] }, [indices, cotangent]),
  scatterAdd: ({ cotangent, operands: [indices], parameters: { axis } }) => [
    undefined,
    ...apply("gather", { axis }, [cotangent, indices]),
  ],
  cholesky: ({ cotangent, result }) => apply("choleskyGradient", {}, [result, cotangent]),
  choleskyGradient: (point) => choleskyGradientSlopes(point, pullBack),
  triangularSolve: triangularSolveGradient,
  threefry: NONE,
  boxMuller: NONE,
  scan: (point) => scanGradient(point, pullBack),
  host: ({ cotangent, operands: [x], parameters: { host, output } }) => {
    if (output === "gradient" || host.gradient === undefined) {
      throw new MissingGradient(host, output);
    }
    return [cotangent.mul(apply("host", { host, output: "gradient" }, [x])[0])];
  },
  stopGradient: NONE,
};

/**
 * The program that gives a scalar function's value and its gradient.
 *
 * @param program A program with one output, an f64 scalar.
 * @returns A program with the same inputs; its outputs are the value and, for each f64 input, the
 * gradient in the shape of the input.
 * @throws {TypeError} If the output is not a scalar.
 * @throws {MissingGradient} If it depends on a host function that has no gradient.
 *
 * Source: reverse accumulation, Linnainmaa 1970; as program transformation, Frostig, Johnson &
 * Leary, "Compiling machine learning programs via high-level tracing", SysML 2018.
 */
export function valueAndGradient(program: Program): Program {
  const [type] = outputTypes(program);
  if (type.shape.length !== 0 || type.dtype !== "f64") {
    throw new TypeError(
      `Cannot take the gradient of a function with results ${type.dtype}${shapeText(type.shape)}` +
        ": a scalar is needed",
    );
  }
  const types = inputTypes(program);
  const wanted = types.map(({ dtype }) => dtype === "f64");
  return trace((...inputs) => {
    const run = forwards(program, inputs, wanted);
    const cotangents = backwards(run, [traced(fill([], 1))]);
    const floats = inputs.flatMap(({ shape }, i) =>
      wanted[i] ? [cotangents[i] ?? fill(shape, 0)] : []
    );
    return [run.values[program.outputs[0]], ...floats];
  }, types);
}

/** A program at its inputs. */
interface Run {
  readonly program: Program;
  /** All its values, by number. */
  readonly values: readonly Tensor[];
  /** The values that change with what is differentiated by. */
  readonly varies: ReadonlySet<number>;
  /** What scans carried, by equation. */
  readonly histories: ReadonlyMap<Equation, readonly Tensor[]>;
}

/** Writes a program into the trace under way, with all that its gradient needs. */
function forwards(program: Program, inputs: readonly Tensor[], wanted: readonly boolean[]): Run {
  const values = new Array<Tensor>(program.types.length);
  const varies = dependents(program, wanted);
  const reach = influences(program);
  const histories = new Map<Equation, readonly Tensor[]>();
  program.inputs.forEach((id, i) => values[id] = inputs[i]);
  for (const equation of program.equations) {
    const { primitive, parameters, operands, results } = equation;
    const given = operands.map((id) => values[id]);
    let computed: readonly Tensor[];
    if (isOf(equation, "constant")) computed = [fromArray(equation.parameters.value)];
    else if (
      isOf(equation, "scan") && equation.parameters.length !== undefined &&
      results.some((id) => varies.has(id) && reach.has(id))
    ) {
      computed = apply("scan", withHistory(equation.parameters), given);
      histories.set(equation, computed.slice(results.length).map(traced));
    } else computed = apply(primitive, parameters as never, given);
    results.forEach((id, i) => values[id] = traced(computed[i]));
  }
  return { program, values, varies, histories };
}

/** From the cotangents of the outputs of a run to those of its inputs. */
function backwards(
  { program, values, varies, histories }: Run,
  seeds: readonly (Tensor | undefined)[],
): (Tensor | undefined)[] {
  const cotangents = new Array<Tensor | undefined>(program.types.length);
  const add = (id: number, part: Tensor | undefined): void => {
    if (part === undefined || !varies.has(id)) return;
    cotangents[id] = cotangents[id]?.add(part) ?? part;
  };
  program.outputs.forEach((id, i) => add(id, seeds[i]));
  for (const equation of program.equations.toReversed()) {
    const { primitive, parameters, operands, results } = equation;
    const reached = results.find((id) => varies.has(id) && cotangents[id] !== undefined);
    if (reached === undefined) continue;
    const rule = rules[primitive] as Rule<never>;
    const parts = rule({
      cotangent: cotangents[reached] as Tensor,
      result: values[reached],
      operands: operands.map((id) => values[id]),
      parameters: parameters as never,
      cotangents: results.map((id) => cotangents[id]),
      wanted: operands.map((id) => varies.has(id)),
      history: histories.get(equation) ?? [],
    });
    parts.forEach((part, i) => add(operands[i], part));
  }
  return program.inputs.map((id) => cotangents[id]);
}

function pullBack(
  program: Program,
  { inputs, wanted, cotangents }: PullBackPoint,
): readonly (Tensor | undefined)[] {
  return backwards(forwards(program, inputs, wanted), cotangents);
}

/**
 * The gradient of a scalar function of one tensor.
 *
 * @param f The function; it must give a scalar, and may not use traced tensors other than its argument.
 * @returns A function that gives the gradient, in the shape of its argument.
 * @throws {TypeError} If `f` gives something other than a scalar.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { grad, tensor } from "@tributary/tributary";
 *
 * const slope = grad((x) => x.square().sum());
 * assert.deepEqual(slope(tensor([1, 2])).toArray(), [2, 4]);
 * ```
 */
export function grad(f: (x: Tensor) => TensorLike): (x: TensorLike) => Tensor {
  return (x) => {
    const at = tensor(x);
    if (at.dtype !== "f64") throw typeError("grad", at);
    const program = trace((y) => [expectScalar(f(y), "this function")], [at]);
    // What nothing was added to is −0 up to here.
    return applyProgram(valueAndGradient(program), [at])[1].add(0);
  };
}

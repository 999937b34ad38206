/**
 * The interpreter: what every primitive computes, on concrete arrays. It is the reference that all
 * compiled backends must equal, the WebAssembly one bit for bit.
 *
 * @module
 */
import { threefryInto } from "../random/threefry.ts";
import { atan, atan2 } from "./arc_tangent.ts";
import { numberArithmetic as on } from "./arithmetic.ts";
import * as elementary from "./elementary.ts";
import { erf, erfc, erfcx, logNormalCdf } from "./error_function.ts";
import { digamma, lgamma, trigamma } from "./gamma_function.ts";
import { gathered, scattered } from "./indexed_values.ts";
import type {
  ArrayData,
  ArrayValue,
  Binary,
  Primitive,
  PrimitiveParameters,
  Program,
  Reduction,
  RuleTable,
  Unary,
  ValueType,
} from "./program.ts";
import { mod, sign } from "./remainder.ts";
import { scanned } from "./scan_values.ts";
import {
  allocate,
  broadcastOffsets,
  offsetsOf,
  reductionOffsets,
  sizeOf,
  stridesOf,
} from "./shape.ts";
import { choleskyGradientOf, choleskyOf, solved } from "./triangular_values.ts";

type Rule = (
  operands: readonly ArrayValue[],
  parameters: never,
  results: readonly ValueType[],
) => readonly ArrayData[];

const unary: { [P in Unary]: (x: number) => number } = {
  neg: (x) => -x,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  exp: (x) => elementary.exp(on, x),
  log: (x) => elementary.log(on, x),
  log1p: (x) => elementary.log1p(on, x),
  expm1: (x) => elementary.expm1(on, x),
  sin: (x) => elementary.sin(on, x),
  cos: (x) => elementary.cos(on, x),
  tanh: (x) => elementary.tanh(on, x),
  sigmoid: (x) => elementary.sigmoid(on, x),
  softplus: (x) => elementary.softplus(on, x),
  sign: (x) => sign(on, x),
  tan: (x) => elementary.tan(on, x),
  atan: (x) => atan(on, x),
  erf: (x) => erf(on, x),
  erfc: (x) => erfc(on, x),
  erfcx: (x) => erfcx(on, x),
  logNormalCdf: (x) => logNormalCdf(on, x),
  lgamma: (x) => lgamma(on, x),
  digamma: (x) => digamma(on, x),
  trigamma: (x) => trigamma(on, x),
};

/** Results are stored in an array of the result's type, which wraps u32 and makes bools 0 or 1. */
const binary: { [P in Binary]: (a: number, b: number) => number } = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  // Both carry a NaN on and order −0 before +0, as WebAssembly's instructions do.
  min: Math.min,
  max: Math.max,
  mod: (a, b) => mod(on, a, b),
  atan2: (a, b) => atan2(on, a, b),
  bitAnd: (a, b) => a & b,
  bitOr: (a, b) => a | b,
  bitXor: (a, b) => a ^ b,
  shiftLeft: (a, b) => a << b,
  shiftRight: (a, b) => a >>> b,
  less: (a, b) => a < b ? 1 : 0,
  lessEqual: (a, b) => a <= b ? 1 : 0,
  equal: (a, b) => a === b ? 1 : 0,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
};

/** The first value of a sum is −0, since −0 + x is x to the bit for every x. */
const reduce: { [P in Reduction]: { first: number; next: (a: number, b: number) => number } } = {
  sum: { first: -0, next: (a, b) => a + b },
  maximum: { first: -Infinity, next: Math.max },
  minimum: { first: Infinity, next: Math.min },
};

function unaryRule(f: (x: number) => number): Rule {
  return ([x], _, [type]) => {
    const out = allocate(type.dtype, x.data.length);
    for (let i = 0; i < out.length; i++) out[i] = f(x.data[i]);
    return [out];
  };
}

function binaryRule(f: (a: number, b: number) => number): Rule {
  return ([a, b], _, [type]) => {
    const out = allocate(type.dtype, a.data.length);
    for (let i = 0; i < out.length; i++) out[i] = f(a.data[i], b.data[i]);
    return [out];
  };
}

function mulRule(operands: readonly ArrayValue[], _: never, [type]: readonly ValueType[]) {
  const [a, b] = operands;
  const out = allocate(type.dtype, a.data.length);
  // A product of two u32 passes 2⁵³, so that a float product would lose its low bits.
  const f = type.dtype === "u32" ? Math.imul : binary.mul;
  for (let i = 0; i < out.length; i++) out[i] = f(a.data[i], b.data[i]);
  return [out];
}

function reductionRule({ first, next }: typeof reduce[Reduction]): Rule {
  return ([x], { axes }: PrimitiveParameters[Reduction], [type]) => {
    // An empty sum is 0, not −0.
    const out = allocate(type.dtype, sizeOf(type.shape)).fill(
      x.data.length === 0 ? first + 0 : first,
    );
    const to = reductionOffsets(x.shape, axes);
    for (let i = 0; i < to.length; i++) out[to[i]] = next(out[to[i]], x.data[i]);
    return [out];
  };
}

/** Towards 0, and to the nearest word where there is none; 0 for NaN: as WebAssembly's trunc_sat. */
function toWord(x: number): number {
  if (!(x > 0)) return 0;
  return Math.min(Math.floor(x), 2 ** 32 - 1);
}

function take(data: ArrayData, offsets: Int32Array, type: ValueType): ArrayData {
  const out = allocate(type.dtype, offsets.length);
  for (let i = 0; i < offsets.length; i++) out[i] = data[offsets[i]];
  return out;
}

function strided(shape: readonly number[], start: readonly number[], step: readonly number[]) {
  const own = stridesOf(shape);
  const offset = start.reduce((sum, from, axis) => sum + from * own[axis], 0);
  return { strides: own.map((stride, axis) => stride * step[axis]), offset };
}

function mapRules<K extends string, T>(table: { [P in K]: T }, make: (entry: T) => Rule) {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => [name, make(entry as T)]),
  ) as { [P in K]: Rule };
}

const rules: RuleTable<Rule> = {
  ...mapRules(unary, unaryRule),
  ...mapRules(binary, binaryRule),
  ...mapRules(reduce, reductionRule),
  mul: mulRule,
  not: unaryRule((x) => 1 - x),
  constant: (_, { value }: PrimitiveParameters["constant"]) => [value.data],
  select: ([mask, a, b], _, [type]) => {
    const out = allocate(type.dtype, mask.data.length);
    for (let i = 0; i < out.length; i++) out[i] = mask.data[i] ? a.data[i] : b.data[i];
    return [out];
  },
  convert: ([x], _, [type]) => {
    const out = allocate(type.dtype, x.data.length);
    if (type.dtype === "bool") out.set(x.data.map((entry) => entry === 0 ? 0 : 1));
    else if (type.dtype === "u32") out.set(x.data.map(toWord));
    else out.set(x.data);
    return [out];
  },
  broadcast: ([x], { shape, axes }: PrimitiveParameters["broadcast"], [type]) => [
    take(x.data, broadcastOffsets(x.shape, shape, axes), type),
  ],
  reshape: ([x]) => [x.data],
  transpose: ([x], { permutation }: PrimitiveParameters["transpose"], [type]) => {
    const own = stridesOf(x.shape);
    return [take(x.data, offsetsOf(type.shape, permutation.map((axis) => own[axis])), type)];
  },
  slice: ([x], { start, step }: PrimitiveParameters["slice"], [type]) => {
    const { strides, offset } = strided(x.shape, start, step);
    return [take(x.data, offsetsOf(type.shape, strides, offset), type)];
  },
  place: ([x], { start, step }: PrimitiveParameters["place"], [type]) => {
    const { strides, offset } = strided(type.shape, start, step);
    const out = allocate(type.dtype, sizeOf(type.shape));
    const to = offsetsOf(x.shape, strides, offset);
    for (let i = 0; i < to.length; i++) out[to[i]] = x.data[i];
    return [out];
  },
  concat: (operands, { axis }: PrimitiveParameters["concat"], [type]) => {
    const out = allocate(type.dtype, sizeOf(type.shape));
    const own = stridesOf(type.shape);
    let from = 0;
    for (const operand of operands) {
      const to = offsetsOf(operand.shape, own, from * own[axis]);
      for (let i = 0; i < to.length; i++) out[to[i]] = operand.data[i];
      from += operand.shape[axis];
    }
    return [out];
  },
  gather: ([x, indices], { axis }: PrimitiveParameters["gather"], [type]) => [
    gathered(x, indices, axis, type),
  ],
  scatterAdd: ([indices, updates], { axis }: PrimitiveParameters["scatterAdd"], [type]) => [
    scattered(indices, updates, axis, type, on.add),
  ],
  cholesky: ([a]) => [choleskyOf(on, a)],
  choleskyGradient: ([l, cotangent]) => [choleskyGradientOf(on, l, cotangent)],
  triangularSolve: ([matrix, right], parameters: PrimitiveParameters["triangularSolve"]) => [
    solved(on, matrix, right, parameters),
  ],
  threefry: ([key, counters]) => {
    const out = new Uint32Array(2 * counters.data.length);
    counters.data.forEach((counter, i) =>
      threefryInto(out, 2 * i, key.data[0], key.data[1], 0, counter)
    );
    return [out];
  },
  scan: (operands, parameters: PrimitiveParameters["scan"], types) =>
    scanned(operands, parameters, types, evaluateProgram),
  stopGradient: ([x]) => [x.data],
};

/**
 * Computes one primitive on concrete operands.
 *
 * @param primitive The primitive.
 * @param parameters Its parameters.
 * @param operands Its operands.
 * @param results The types of its results.
 * @returns The results.
 */
export function evaluate<P extends Primitive>(
  primitive: P,
  parameters: PrimitiveParameters[P],
  operands: readonly ArrayValue[],
  results: readonly ValueType[],
): ArrayValue[] {
  const data = rules[primitive](operands, parameters as never, results);
  return results.map(({ dtype, shape }, i) => ({ dtype, shape, data: data[i] }));
}

/**
 * Runs a program on concrete inputs.
 *
 * @param program The program.
 * @param inputs One array per input, of the types that the program expects.
 * @returns One array per output.
 */
export function evaluateProgram(
  program: Program,
  inputs: readonly ArrayValue[],
): ArrayValue[] {
  const values = new Array<ArrayValue>(program.types.length);
  program.inputs.forEach((id, i) => values[id] = inputs[i]);
  for (const { primitive, parameters, operands, results } of program.equations) {
    const types = results.map((id) => program.types[id]);
    evaluate(primitive, parameters, operands.map((id) => values[id]), types)
      .forEach((value, i) => values[results[i]] = value);
  }
  return program.outputs.map((id) => values[id]);
}

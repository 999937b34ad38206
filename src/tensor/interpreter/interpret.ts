/**
 * The interpreter: what every primitive computes, on concrete arrays. It is the reference that all
 * compiled backends must equal, the WebAssembly one bit for bit.
 *
 * @module
 */
import { threefryInto } from "../../random/threefry.ts";
import {
  addBlock,
  BLOCK,
  blockedAxis,
  type BlockedSum,
  blockLength,
  closeBlocks,
  noBlocks,
} from "./blocked_sum.ts";
import { callHost } from "../host_call.ts";
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
} from "../program.ts";
import { UNARY } from "../program.ts";
import { applyUnary, type FloatFormat, formatOf, type Precision } from "../functions/precision.ts";
import { scanned } from "./scan_values.ts";
import {
  allocate,
  broadcastOffsets,
  offsetsOf,
  reductionOffsets,
  sizeOf,
  stridesOf,
} from "../shape.ts";
import { choleskyGradientOf, choleskyOf, solved } from "./triangular_values.ts";

type Rule = (
  operands: readonly ArrayValue[],
  parameters: never,
  results: readonly ValueType[],
  format: FloatFormat,
) => readonly ArrayData[];

/** Operations whose results the format of floats rounds. */
type Rounded = "add" | "sub" | "mul" | "div" | "mod" | "atan2" | "logAddExp";

/** Results are stored in an array of the result's type, which wraps u32 and makes bools 0 or 1. */
const binary: { [P in Exclude<Binary, Rounded>]: (a: number, b: number) => number } = {
  // Both carry a NaN on and order −0 before +0, as WebAssembly's instructions do.
  min: Math.min,
  max: Math.max,
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
const reduce: {
  [P in Reduction]: {
    first: number;
    next: (format: FloatFormat) => (a: number, b: number) => number;
  };
} = {
  sum: { first: -0, next: ({ arithmetic }) => arithmetic.add },
  maximum: { first: -Infinity, next: () => Math.max },
  minimum: { first: Infinity, next: () => Math.min },
};

function mapped(f: (x: number) => number, x: ArrayData, { dtype }: ValueType): [ArrayData] {
  const out = allocate(dtype, x.length);
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]);
  return [out];
}

function unaryRule(name: Unary): Rule {
  return ([x], _, [type], format) =>
    mapped((entry) => applyUnary(name, format, format.arithmetic, entry), x.data, type);
}

/** A rule for two operands, of floats in their format or of other types. */
function binaryRule(
  ofFloats: (format: FloatFormat) => (a: number, b: number) => number,
  others: (a: number, b: number) => number = ofFloats(formatOf("f64")),
): Rule {
  return ([a, b], _, [type], format) => {
    const f = a.dtype === "f64" ? ofFloats(format) : others;
    const out = allocate(type.dtype, a.data.length);
    for (let i = 0; i < out.length; i++) out[i] = f(a.data[i], b.data[i]);
    return [out];
  };
}

const roundedRules: { readonly [P in Rounded]: Rule } = {
  add: binaryRule(({ arithmetic }) => arithmetic.add),
  sub: binaryRule(({ arithmetic }) => arithmetic.sub),
  // A product of two u32 passes 2⁵³, so that a float product would lose its low bits.
  mul: binaryRule(({ arithmetic }) => arithmetic.mul, Math.imul),
  div: binaryRule(({ arithmetic }) => arithmetic.div),
  mod: binaryRule(({ arithmetic, binary }) => (a, b) => binary.mod(arithmetic, a, b)),
  logAddExp: binaryRule(({ arithmetic, binary }) => (a, b) => binary.logAddExp(arithmetic, a, b)),
  atan2: binaryRule(({ arithmetic, binary }) => (a, b) => binary.atan2(arithmetic, a, b)),
};

function reductionRule({ first, next }: typeof reduce[Reduction]): Rule {
  return ([x], { axes }: PrimitiveParameters[Reduction], [type], format) => {
    // An empty sum is 0, not −0.
    const out = allocate(type.dtype, sizeOf(type.shape)).fill(
      x.data.length === 0 ? first + 0 : first,
    );
    const to = reductionOffsets(x.shape, axes);
    const f = next(format);
    for (let i = 0; i < to.length; i++) out[to[i]] = f(out[to[i]], x.data[i]);
    return [out];
  };
}

/** Sums, long ones in single precision in blocks along the last reduced axis. */
function sumRule(...given: Parameters<Rule>): readonly ArrayData[] {
  const [[x], parameters, [type], { precision, arithmetic: on }] = given;
  const { axes }: PrimitiveParameters["sum"] = parameters;
  const terms = sizeOf(axes.map((axis) => x.shape[axis]));
  if (precision === "f64" || terms <= BLOCK) return reductionRule(reduce.sum)(...given);
  const along = blockedAxis(x.shape, axes);
  const place = offsetsOf(x.shape, x.shape.map((_, axis) => axis === along ? 1 : 0));
  const to = reductionOffsets(x.shape, axes);
  const size = sizeOf(type.shape);
  const line = x.shape[along];
  const length = blockLength(line);
  const sums = new Array<BlockedSum<number>>(size).fill(noBlocks(on));
  const blocks = new Float64Array(size);
  for (let i = 0; i < to.length; i++) {
    const k = to[i];
    blocks[k] = on.add(place[i] % length === 0 ? -0 : blocks[k], x.data[i]);
    const ends = place[i] % length === length - 1 || place[i] === line - 1;
    if (ends) sums[k] = addBlock(on, sums[k], blocks[k]);
  }
  return [Float64Array.from(sums, (sum) => closeBlocks(on, sum))];
}

/** Towards 0, and to the nearest word where there is none; 0 for NaN: as WebAssembly's trunc_sat. */
function toWord(x: number): number {
  if (!(x > 0)) return 0;
  return Math.min(Math.floor(x), 2 ** 32 - 1);
}

const roundedConstants = new WeakMap<ArrayData, ArrayData>();

/** An array in the floats of a format; a constant is rounded once. */
function roundedTo(format: FloatFormat, { dtype, data }: ArrayValue): ArrayData {
  if (dtype !== "f64" || format.precision === "f64") return data;
  const known = roundedConstants.get(data);
  if (known !== undefined) return known;
  const rounded = Float64Array.from(data, format.arithmetic.constant);
  roundedConstants.set(data, rounded);
  return rounded;
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
  ...Object.fromEntries(UNARY.map((name) => [name, unaryRule(name)])) as { [P in Unary]: Rule },
  ...mapRules(binary, (f) => binaryRule(() => f)),
  ...roundedRules,
  ...mapRules(reduce, reductionRule),
  sum: sumRule,
  not: ([x], _, [type]) => mapped((entry) => 1 - entry, x.data, type),
  constant: (_, { value }: PrimitiveParameters["constant"], __, format) => [
    roundedTo(format, value),
  ],
  select: ([mask, a, b], _, [type]) => {
    const out = allocate(type.dtype, mask.data.length);
    for (let i = 0; i < out.length; i++) out[i] = mask.data[i] ? a.data[i] : b.data[i];
    return [out];
  },
  convert: ([x], _, [type], { fromWord }) => {
    if (type.dtype === "f64" && x.dtype === "u32") return mapped(fromWord, x.data, type);
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
    // In arrays of words −0 is 0.
    const out = allocate(type.dtype, sizeOf(type.shape)).fill(-0);
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
  scatterAdd: (
    [indices, updates],
    { axis }: PrimitiveParameters["scatterAdd"],
    [type],
    { arithmetic },
  ) => [scattered(indices, updates, axis, type, arithmetic.add)],
  cholesky: ([a], _, __, { arithmetic }) => [choleskyOf(arithmetic, a)],
  choleskyGradient: ([l, cotangent], _, __, { arithmetic }) => [
    choleskyGradientOf(arithmetic, l, cotangent),
  ],
  triangularSolve: (
    [matrix, right],
    parameters: PrimitiveParameters["triangularSolve"],
    _,
    { arithmetic },
  ) => [solved(arithmetic, matrix, right, parameters)],
  threefry: ([key, counters]) => {
    const out = new Uint32Array(2 * counters.data.length);
    counters.data.forEach((counter, i) =>
      threefryInto(out, 2 * i, key.data[0], key.data[1], 0, counter)
    );
    return [out];
  },
  boxMuller: ([{ data }], _, __, { arithmetic, boxMuller, fromWord }) => {
    const out = new Float64Array(data.length);
    for (let i = 0; i < out.length; i += 2) {
      [out[i], out[i + 1]] = boxMuller(arithmetic, fromWord(data[i]), fromWord(data[i + 1]));
    }
    return [out];
  },
  scan: (operands, parameters: PrimitiveParameters["scan"], types, format) =>
    scanned(operands, parameters, types, (body, inputs) => evaluateEquations(body, inputs, format)),
  host: ([x], call: PrimitiveParameters["host"], [type], { arithmetic }) => {
    const out = new Float64Array(sizeOf(type.shape));
    callHost(call, (x.data as Float64Array).slice(), out);
    return mapped(arithmetic.constant, out, type);
  },
  stopGradient: ([x]) => [x.data],
};

/**
 * Computes one primitive on concrete operands.
 *
 * @param primitive The primitive.
 * @param parameters Its parameters.
 * @param operands Its operands, numbers of the format.
 * @param results The types of its results.
 * @param format The format of floats; f64 by default.
 * @returns The results.
 */
export function evaluate<P extends Primitive>(
  primitive: P,
  parameters: PrimitiveParameters[P],
  operands: readonly ArrayValue[],
  results: readonly ValueType[],
  format: FloatFormat = formatOf("f64"),
): ArrayValue[] {
  const data = rules[primitive](operands, parameters as never, results, format);
  return results.map(({ dtype, shape }, i) => ({ dtype, shape, data: data[i] }));
}

/**
 * Runs a program on concrete inputs.
 *
 * @param program The program.
 * @param inputs One array per input, of the types that the program expects.
 * @param precision How precise floats are; f64 by default. With f32 the inputs and constants are rounded
 * first, and every operation rounds its result.
 * @returns One array per output.
 */
export function evaluateProgram(
  program: Program,
  inputs: readonly ArrayValue[],
  precision: Precision = "f64",
): ArrayValue[] {
  const format = formatOf(precision);
  const rounded = inputs.map(({ dtype, shape, data }) => {
    const own = precision === "f32" && dtype === "f64";
    return { dtype, shape, data: own ? Float64Array.from(data, Math.fround) : data };
  });
  return evaluateEquations(program, rounded, format);
}

function evaluateEquations(
  program: Program,
  inputs: readonly ArrayValue[],
  format: FloatFormat,
): ArrayValue[] {
  const values = new Array<ArrayValue>(program.types.length);
  program.inputs.forEach((id, i) => values[id] = inputs[i]);
  for (const { primitive, parameters, operands, results } of program.equations) {
    const types = results.map((id) => program.types[id]);
    evaluate(primitive, parameters, operands.map((id) => values[id]), types, format)
      .forEach((value, i) => values[results[i]] = value);
  }
  return program.outputs.map((id) => values[id]);
}

/**
 * Code rules of the element-wise primitives.
 *
 * @module
 */
import { applyUnary, type FloatFormat } from "../tensor/functions/precision.ts";
import {
  type Binary,
  type DType,
  type PrimitiveParameters,
  UNARY,
  type Unary,
} from "../tensor/program.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { LaneType, Operation } from "./nest.ts";
import type { NestBuilder } from "./nest_builder.ts";
import type { Rule } from "./rule.ts";
import { apart, laneType, settle, type Target, UNROLLED } from "./value.ts";

/** Instructions of the functions that are more than a few, in double precision. */
const INSTRUCTIONS: { readonly [P in Unary | Binary]?: number } = {
  ...{ exp: 40, log: 45, log1p: 55, expm1: 40, sin: 55, cos: 55, tan: 55, tanh: 45 },
  ...{ sigmoid: 40, softplus: 75, atan: 60, erf: 135, erfc: 135, erfcx: 110 },
  ...{ logNormalCdf: 210, lgamma: 145, digamma: 180, trigamma: 100 },
  ...{ mod: 80, atan2: 80, logAddExp: 80 },
};
/** Functions of an array are written out up to so many instructions, and are a loop beyond. */
const WRITTEN_OUT_INSTRUCTIONS = 400;

function elementwise(
  compute: (target: Target, elements: readonly number[], dtype: DType) => number,
  name?: Unary | Binary,
): Rule {
  const cost = name === undefined ? 0 : INSTRUCTIONS[name] ?? 0;
  return (target, operands, _, [type]) => {
    const element = (index: readonly number[]): number =>
      compute(target, operands.map((operand) => operand.element(index)), operands[0].dtype);
    const size = sizeOf(type.shape);
    const isLong = size > 1 && size <= UNROLLED && cost * size > WRITTEN_OUT_INSTRUCTIONS;
    return [isLong ? apart(target, { ...type, element }) : settle(target, type, element)];
  };
}

function unaryRule(name: Unary): Rule {
  return elementwise(({ nest }, [x]) => applyUnary(name, nest.format, nest, x), name);
}

function formatted<P extends keyof FloatFormat["binary"]>(name: P): { readonly [N in P]: Rule } {
  const rule = elementwise(({ nest }, [a, b]) => nest.format.binary[name](nest, a, b), name);
  return { [name]: rule } as { readonly [N in P]: Rule };
}

interface Instructions {
  readonly float?: Operation;
  readonly word?: Operation;
  readonly result?: LaneType;
}

const binary: { readonly [P in Exclude<Binary, "mod" | "atan2" | "logAddExp">]: Instructions } = {
  add: { float: "add", word: "addWord" },
  sub: { float: "sub", word: "subWord" },
  mul: { float: "mul", word: "mulWord" },
  div: { float: "div" },
  min: { float: "min" },
  max: { float: "max" },
  bitAnd: { word: "andWord" },
  bitOr: { word: "orWord" },
  bitXor: { word: "xorWord" },
  shiftLeft: { word: "shiftLeftWord" },
  shiftRight: { word: "shiftRightWord" },
  less: { float: "less", word: "lessWord", result: "mask" },
  lessEqual: { float: "lessEqual", word: "lessEqualWord", result: "mask" },
  equal: { float: "equal", word: "equalWord", result: "mask" },
  and: { result: "mask" },
  or: { result: "mask" },
};

function binaryRule(name: keyof typeof binary): Rule {
  const { float, word, result } = binary[name];
  return elementwise(({ nest }, [a, b], dtype) => {
    if (name === "shiftLeft" || name === "shiftRight") {
      const { operation, immediate } = nest.at(b);
      if (operation !== "constantWord") {
        throw new TypeError("Cannot compile a shift of words by a distance that is not constant");
      }
      return nest.emit(word as Operation, "u32", [a], immediate % 32);
    }
    const operation = (dtype === "f64" ? float : dtype === "u32" ? word : name) as Operation;
    return nest.emit(operation, result ?? laneType(dtype), [a, b]);
  });
}

function named<K extends string>(table: { readonly [P in K]: unknown }, make: (name: K) => Rule) {
  return Object.fromEntries(Object.keys(table).map((name) => [name, make(name as K)])) as {
    [P in K]: Rule;
  };
}

const CONVERSIONS: { readonly [from in DType]: { readonly [to in DType]?: Operation } } = {
  f64: { u32: "floatToWord", bool: "floatToMask" },
  u32: { f64: "wordToFloat", bool: "wordToMask" },
  bool: { f64: "maskToFloat", u32: "maskToWord" },
};

/** Where a mask is true a, else b, of any type. */
export function chosen(nest: NestBuilder, mask: number, a: number, b: number): number {
  if (a === b) return a;
  const { type } = nest.at(a);
  if (type === "mask") return nest.or(nest.and(mask, a), nest.and(nest.not(mask), b));
  return type === "f64" ? nest.select(mask, a, b) : nest.emit("selectWord", "u32", [mask, a, b]);
}

/** Code rules of the element-wise primitives. */
export const elementwiseRules: {
  readonly [P in Unary | Binary | "not" | "select" | "convert"]: Rule;
} = {
  ...Object.fromEntries(UNARY.map((name) => [name, unaryRule(name)])) as { [P in Unary]: Rule },
  ...named(binary, binaryRule),
  ...formatted("mod"),
  ...formatted("atan2"),
  ...formatted("logAddExp"),
  not: elementwise(({ nest }, [x]) => nest.not(x)),
  select: elementwise(({ nest }, [mask, a, b]) => chosen(nest, mask, a, b)),
  convert: (target, [x], { dtype }: PrimitiveParameters["convert"], [type]) => {
    const operation = CONVERSIONS[x.dtype][dtype];
    if (operation === undefined) return [x];
    return [
      settle(
        target,
        type,
        (index) => target.nest.emit(operation, laneType(dtype), [x.element(index)]),
      ),
    ];
  },
};

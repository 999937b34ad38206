/**
 * Code rules of the element-wise primitives.
 *
 * @module
 */
import { atan, atan2 } from "../tensor/arc_tangent.ts";
import * as elementary from "../tensor/elementary.ts";
import { erf, erfc, erfcx, logNormalCdf } from "../tensor/error_function.ts";
import { digamma, lgamma, trigamma } from "../tensor/gamma_function.ts";
import type { Binary, DType, PrimitiveParameters, Unary } from "../tensor/program.ts";
import { mod, sign } from "../tensor/remainder.ts";
import type { LaneType, Operation } from "./nest.ts";
import type { Rule } from "./rule.ts";
import { laneType, settle, type Target } from "./value.ts";

function elementwise(
  compute: (target: Target, elements: readonly number[], dtype: DType) => number,
): Rule {
  return (target, operands, _, [type]) => [
    settle(
      target,
      type,
      (index) =>
        compute(target, operands.map((operand) => operand.element(index)), operands[0].dtype),
    ),
  ];
}

const unary: { readonly [P in Unary]: (target: Target, x: number) => number } = {
  neg: ({ nest }, x) => nest.neg(x),
  abs: ({ nest }, x) => nest.abs(x),
  sqrt: ({ nest }, x) => nest.sqrt(x),
  floor: ({ nest }, x) => nest.floor(x),
  exp: ({ nest }, x) => elementary.exp(nest, x),
  log: ({ nest }, x) => elementary.log(nest, x),
  log1p: ({ nest }, x) => elementary.log1p(nest, x),
  expm1: ({ nest }, x) => elementary.expm1(nest, x),
  sin: ({ nest }, x) => elementary.sin(nest, x),
  cos: ({ nest }, x) => elementary.cos(nest, x),
  tanh: ({ nest }, x) => elementary.tanh(nest, x),
  sigmoid: ({ nest }, x) => elementary.sigmoid(nest, x),
  softplus: ({ nest }, x) => elementary.softplus(nest, x),
  sign: ({ nest }, x) => sign(nest, x),
  tan: ({ nest }, x) => elementary.tan(nest, x),
  atan: ({ nest }, x) => atan(nest, x),
  erf: ({ nest }, x) => erf(nest, x),
  erfc: ({ nest }, x) => erfc(nest, x),
  erfcx: ({ nest }, x) => erfcx(nest, x),
  logNormalCdf: ({ nest }, x) => logNormalCdf(nest, x),
  lgamma: ({ nest }, x) => lgamma(nest, x),
  digamma: ({ nest }, x) => digamma(nest, x),
  trigamma: ({ nest }, x) => trigamma(nest, x),
};

interface Instructions {
  readonly float?: Operation;
  readonly word?: Operation;
  readonly result?: LaneType;
}

const binary: { readonly [P in Exclude<Binary, "mod" | "atan2">]: Instructions } = {
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

function mapRules<K extends string, T>(table: { readonly [P in K]: T }, make: (entry: T) => Rule) {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => [name, make(entry as T)]),
  ) as { [P in K]: Rule };
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

/** Code rules of the element-wise primitives. */
export const elementwiseRules: {
  readonly [P in Unary | Binary | "not" | "select" | "convert"]: Rule;
} = {
  ...mapRules(unary, (compute) => elementwise((target, [x]) => compute(target, x))),
  ...named(binary, binaryRule),
  mod: elementwise(({ nest }, [a, b]) => mod(nest, a, b)),
  atan2: elementwise(({ nest }, [y, x]) => atan2(nest, y, x)),
  not: elementwise(({ nest }, [x]) => nest.not(x)),
  select: elementwise(({ nest }, [mask, a, b]) => {
    if (a === b) return a;
    const { type } = nest.at(a);
    if (type === "mask") {
      return nest.or(nest.and(mask, a), nest.and(nest.not(mask), b));
    }
    return type === "f64" ? nest.select(mask, a, b) : nest.emit("selectWord", "u32", [mask, a, b]);
  }),
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

/**
 * How precise the floats of a program are where it runs: a program says "a float" (its type `f64`), and is
 * run with floats of 64 bits or, as an explicit choice, with floats of 32.
 *
 * @module
 */
import { atan, atan2 } from "./arc_tangent.ts";
import { type Arithmetic, numberArithmetic } from "./arithmetic.ts";
import { type BoxMuller, boxMuller } from "./box_muller.ts";
import * as elementary from "./elementary.ts";
import type { Elementary, ElementaryOfTwo } from "./elementary_forms.ts";
import { erf, erfc, erfcx, logNormalCdf } from "./error_function.ts";
import { digamma, lgamma, trigamma } from "./gamma_function.ts";
import type { Unary } from "../program.ts";
import { mod, sign } from "./remainder.ts";
import * as singleAngle from "./single/arc_tangent.ts";
import { singleArithmetic } from "./single/arithmetic.ts";
import { boxMuller as singleBoxMuller } from "./single/box_muller.ts";
import * as singleElementary from "./single/elementary.ts";
import * as singleError from "./single/error_function.ts";
import * as singleGamma from "./single/gamma_function.ts";
import * as singleRemainder from "./single/remainder.ts";

/** Floats of 64 bits, the default, or of 32. */
export type Precision = "f64" | "f32";

/** All precisions. */
export const PRECISIONS: readonly Precision[] = ["f64", "f32"];

/** The unary primitives that every arithmetic has as operations of its own. */
export type Basic = "neg" | "abs" | "sqrt" | "floor";

/** What the floats of one precision are, and how functions are computed with them. */
export interface FloatFormat {
  /** Its name. */
  readonly precision: Precision;
  /** Bytes of a float in memory. */
  readonly bytes: 4 | 8;
  /** The arithmetic on plain numbers. */
  readonly arithmetic: Arithmetic<number, boolean>;
  /** The float nearest to a word; of those that are words themselves, so that none becomes 2³². */
  readonly fromWord: (word: number) => number;
  /** Functions of one value. */
  readonly unary: { readonly [P in Exclude<Unary, Basic>]: Elementary };
  /** Functions of two values. */
  readonly binary: { readonly [P in "mod" | "atan2" | "logAddExp"]: ElementaryOfTwo };
  /** Two normal numbers from two words. */
  readonly boxMuller: BoxMuller;
}

/** The largest float of 32 bits that is a 32-bit word. */
export const LARGEST_WORD: number = 2 ** 32 - 2 ** 8;

const double: FloatFormat = {
  precision: "f64",
  bytes: 8,
  arithmetic: numberArithmetic,
  fromWord: (word) => word,
  unary: {
    ...functionsOf(elementary),
    sign,
    atan,
    erf,
    erfc,
    erfcx,
    logNormalCdf,
    lgamma,
    digamma,
    trigamma,
  },
  binary: { mod, atan2, logAddExp: elementary.logAddExp },
  boxMuller,
};

const single: FloatFormat = {
  precision: "f32",
  bytes: 4,
  arithmetic: singleArithmetic,
  fromWord: (word) => Math.min(Math.fround(word), LARGEST_WORD),
  unary: {
    ...functionsOf(singleElementary),
    sign,
    atan: singleAngle.atan,
    erf: singleError.erf,
    erfc: singleError.erfc,
    erfcx: singleError.erfcx,
    logNormalCdf: singleError.logNormalCdf,
    lgamma: singleGamma.lgamma,
    digamma: singleGamma.digamma,
    trigamma,
  },
  binary: {
    mod: singleRemainder.mod,
    atan2: singleAngle.atan2,
    logAddExp: singleElementary.logAddExp,
  },
  boxMuller: singleBoxMuller,
};

type Everyday =
  | ("exp" | "log" | "log1p" | "expm1" | "sin" | "cos" | "tan")
  | ("tanh" | "sigmoid" | "softplus");

function functionsOf(
  { exp, log, log1p, expm1, sin, cos, tan, tanh, sigmoid, softplus }: {
    readonly [P in Everyday]: Elementary;
  },
): { readonly [P in Everyday]: Elementary } {
  return { exp, log, log1p, expm1, sin, cos, tan, tanh, sigmoid, softplus };
}

/** The floats of a precision. */
export function formatOf(precision: Precision): FloatFormat {
  return precision === "f64" ? double : single;
}

/** Whether a unary primitive is an operation of the arithmetic itself. */
export function isBasic(primitive: Unary): primitive is Basic {
  return primitive === "neg" || primitive === "abs" || primitive === "sqrt" ||
    primitive === "floor";
}

/**
 * Applies a unary primitive in some arithmetic.
 *
 * @param primitive Which one.
 * @param format Whose functions are used.
 * @param on The arithmetic: numbers of that format, or emitted instructions.
 * @param x The value.
 * @returns The result.
 */
export function applyUnary<F, M>(
  primitive: Unary,
  format: FloatFormat,
  on: Arithmetic<F, M>,
  x: F,
): F {
  return isBasic(primitive) ? on[primitive](x) : format.unary[primitive](on, x);
}

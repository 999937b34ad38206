/**
 * The elementary functions on plain numbers, with bits that are the same in
 * every JavaScript engine and equal to those of compiled programs.
 *
 * @module
 */
import * as arcTangent from "./arc_tangent.ts";
import { numberArithmetic } from "./arithmetic.ts";
import * as elementary from "./elementary.ts";

/** eˣ. */
export function exp(x: number): number {
  return elementary.exp(numberArithmetic, x);
}

/** eˣ − 1. */
export function expm1(x: number): number {
  return elementary.expm1(numberArithmetic, x);
}

/** ln x. */
export function log(x: number): number {
  return elementary.log(numberArithmetic, x);
}

/** ln(1 + x). */
export function log1p(x: number): number {
  return elementary.log1p(numberArithmetic, x);
}

/** sin x, x in radians. */
export function sin(x: number): number {
  return elementary.sin(numberArithmetic, x);
}

/** cos x, x in radians. */
export function cos(x: number): number {
  return elementary.cos(numberArithmetic, x);
}

/** tanh x. */
export function tanh(x: number): number {
  return elementary.tanh(numberArithmetic, x);
}

/** The angle of the point (x, y), in (−π, π]. */
export function atan2(y: number, x: number): number {
  return arcTangent.atan2(numberArithmetic, y, x);
}

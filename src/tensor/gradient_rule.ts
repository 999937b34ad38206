/**
 * What a rule of reverse-mode differentiation is given, and what it gives.
 *
 * @module
 */
import type { Primitive, PrimitiveParameters } from "./program.ts";
import type { Tensor } from "./tensor.ts";

/** One equation at the values of its operands. */
export interface Point<P extends Primitive> {
  /** How the result of the whole changes with the equation's result. */
  readonly cotangent: Tensor;
  /** The equation's result. */
  readonly result: Tensor;
  /** Its operands. */
  readonly operands: readonly Tensor[];
  /** Its parameters. */
  readonly parameters: PrimitiveParameters[P];
}

/** From the cotangent of the result to those of the operands; `undefined` stands for zero. */
export type Rule<P extends Primitive> = (point: Point<P>) => readonly (Tensor | undefined)[];

/**
 * What a rule of reverse-mode differentiation is given, and what it gives.
 *
 * @module
 */
import type { Primitive, PrimitiveParameters, Program } from "../program.ts";
import type { Tensor } from "../tensor.ts";

/** One equation at the values of its operands. */
export interface Point<P extends Primitive> {
  /** How the result of the whole changes with the equation's result; with the first of those that count. */
  readonly cotangent: Tensor;
  /** The equation's result; the first of those that count. */
  readonly result: Tensor;
  /** Its operands. */
  readonly operands: readonly Tensor[];
  /** Its parameters. */
  readonly parameters: PrimitiveParameters[P];
  /** The cotangent of each result; `undefined` stands for zero. */
  readonly cotangents: readonly (Tensor | undefined)[];
  /** For each operand, whether its cotangent is asked for. */
  readonly wanted: readonly boolean[];
  /** Of a scan: what each carry was at the start of each turn, stacked. */
  readonly history: readonly Tensor[];
}

/** From the cotangent of the result to those of the operands; `undefined` stands for zero. */
export type Rule<P extends Primitive> = (point: Point<P>) => readonly (Tensor | undefined)[];

/** What is pulled back through a program, and where. */
export interface PullBackPoint {
  /** Values of its inputs. */
  readonly inputs: readonly Tensor[];
  /** For each input, whether its cotangent is asked for. */
  readonly wanted: readonly boolean[];
  /** The cotangents of its outputs; `undefined` stands for zero. */
  readonly cotangents: readonly (Tensor | undefined)[];
}

/** From the cotangents of a program's outputs to those of its inputs; `undefined` stands for zero. */
export type PullBack = (program: Program, point: PullBackPoint) => readonly (Tensor | undefined)[];

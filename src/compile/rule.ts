/**
 * What a code rule is: how a primitive is written into a loop nest.
 *
 * @module
 */
import type { ValueType } from "../tensor/program.ts";
import type { Target, Value } from "./value.ts";

/** From the values of the operands to those of the results. */
export type Rule = (
  target: Target,
  operands: readonly Value[],
  parameters: never,
  results: readonly ValueType[],
) => readonly Value[];

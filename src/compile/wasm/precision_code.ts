/**
 * What the printer needs to know of a precision: chains to a vector, literals, and vector instructions.
 *
 * @module
 */
import type { Precision } from "../../tensor/functions/precision.ts";
import type { Instruction, LaneType } from "../nest.ts";
import { bitsOf, pushSingleVector } from "./single_vector_code.ts";
import { halves, pushVector, type VectorStack } from "./vector_code.ts";

/** How the values of a group's chains lie in vectors, and how they are computed with. */
export interface VectorCode {
  /** Chains in a vector of each type. */
  readonly lanes: { readonly [T in Exclude<LaneType, "index">]: number };
  /** The two halves of what is repeated twice in a vector, for a float that all chains share. */
  constant(value: number): readonly [low: number, high: number];
  /** Pushes vector `v` of an instruction's result. */
  push(to: VectorStack, instruction: Instruction, v: number): void;
}

const double: VectorCode = {
  lanes: { f64: 2, mask: 2, u32: 4 },
  constant: halves,
  push: pushVector,
};

const single: VectorCode = {
  lanes: { f64: 4, mask: 4, u32: 4 },
  constant: (value) => [bitsOf(value), bitsOf(value)],
  push: pushSingleVector,
};

/** The vector code of a precision. */
export function vectorCodeOf(precision: Precision): VectorCode {
  return precision === "f64" ? double : single;
}

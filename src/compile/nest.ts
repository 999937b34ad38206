/**
 * The loop nest: what a program becomes before it is printed as WebAssembly or
 * WGSL. It is a tree of loops over scalar instructions, each of which a printer
 * emits for all chains of a group.
 *
 * @module
 */

import type { HostCall } from "../tensor/host_call.ts";

/**
 * What an instruction gives: a float (`f64`, also where floats have 32 bits), a 32-bit word or a truth value for each
 * chain, or an `index`: one 32-bit integer for the whole group (loop counters,
 * addresses).
 */
export type LaneType = "f64" | "u32" | "mask" | "index";

/** Operations on floats with a float result. */
export type FloatOperation =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "neg"
  | "abs"
  | "sqrt"
  | "floor"
  | "nearest"
  | "min"
  | "max"
  | "smaller"
  | "larger"
  | "copySign"
  | "scale"
  | "powerOfTwo"
  | "exponent"
  | "significand"
  /** The operand as it was rounded: a compiler may not see through. Only where one would contract. */
  | "rounded";

/** Operations on words with a word result; shift distances are the immediate. */
export type WordOperation =
  | "addWord"
  | "subWord"
  | "mulWord"
  | "andWord"
  | "orWord"
  | "xorWord"
  | "shiftLeftWord"
  | "shiftRightWord"
  | "rotateLeftWord";

/** Operations with a truth value as result. */
export type MaskOperation =
  | "less"
  | "lessEqual"
  | "equal"
  | "lessWord"
  | "lessEqualWord"
  | "equalWord"
  | "and"
  | "or"
  | "not";

/** All operations of an instruction. */
export type Operation =
  | FloatOperation
  | WordOperation
  | MaskOperation
  /** A float (immediate: its value) or word, the same for all chains. */
  | "constant"
  | "constantWord"
  /** mask, a, b. */
  | "select"
  | "selectWord"
  /** Changes of type. */
  | "wordToFloat"
  | "floatToWord"
  | "maskToFloat"
  | "maskToWord"
  | "floatToMask"
  | "wordToMask"
  /** An index as a word, the same for all chains. */
  | "indexToWord"
  /** The word of the first chain, of a word that is the same for all. */
  | "wordToIndex"
  /** The largest of the words of all chains of the group. */
  | "largestWord"
  /** A literal index, a numbered argument of the function, a loop's counter. */
  | "constantIndex"
  | "argument"
  | "counter"
  | "addIndex"
  | "mulIndex"
  /** By the immediate, rounded down; and what remains. */
  | "divideIndex"
  | "remainderIndex"
  /** The smaller of the operand and the immediate. */
  | "limitIndex"
  /** What a loop carries, at the start of a turn. */
  | "carried"
  /** Of each chain, at address operand + immediate: one value for each chain. */
  | "load"
  | "loadWord"
  /** At address operand + immediate: one value for all chains. */
  | "loadShared"
  | "loadSharedWord"
  /** The same, as an index. */
  | "loadIndex"
  /** At address operand + word + immediate, each chain's word its own: of each chain, and of all. */
  | "loadLane"
  | "loadLaneWord"
  | "loadLaneShared"
  | "loadLaneSharedWord";

/** An instruction. */
export interface Instruction {
  /** What is done. */
  readonly operation: Operation;
  /** What it gives. */
  readonly type: LaneType;
  /** Numbers of the instructions whose results it reads. */
  readonly operands: readonly number[];
  /** A literal: the value of a constant, the distance of a shift, the offset of an address. */
  readonly immediate: number;
  /** Whether the value is the same for all chains. */
  readonly uniform: boolean;
  /** How many loops the value depends on: it is computed outside all others. */
  readonly depth: number;
}

/** A loop with values that it carries from turn to turn. */
export interface Loop {
  /** Tells it from other statements. */
  readonly kind: "loop";
  /** Number of turns, an index. */
  readonly count: number;
  /** The turn, an index. */
  readonly counter: number;
  /** What is carried: its name inside, its value before the first turn, and at the end of each. */
  readonly carries: readonly {
    readonly inside: number;
    readonly first: number;
    readonly next: number;
  }[];
  /** One turn. */
  readonly body: readonly Statement[];
  /** Whether a turn is printed as a whole for one half of the group, then for the other. */
  readonly inHalves?: boolean;
}

/** One step of a block. */
export type Statement =
  | { readonly kind: "define"; readonly id: number }
  | {
    readonly kind: "store";
    readonly address: number;
    readonly offset: number;
    readonly value: number;
  }
  | Call
  | Loop;

/** A call of a function of the host, for the chains of the group, by way of memory. */
export interface Call {
  /** Tells it from other statements. */
  readonly kind: "call";
  /** Which of the nest's functions. */
  readonly callee: number;
  /** Address of the vectors, one for each chain. */
  readonly from: number;
  /** How many bytes it reads there. */
  readonly fromBytes: number;
  /** Address of the results. */
  readonly to: number;
  /** How many bytes it writes there. */
  readonly toBytes: number;
}

/** What is called: a function of the host, on vectors of a length. */
export interface Callee extends HostCall {
  /** How long the vectors are. */
  readonly length: number;
}

/** A function over the chains of one group. */
export interface Nest {
  /** All instructions, by number. */
  readonly instructions: readonly Instruction[];
  /** The statements, in order. */
  readonly body: readonly Statement[];
  /** The functions of the host that are called. */
  readonly callees: readonly Callee[];
}

/**
 * The vector instructions of each operation of a nest.
 *
 * @module
 */
import { SQRT_HALF_HIGH_WORD } from "../../tensor/functions/arithmetic.ts";
import type { Instruction, Operation } from "../nest.ts";
import { CODE, SIMD } from "./encoder.ts";
import { pushLanes } from "./lane_loads.ts";
import type { VectorStack } from "./vector_stack.ts";

export type { VectorStack };

const TWO_52 = 2 ** 52;
const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** The two halves of a double, low first (WebAssembly is little-endian; so is every host of it). */
export function halves(value: number): [number, number] {
  scratch[0] = value;
  return [scratchWords[0], scratchWords[1]];
}

/** Operations that are one instruction on vectors of equal form. */
const DIRECT: { readonly [P in Operation]?: number } = {
  add: SIMD.f64x2Add,
  sub: SIMD.f64x2Sub,
  mul: SIMD.f64x2Mul,
  div: SIMD.f64x2Div,
  sqrt: SIMD.f64x2Sqrt,
  floor: SIMD.f64x2Floor,
  nearest: SIMD.f64x2Nearest,
  min: SIMD.f64x2Min,
  max: SIMD.f64x2Max,
  // pmin(a, b) is b < a ? b : a.
  smaller: SIMD.f64x2PseudoMin,
  larger: SIMD.f64x2PseudoMax,
  less: SIMD.f64x2Less,
  lessEqual: SIMD.f64x2LessEqual,
  equal: SIMD.f64x2Equal,
  and: SIMD.and,
  or: SIMD.or,
  not: SIMD.not,
  addWord: SIMD.i32x4Add,
  subWord: SIMD.i32x4Sub,
  mulWord: SIMD.i32x4Mul,
  andWord: SIMD.and,
  orWord: SIMD.or,
  xorWord: SIMD.xor,
};

const WORD_COMPARISON: { readonly [P in Operation]?: number } = {
  lessWord: SIMD.i32x4LessUnsigned,
  lessEqualWord: SIMD.i32x4LessEqualUnsigned,
  equalWord: SIMD.i32x4Equal,
};

/** Bytes of a shuffle that takes the given 32-bit lanes of two vectors. */
function wordLanes(...lanes: readonly number[]): number[] {
  return lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
}

/** Bytes of a shuffle that turns each word to the left by so many bytes: one instruction instead of three. */
function rotatedBytes(distance: number): number[] {
  return [0, 4, 8, 12].flatMap((first) =>
    [0, 1, 2, 3].map((byte) => first + (byte + 4 - distance) % 4)
  );
}

/**
 * Pushes vector `v` of a result.
 *
 * @param to Where to.
 * @param instruction The instruction whose result it is.
 * @param v Which of the vectors of the group.
 */
export function pushVector(to: VectorStack, instruction: Instruction, v: number): void {
  const { operation, operands: [a, b, c], immediate, uniform } = instruction;
  const direct = DIRECT[operation];
  if (direct !== undefined) {
    to.get(a, v);
    if (b !== undefined) to.get(b, v);
    to.simd(direct);
    return;
  }
  const comparison = WORD_COMPARISON[operation];
  if (comparison !== undefined) {
    // A vector of words covers two of masks: its low or its high half is widened.
    to.get(a, v >> 1);
    to.get(b, v >> 1);
    to.simd(comparison);
    to.simd(v % 2 === 0 ? SIMD.i64x2ExtendLow : SIMD.i64x2ExtendHigh);
    return;
  }
  switch (operation) {
    case "neg":
      to.get(a, v);
      to.literal(0, 0x80000000);
      to.simd(SIMD.xor);
      return;
    case "abs":
      to.get(a, v);
      to.literal(0xffffffff, 0x7fffffff);
      to.simd(SIMD.and);
      return;
    case "copySign":
      to.get(a, v);
      to.literal(0xffffffff, 0x7fffffff);
      to.simd(SIMD.and);
      to.get(b, v);
      to.literal(0, 0x80000000);
      to.simd(SIMD.and);
      to.simd(SIMD.or);
      return;
    case "select":
      to.get(b, v);
      to.get(c, v);
      to.get(a, v);
      to.simd(SIMD.bitselect);
      return;
    case "selectWord":
      to.get(b, v);
      to.get(c, v);
      narrow(to, a, v);
      to.simd(SIMD.bitselect);
      return;
    case "scale":
      // k lands in the low bits of the sum, from where it moves to the exponent's place.
      to.get(b, v);
      to.literal(...halves(1.5 * TWO_52));
      to.simd(SIMD.f64x2Add);
      to.code.byte(CODE.i32Const).signed(52);
      to.simd(SIMD.i64x2ShiftLeft);
      to.get(a, v);
      to.simd(SIMD.i64x2Add);
      return;
    case "powerOfTwo":
      // k + 1023 lands in the low bits of the sum, from where it moves to the exponent's place.
      to.get(a, v);
      to.literal(...halves(TWO_52 + 1023));
      to.simd(SIMD.f64x2Add);
      to.code.byte(CODE.i32Const).signed(52);
      to.simd(SIMD.i64x2ShiftLeft);
      return;
    case "exponent":
      // An offset of 1024 keeps the shifted number positive; 2^52 in front turns it into a float.
      to.get(a, v);
      to.literal(0, (SQRT_HALF_HIGH_WORD - (1024 << 20)) >>> 0);
      to.simd(SIMD.i64x2Sub);
      to.code.byte(CODE.i32Const).signed(52);
      to.simd(SIMD.i64x2ShiftRightUnsigned);
      to.literal(...halves(TWO_52));
      to.simd(SIMD.or);
      to.literal(...halves(TWO_52 + 1024));
      to.simd(SIMD.f64x2Sub);
      return;
    case "significand":
      to.get(a, v);
      to.literal(0, SQRT_HALF_HIGH_WORD);
      to.simd(SIMD.i64x2Sub);
      to.literal(0xffffffff, 0x000fffff);
      to.simd(SIMD.and);
      to.literal(0, SQRT_HALF_HIGH_WORD);
      to.simd(SIMD.i64x2Add);
      return;
    case "shiftLeftWord":
    case "shiftRightWord":
      to.get(a, v);
      to.code.byte(CODE.i32Const).signed(immediate);
      to.simd(
        operation === "shiftLeftWord" ? SIMD.i32x4ShiftLeft : SIMD.i32x4ShiftRightUnsigned,
      );
      return;
    case "rotateLeftWord":
      if (immediate % 8 === 0) {
        to.get(a, v);
        to.get(a, v);
        to.simd(SIMD.shuffle);
        to.code.raw(rotatedBytes(immediate / 8));
        return;
      }
      to.get(a, v);
      to.code.byte(CODE.i32Const).signed(immediate);
      to.simd(SIMD.i32x4ShiftLeft);
      to.get(a, v);
      to.code.byte(CODE.i32Const).signed(32 - immediate);
      to.simd(SIMD.i32x4ShiftRightUnsigned);
      to.simd(SIMD.or);
      return;
    case "wordToFloat":
      // The word as the low half of 2^52 + word.
      to.get(a, v >> 1);
      to.literal(0x43300000, 0x43300000);
      to.simd(SIMD.shuffle);
      to.code.raw(v % 2 === 0 ? wordLanes(0, 4, 1, 5) : wordLanes(2, 6, 3, 7));
      to.literal(...halves(TWO_52));
      to.simd(SIMD.f64x2Sub);
      return;
    case "floatToWord":
      to.get(a, 2 * v);
      to.simd(SIMD.i32x4TruncateF64x2Unsigned);
      to.get(a, uniform ? 0 : 2 * v + 1);
      to.simd(SIMD.i32x4TruncateF64x2Unsigned);
      to.simd(SIMD.shuffle);
      to.code.raw(wordLanes(0, 1, 4, 5));
      return;
    case "maskToFloat":
      to.get(a, v);
      to.literal(...halves(1));
      to.simd(SIMD.and);
      return;
    case "maskToWord":
      narrow(to, a, v);
      to.literal(1, 1);
      to.simd(SIMD.and);
      return;
    case "floatToMask":
      to.get(a, v);
      to.literal(0, 0);
      to.simd(SIMD.f64x2Equal);
      to.simd(SIMD.not);
      return;
    case "wordToMask":
      to.get(a, v >> 1);
      to.literal(0, 0);
      to.simd(SIMD.i32x4Equal);
      to.simd(SIMD.not);
      to.simd(v % 2 === 0 ? SIMD.i64x2ExtendLow : SIMD.i64x2ExtendHigh);
      return;
    case "indexToWord":
      to.get(a);
      to.simd(SIMD.i32x4Splat);
      return;
    case "wordToIndex":
      to.get(a);
      to.simd(SIMD.i32x4ExtractLane);
      to.code.byte(0);
      return;
    case "load":
    case "loadWord":
      to.get(a);
      to.simd(SIMD.load);
      to.code.unsigned(4).unsigned(immediate + 16 * v);
      return;
    case "loadShared":
    case "loadSharedWord":
      to.get(a);
      to.simd(operation === "loadShared" ? SIMD.load64Splat : SIMD.load32Splat);
      to.code.unsigned(operation === "loadShared" ? 3 : 2).unsigned(immediate);
      return;
    case "loadLane":
    case "loadLaneWord":
    case "loadLaneShared":
    case "loadLaneSharedWord":
      pushLanes(to, instruction, v, 8);
      return;
    default:
      throw new Error(`No WebAssembly for the instruction ${operation}`);
  }
}

/** Pushes the largest of the words of some vectors, as an index. */
export function pushLargestWord(
  to: VectorStack,
  words: number,
  vectors: number,
  copy: number,
): void {
  to.get(words);
  for (let v = 1; v < vectors; v++) {
    to.get(words, v);
    to.simd(SIMD.i32x4MaxUnsigned);
  }
  for (const lanes of [wordLanes(2, 3, 0, 1), wordLanes(1, 0, 3, 2)]) {
    to.code.byte(CODE.localTee).unsigned(copy).byte(CODE.localGet).unsigned(copy);
    to.code.byte(CODE.localGet).unsigned(copy);
    to.simd(SIMD.shuffle);
    to.code.raw(lanes);
    to.simd(SIMD.i32x4MaxUnsigned);
  }
  to.simd(SIMD.i32x4ExtractLane);
  to.code.byte(0);
}

/** Pushes a mask of words: the low halves of two vectors of masks. */
function narrow(to: VectorStack, mask: number, v: number): void {
  to.get(mask, 2 * v);
  to.get(mask, 2 * v + 1);
  to.simd(SIMD.shuffle);
  to.code.raw(wordLanes(0, 2, 4, 6));
}

/**
 * The vector instructions of each operation of a nest in single precision. Floats, words and masks all have
 * four lanes of 32 bits, so that none is ever widened or narrowed.
 *
 * @module
 */
import { LARGEST_WORD } from "../../tensor/functions/precision.ts";
import { SQRT_HALF_BITS } from "../../tensor/functions/single/arithmetic.ts";
import type { Instruction, Operation } from "../nest.ts";
import { CODE, SIMD } from "./encoder.ts";
import { pushLanes } from "./lane_loads.ts";
import { pushVector, type VectorStack } from "./vector_code.ts";

const scratch = new Float32Array(1);
const scratchWord = new Uint32Array(scratch.buffer);

/** The bits of a float of 32 bits. */
export function bitsOf(value: number): number {
  scratch[0] = value;
  return scratchWord[0];
}

const SIGN = 0x80000000;
const SIZE = 0x7fffffff;
const FRACTION = 0x007fffff;
const TWO_23 = 2 ** 23;

type Push = (to: VectorStack, instruction: Instruction, v: number) => void;

/** One instruction on vectors of equal form. */
function direct(code: number): Push {
  return (to, { operands }, v) => {
    operands.forEach((id) => to.get(id, v));
    to.simd(code);
  };
}

function literal(to: VectorStack, word: number): void {
  to.literal(word, word);
}

function shifted(to: VectorStack, code: number, distance: number): void {
  to.code.byte(CODE.i32Const).signed(distance);
  to.simd(code);
}

/** An operand joined with a literal. */
function withLiteral(code: number, word: number): Push {
  return (to, { operands: [a] }, v) => {
    to.get(a, v);
    literal(to, word);
    to.simd(code);
  };
}

/** All that is not 0. */
function notEqual(code: number): Push {
  return (to, { operands: [a] }, v) => {
    to.get(a, v);
    literal(to, 0);
    to.simd(code);
    to.simd(SIMD.not);
  };
}

const select: Push = (to, { operands: [mask, a, b] }, v) => {
  to.get(a, v);
  to.get(b, v);
  to.get(mask, v);
  to.simd(SIMD.bitselect);
};

const lanes: Push = (to, instruction, v) => pushLanes(to, instruction, v, 4);

/** What differs from double precision. */
const CODES: { readonly [P in Operation]?: Push } = {
  add: direct(SIMD.f32x4Add),
  sub: direct(SIMD.f32x4Sub),
  mul: direct(SIMD.f32x4Mul),
  div: direct(SIMD.f32x4Div),
  sqrt: direct(SIMD.f32x4Sqrt),
  floor: direct(SIMD.f32x4Floor),
  nearest: direct(SIMD.f32x4Nearest),
  min: direct(SIMD.f32x4Min),
  max: direct(SIMD.f32x4Max),
  // pmin(a, b) is b < a ? b : a.
  smaller: direct(SIMD.f32x4PseudoMin),
  larger: direct(SIMD.f32x4PseudoMax),
  neg: withLiteral(SIMD.xor, SIGN),
  abs: withLiteral(SIMD.and, SIZE),
  copySign: (to, { operands: [a, b] }, v) => {
    to.get(a, v);
    literal(to, SIZE);
    to.simd(SIMD.and);
    to.get(b, v);
    literal(to, SIGN);
    to.simd(SIMD.and);
    to.simd(SIMD.or);
  },
  scale: (to, { operands: [a, b] }, v) => {
    // k lands in the low bits of the sum, from where it moves to the exponent's place.
    to.get(b, v);
    literal(to, bitsOf(1.5 * TWO_23));
    to.simd(SIMD.f32x4Add);
    shifted(to, SIMD.i32x4ShiftLeft, 23);
    to.get(a, v);
    to.simd(SIMD.i32x4Add);
  },
  powerOfTwo: (to, { operands: [a] }, v) => {
    // k + 127 lands in the low bits of the sum, from where it moves to the exponent's place.
    to.get(a, v);
    literal(to, bitsOf(TWO_23 + 127));
    to.simd(SIMD.f32x4Add);
    shifted(to, SIMD.i32x4ShiftLeft, 23);
  },
  exponent: (to, { operands: [a] }, v) => {
    to.get(a, v);
    literal(to, SQRT_HALF_BITS);
    to.simd(SIMD.i32x4Sub);
    shifted(to, SIMD.i32x4ShiftRightSigned, 23);
    to.simd(SIMD.f32x4ConvertI32x4Signed);
  },
  significand: (to, { operands: [a] }, v) => {
    to.get(a, v);
    literal(to, SQRT_HALF_BITS);
    to.simd(SIMD.i32x4Sub);
    literal(to, FRACTION);
    to.simd(SIMD.and);
    literal(to, SQRT_HALF_BITS);
    to.simd(SIMD.i32x4Add);
  },
  less: direct(SIMD.f32x4Less),
  lessEqual: direct(SIMD.f32x4LessEqual),
  equal: direct(SIMD.f32x4Equal),
  lessWord: direct(SIMD.i32x4LessUnsigned),
  lessEqualWord: direct(SIMD.i32x4LessEqualUnsigned),
  equalWord: direct(SIMD.i32x4Equal),
  select,
  selectWord: select,
  wordToFloat: (to, { operands: [a] }, v) => {
    to.get(a, v);
    to.simd(SIMD.f32x4ConvertI32x4Unsigned);
    literal(to, bitsOf(LARGEST_WORD));
    to.simd(SIMD.f32x4PseudoMin);
  },
  floatToWord: direct(SIMD.i32x4TruncateF32x4Unsigned),
  maskToFloat: withLiteral(SIMD.and, bitsOf(1)),
  maskToWord: withLiteral(SIMD.and, 1),
  floatToMask: notEqual(SIMD.f32x4Equal),
  wordToMask: notEqual(SIMD.i32x4Equal),
  loadLane: lanes,
  loadLaneWord: lanes,
  loadLaneShared: lanes,
  loadLaneSharedWord: lanes,
  loadShared: (to, { operands: [a], immediate }) => {
    to.get(a);
    to.simd(SIMD.load32Splat);
    to.code.unsigned(2).unsigned(immediate);
  },
};

/** What only has to do with words, masks as bits, addresses and whole vectors. */
const SAME: ReadonlySet<Operation> = new Set<Operation>([
  ...["and", "or", "not", "addWord", "subWord", "mulWord", "andWord", "orWord", "xorWord"] as const,
  ...["shiftLeftWord", "shiftRightWord", "rotateLeftWord", "indexToWord", "wordToIndex"] as const,
  ...["load", "loadWord", "loadSharedWord"] as const,
]);

/**
 * Pushes vector `v` of a result, in single precision.
 *
 * @param to Where to.
 * @param instruction The instruction whose result it is.
 * @param v Which of the vectors of the group.
 */
export function pushSingleVector(to: VectorStack, instruction: Instruction, v: number): void {
  const { operation } = instruction;
  const push = CODES[operation] ?? (SAME.has(operation) ? pushVector : undefined);
  if (push === undefined) throw new Error(`No f32 WebAssembly for the instruction ${operation}`);
  push(to, instruction, v);
}

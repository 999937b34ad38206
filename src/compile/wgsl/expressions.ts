/**
 * The WGSL expression of each operation of a nest: the value of one chain. Floats are `f32`, words and indices
 * `u32`, masks `bool`.
 *
 * @module
 */
import { LARGEST_WORD } from "../../tensor/functions/precision.ts";
import { SQRT_HALF_BITS } from "../../tensor/functions/single/arithmetic.ts";
import type { Instruction, LaneType, Operation } from "../nest.ts";
import type { FunctionName } from "./functions.ts";
import { wordText } from "./literals.ts";

/** WGSL's types. */
export const TYPES: { readonly [T in LaneType]: string } = {
  f64: "f32",
  u32: "u32",
  mask: "bool",
  index: "u32",
};

/** What an expression needs to know of its place. */
export interface Context {
  /** The text of a value. */
  text(id: number): string;
  /** Whether a float may be NaN. */
  mayBeNaN(id: number): boolean;
  /** Whether the bits of results have to be those of other machines. */
  readonly exact: boolean;
  /** Says that a function is called. */
  call(name: FunctionName): string;
}

type Expression = (context: Context, instruction: Instruction) => string;

const SIGN = "0x80000000u";
const SIZE = "0x7fffffffu";
const SQRT_HALF = `0x${SQRT_HALF_BITS.toString(16)}u`;

function infix(sign: string): Expression {
  return ({ text }, { operands: [a, b] }) => `${text(a)} ${sign} ${text(b)}`;
}

/**
 * A float of whose making the compiler knows nothing. Without that it takes x − x for 0 and x / x for 1, though
 * x may be NaN.
 */
export function hidden(text: string): string {
  return `bitcast<f32>(bitcast<u32>(${text}) | nothing)`;
}

/** The second operand is hidden where it is known to be the first, or where the bits have to be right. */
function arithmetic(sign: "+" | "-" | "*" | "/"): Expression {
  return ({ text, exact }, { operands: [a, b] }) => {
    const hides = exact || (a === b && (sign === "-" || sign === "/"));
    return `${text(a)} ${sign} ${hides ? hidden(text(b)) : text(b)}`;
  };
}

function builtIn(name: string): Expression {
  return ({ text }, { operands }) => `${name}(${operands.map(text).join(", ")})`;
}

function called(name: FunctionName): Expression {
  return (context, { operands }) =>
    `${context.call(name)}(${operands.map(context.text).join(", ")})`;
}

/** The operand itself. */
const same: Expression = ({ text }, { operands: [a] }) => text(a);

/** Of two floats, false if one is NaN, whatever the compiler makes of the comparison itself. */
function compared(context: Context, a: number, sign: string, b: number): string {
  const numbers = [...new Set([a, b])]
    .filter((id) => context.mayBeNaN(id))
    .map((id) => `!${context.call("isNan")}(${context.text(id)})`);
  const comparison = a === b
    ? sign === "<" ? ["false"] : numbers.length > 0 ? [] : ["true"]
    : [`(${context.text(a)} ${sign} ${context.text(b)})`];
  return [...comparison, ...numbers].join(" & ");
}

function comparison(sign: string): Expression {
  return (context, { operands: [a, b] }) => compared(context, a, sign, b);
}

const select: Expression = ({ text }, { operands: [mask, a, b] }) =>
  `select(${text(b)}, ${text(a)}, ${text(mask)})`;

/** The bits of a float. */
function bits(text: string): string {
  return `bitcast<u32>(${text})`;
}

function float(text: string): string {
  return `bitcast<f32>(${text})`;
}

/** The float of an integer that is a float, from its lowest bits: they lie there in a sum with `base`. */
function exponentBits(text: string, base: number): string {
  return `(${bits(`${text} + ${base}f`)} << 23u)`;
}

/** What is done without memory. */
export type Pure = Exclude<
  Operation,
  | ("constant" | "constantWord" | "constantIndex" | "argument" | "counter" | "carried")
  | ("load" | "loadWord" | "loadShared" | "loadSharedWord" | "loadIndex")
  | ("loadLane" | "loadLaneWord" | "loadLaneShared" | "loadLaneSharedWord")
>;

/** The expressions. */
export const EXPRESSIONS: { readonly [P in Pure]: Expression } = {
  add: arithmetic("+"),
  sub: arithmetic("-"),
  mul: arithmetic("*"),
  div: arithmetic("/"),
  neg: ({ text }, { operands: [a] }) => `-${text(a)}`,
  abs: builtIn("abs"),
  sqrt: builtIn("sqrt"),
  floor: builtIn("floor"),
  // WGSL's round is to the nearest, of two the even one.
  nearest: builtIn("round"),
  min: called("minimum"),
  max: called("maximum"),
  smaller: (context, { operands: [a, b] }) =>
    `select(${context.text(a)}, ${context.text(b)}, ${compared(context, b, "<", a)})`,
  larger: (context, { operands: [a, b] }) =>
    `select(${context.text(a)}, ${context.text(b)}, ${compared(context, a, "<", b)})`,
  copySign: ({ text }, { operands: [a, b] }) =>
    float(`(${bits(text(a))} & ${SIZE}) | (${bits(text(b))} & ${SIGN})`),
  scale: ({ text }, { operands: [a, b] }) =>
    float(`${bits(text(a))} + ${exponentBits(text(b), 1.5 * 2 ** 23)}`),
  powerOfTwo: ({ text }, { operands: [a] }) => float(exponentBits(text(a), 2 ** 23 + 127)),
  exponent: ({ text }, { operands: [a] }) =>
    `f32(bitcast<i32>(${bits(text(a))} - ${SQRT_HALF}) >> 23u)`,
  significand: ({ text }, { operands: [a] }) =>
    float(`((${bits(text(a))} - ${SQRT_HALF}) & 0x007fffffu) + ${SQRT_HALF}`),
  rounded: ({ text }, { operands: [a] }) => hidden(text(a)),
  less: comparison("<"),
  lessEqual: comparison("<="),
  equal: comparison("=="),
  lessWord: infix("<"),
  lessEqualWord: infix("<="),
  equalWord: infix("=="),
  // Not && and ||, of which compilers make branches.
  and: infix("&"),
  or: infix("|"),
  not: ({ text }, { operands: [a] }) => `!${text(a)}`,
  addWord: infix("+"),
  subWord: infix("-"),
  mulWord: infix("*"),
  andWord: infix("&"),
  orWord: infix("|"),
  xorWord: infix("^"),
  shiftLeftWord: ({ text }, { operands: [a], immediate }) => `${text(a)} << ${wordText(immediate)}`,
  shiftRightWord: ({ text }, { operands: [a], immediate }) =>
    `${text(a)} >> ${wordText(immediate)}`,
  rotateLeftWord: ({ text }, { operands: [a], immediate }) =>
    `(${text(a)} << ${wordText(immediate)}) | (${text(a)} >> ${wordText(32 - immediate)})`,
  select,
  selectWord: select,
  wordToFloat: ({ text }, { operands: [a] }) => `min(f32(${text(a)}), ${LARGEST_WORD}f)`,
  floatToWord: called("truncatedWord"),
  maskToFloat: ({ text }, { operands: [a] }) => `select(0f, 1f, ${text(a)})`,
  maskToWord: ({ text }, { operands: [a] }) => `select(0u, 1u, ${text(a)})`,
  floatToMask: ({ text }, { operands: [a] }) => `(${bits(text(a))} & ${SIZE}) != 0u`,
  wordToMask: ({ text }, { operands: [a] }) => `${text(a)} != 0u`,
  indexToWord: same,
  // Each chain has an index of its own here: of a word that is the same for all, or its own turns of a loop.
  wordToIndex: same,
  largestWord: same,
  addIndex: infix("+"),
  mulIndex: infix("*"),
  divideIndex: ({ text }, { operands: [a], immediate }) => `${text(a)} / ${wordText(immediate)}`,
  remainderIndex: ({ text }, { operands: [a], immediate }) => `${text(a)} % ${wordText(immediate)}`,
  limitIndex: ({ text }, { operands: [a], immediate }) => `min(${text(a)}, ${wordText(immediate)})`,
};

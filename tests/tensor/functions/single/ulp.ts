/** Units in the last place of floats of 32 bits, and the golden tables that are measured in them. */
import golden from "../../../golden/single.json" with { type: "json" };
import { formatOf } from "../../../../src/tensor/functions/precision.ts";

/** A function that `tests/golden/single.py` tabulates. */
export type Tabulated = keyof typeof golden;

/** The tabulated functions. */
export const TABULATED = Object.keys(golden) as Tabulated[];

/** An argument and its correctly rounded result. */
export interface Tabulation {
  readonly x: number;
  readonly y: number;
}

const cell = new DataView(new ArrayBuffer(4));

function fromHex(hex: string): number {
  cell.setUint32(0, Number(`0x${hex}`));
  return cell.getFloat32(0);
}

/** Numbers in the order of their values, as integers one apart. */
function rank(x: number): number {
  cell.setFloat32(0, x);
  const bits = cell.getInt32(0);
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
}

/** How many floats of 32 bits lie from `a` to `b`; 0 for two NaNs, infinite for one or for a double. */
export function ulpDistance(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Object.is(a, b) ? 0 : Infinity;
  return Math.fround(a) === a ? Math.abs(rank(a) - rank(b)) : Infinity;
}

function tabulation([x, y]: string[]): Tabulation {
  return { x: fromHex(x), y: fromHex(y) };
}

/** The ordinary arguments of a function, from the smallest to the largest. */
export function tabulated(name: Tabulated): Tabulation[] {
  return golden[name].pairs.map(tabulation);
}

/** What IEEE 754 asks of zeros, infinities, NaN and the edge of the domain. */
export function specialValues(name: Tabulated): Tabulation[] {
  return golden[name].special.map(tabulation);
}

/** A function in single precision, on a number. */
export function single(name: Tabulated, x: number): number {
  const { unary, arithmetic } = formatOf("f32");
  return unary[name](arithmetic, x);
}

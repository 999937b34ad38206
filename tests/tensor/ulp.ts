/** Units in the last place, and the golden tables that are measured in them. */
import golden from "../golden/elementary.json" with { type: "json" };

/** A function that `tests/golden/elementary.py` tabulates. */
export type Tabulated = keyof typeof golden;

/** An argument and its correctly rounded result. */
export interface Tabulation {
  readonly x: number;
  readonly y: number;
}

const cell = new DataView(new ArrayBuffer(8));

function fromHex(hex: string): number {
  cell.setBigUint64(0, BigInt(`0x${hex}`));
  return cell.getFloat64(0);
}

/** Numbers in the order of their values, as integers one apart. */
function rank(x: number): bigint {
  cell.setFloat64(0, x);
  const bits = cell.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}

/** How many f64 lie from `a` to `b`; 0 for two NaNs, infinite for one. */
export function ulpDistance(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return Object.is(a, b) ? 0 : Infinity;
  }
  const distance = rank(a) - rank(b);
  return Number(distance < 0n ? -distance : distance);
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

/**
 * The largest error of a function on a table.
 *
 * @param table Arguments with their exact results.
 * @param f The function.
 * @returns The error in ulp, and a sentence about it.
 */
export function worst(
  table: readonly Tabulation[],
  f: (x: number) => number,
): readonly [error: number, text: string] {
  const errors = table.map(({ x, y }) => ulpDistance(f(x), y));
  const error = errors.reduce((a, b) => Math.max(a, b), 0);
  const { x, y } = table[errors.indexOf(error)];
  return [error, `${error} ulp at ${x}: ${f(x)}, not ${y}`];
}

/** Errors of f32 results in units in the last place, and f32 arguments to measure them on. */

const cell = new DataView(new ArrayBuffer(8));

/** The distance between the f32 numbers around `x`. */
function unitInTheLastPlace(x: number): number {
  cell.setFloat64(0, x);
  const exponent = (cell.getUint16(0) >> 4 & 0x7ff) - 1023;
  // Below 2^−126 the subnormal numbers are evenly spaced.
  return 2 ** (Math.max(exponent, -126) - 23);
}

/** |actual − exact| in f32 units in the last place of `exact`, which is finite. */
export function ulpError(actual: number, exact: number): number {
  const error = Math.abs(actual - exact) / unitInTheLastPlace(exact);
  return Number.isNaN(error) ? Infinity : error;
}

/** The bits of an f32 number. */
export function bitsOf(x: number): number {
  cell.setFloat32(0, x);
  return cell.getUint32(0);
}

/**
 * Numbers from `low` to `high`, both of one sign, spread evenly over the f32 numbers between them:
 * as many in each binade.
 */
export function floatsBetween(low: number, high: number, count: number): number[] {
  const [first, last] = [bitsOf(low), bitsOf(high)];
  return Array.from({ length: count }, (_, i) => {
    cell.setUint32(0, Math.round(first + (last - first) * (i / (count - 1))));
    return cell.getFloat32(0);
  });
}

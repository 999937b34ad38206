/**
 * Base distributions of flows: what points are mapped to.
 *
 * @module
 */
import { atan2, log } from "../tensor/functions/scalar_math.ts";

/**
 * A base: coordinates that are not periodic follow the standard normal distribution or a multivariate
 * Student-t distribution around 0, periodic ones are uniform on the circle.
 */
export interface Base {
  /** Degrees of freedom of the Student-t distribution; 0 for the normal distribution. */
  readonly degrees: number;
  /** Which coordinates are periodic. */
  readonly periodic: readonly boolean[];
}

const LOG_PI = 1.1447298858494002;
const LOG_TWO = 0.6931471805599453;

/**
 * ln Γ(n/2) from Γ(½) = √π, Γ(1) = 1 and Γ(x + 1) = xΓ(x).
 *
 * @param n A whole number of at least 1.
 * @returns The logarithm.
 */
export function logGammaOfHalf(n: number): number {
  let sum = n % 2 === 0 ? 0 : 0.5 * LOG_PI;
  for (let x = n / 2 - 1; x > 0; x--) sum += log(x);
  return sum;
}

function lines({ periodic }: Base): number {
  return periodic.filter((each) => !each).length;
}

/**
 * The log density of a base at 0: the constant of its normalisation.
 *
 * @param base The base.
 * @returns Its natural logarithm.
 */
export function logDensityAtOrigin(base: Base): number {
  const { degrees, periodic } = base;
  const m = lines(base);
  const turns = -(periodic.length - m) * (LOG_TWO + LOG_PI);
  if (degrees === 0) return turns - 0.5 * m * (LOG_TWO + LOG_PI);
  return turns + logGammaOfHalf(degrees + m) - logGammaOfHalf(degrees) -
    0.5 * m * (log(degrees) + LOG_PI);
}

/**
 * How many standard normal numbers a point of the base is made of: one for each coordinate, one for each
 * degree of freedom, and another one for each periodic coordinate.
 *
 * @param base The base.
 * @returns The number.
 */
export function normalsOf(base: Base): number {
  return 2 * base.periodic.length - lines(base) + base.degrees;
}

/**
 * Points of a base from standard normal numbers: √(ν/χ²) times a normal vector is Student-t with ν
 * degrees of freedom when χ² is a sum of ν squares; the angle of a pair is uniform.
 *
 * @param base The base.
 * @param normals n × `normalsOf(base)`.
 * @returns n × d.
 */
export function basePoints(base: Base, normals: Float64Array): Float64Array {
  const { degrees, periodic } = base;
  const d = periodic.length;
  const width = normalsOf(base);
  if (width === d) return normals;
  if (normals.length % width !== 0) {
    throw new TypeError(
      `Cannot sample a flow from ${normals.length} numbers: expected ${width} for each point`,
    );
  }
  const rows = normals.length / width;
  const points = new Float64Array(rows * d);
  for (let row = 0; row < rows; row++) {
    const from = normals.subarray(row * width, (row + 1) * width);
    let squares = 0;
    for (let k = 0; k < degrees; k++) squares += from[d + k] * from[d + k];
    const stretch = degrees === 0 ? 1 : Math.sqrt(degrees / squares);
    let second = d + degrees;
    for (let i = 0; i < d; i++) {
      points[row * d + i] = periodic[i] ? atan2(from[second++], from[i]) : stretch * from[i];
    }
  }
  return points;
}

/**
 * Angles: numbers that mean the same after a whole turn, 2π.
 *
 * @module
 */
import { atan2, cos, sin } from "../tensor/functions/scalar_math.ts";
import { allocate } from "../tensor/shape.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";

/** A whole turn. */
export const TURN: number = 2 * Math.PI;

/**
 * The angle in [−π, π] that is x but for whole turns.
 *
 * @param x An angle in radians.
 * @returns The angle.
 */
export function wrapAngle(x: number): number {
  return x - TURN * Math.round(x / TURN);
}

/**
 * The angle of the mean direction of every `stride`-th number.
 *
 * Source: Mardia & Jupp, Directional Statistics, 2000, §2.2.
 *
 * @param angles Angles in radians, and others between them.
 * @param stride How far they are apart; 1 by default.
 * @param first The number of the first; 0 by default.
 * @returns The circular mean, in [−π, π].
 */
export function circularMean(angles: ArrayLike<number>, stride = 1, first = 0): number {
  let [x, y] = [0, 0];
  for (let at = first; at < angles.length; at += stride) {
    x += cos(angles[at]);
    y += sin(angles[at]);
  }
  return atan2(y, x);
}

/** Changes the periodic coordinates of positions, the last axis. */
function changed(
  positions: Tensor,
  periodic: readonly boolean[],
  change: (coordinate: number) => (x: number) => number,
): Tensor {
  if (!periodic.includes(true)) return positions;
  const { dtype, shape } = positions;
  const d = periodic.length;
  const data = allocate(dtype, positions.size);
  data.set(positions.data);
  periodic.forEach((each, i) => {
    if (!each) return;
    const of = change(i);
    for (let at = i; at < data.length; at += d) data[at] = of(data[at]);
  });
  return fromArray({ dtype, shape, data });
}

/**
 * Positions with their periodic coordinates in [−π, π]. A kernel moves them on the line, where the target
 * repeats itself, so that this changes no density and no gradient.
 *
 * @param positions … × d.
 * @param periodic Which coordinates are periodic, [d].
 * @returns The same positions; the same tensor if none are periodic.
 */
export function wrapped(positions: Tensor, periodic: readonly boolean[]): Tensor {
  return changed(positions, periodic, () => wrapAngle);
}

/**
 * Positions with their periodic coordinates within half a turn of their circular mean, where a median and
 * a variance mean something.
 *
 * @param positions … × d.
 * @param periodic Which coordinates are periodic, [d].
 * @returns The same positions; the same tensor if none are periodic.
 */
export function aroundMean(positions: Tensor, periodic: readonly boolean[]): Tensor {
  return changed(positions, periodic, (i) => {
    const mean = circularMean(positions.data, periodic.length, i);
    return (x) => mean + wrapAngle(x - mean);
  });
}

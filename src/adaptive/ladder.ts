/**
 * Ladders of inverse temperatures at which all neighbours swap equally often.
 *
 * @module
 */
import { exp, log } from "../tensor/functions/scalar_math.ts";

/** Where a rung of a new ladder stands on the old one. */
export interface Rung {
  /** Its inverse temperature. */
  readonly inverseTemperature: number;
  /** The old rung that it is at or below of. */
  readonly above: number;
  /** How far it is from there to the next one, from 0 to 1. */
  readonly fraction: number;
}

/** Neighbours that never fail to swap are apart by so much all the same: rungs must not fall together. */
const LEAST_REJECTION = 1e-3;

function cubeRoot(x: number): number {
  return x > 0 ? exp(log(x) / 3) : 0;
}

/**
 * A ladder that spreads the communication barrier evenly. The sum of rejection rates from the target to a
 * rung, Λ(β), hardly depends on the rungs in between; where neighbours are an equal share of it apart, all
 * reject equally often, and replicas travel fastest. Between the old rungs Λ is interpolated linearly in
 * the cube root of β, since it changes fastest near 0.
 *
 * Source: Syed, Bouchard-Côté, Deligiannidis & Doucet, JRSS B 2022, §5.2 and algorithm 3 (there with
 * monotone cubic interpolation in β).
 *
 * @param inverseTemperatures The old ladder, from 1 down to 0.
 * @param rejection Mean probability that the neighbours of each pair do not swap, one less than rungs.
 * @returns As many rungs, from 1 down to 0.
 */
export function equalRejection(
  inverseTemperatures: ArrayLike<number>,
  rejection: ArrayLike<number>,
): Rung[] {
  const pairs = rejection.length;
  const barrier = [0];
  for (let pair = 0; pair < pairs; pair++) {
    barrier.push(barrier[pair] + Math.max(LEAST_REJECTION, rejection[pair]));
  }
  let above = 0;
  return Array.from({ length: pairs + 1 }, (_, rung) => {
    if (rung === 0) return { inverseTemperature: 1, above: 0, fraction: 0 };
    if (rung === pairs) return { inverseTemperature: 0, above: pairs - 1, fraction: 1 };
    const wanted = rung / pairs * barrier[pairs];
    while (above < pairs - 1 && barrier[above + 1] <= wanted) above++;
    const fraction = (wanted - barrier[above]) / (barrier[above + 1] - barrier[above]);
    const [from, to] = [above, above + 1].map((i) => cubeRoot(inverseTemperatures[i]));
    const root = from + fraction * (to - from);
    return { inverseTemperature: root * root * root, above, fraction };
  });
}

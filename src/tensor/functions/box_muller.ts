/**
 * Normal numbers from uniform words, by the transform of Box & Muller, "A note on the generation of
 * random normal deviates", 1958.
 *
 * @module
 */
import type { Arithmetic } from "./arithmetic.ts";
import { COS_TAIL, LOG_TAIL, SIN_TAIL } from "./elementary.ts";
import { type Elementary, polynomial } from "./elementary_forms.ts";

/** What a precision brings. */
export interface BoxMullerParts {
  /** −2 ln u for a normal number u in (0, 1). */
  readonly minusTwiceLog: Elementary;
  /** (sin r − r) / r³ in powers of r² on |r| ≤ π/4. */
  readonly sineTail: readonly number[];
  /** (cos r − 1 + r²/2) / r⁴ in powers of r² on |r| ≤ π/4. */
  readonly cosineTail: readonly number[];
}

/**
 * √(−2 ln u)·cos 2πv and √(−2 ln u)·sin 2πv for u = (first + ½)/2³² and v = (second + ½)/2³²: two
 * independent standard normal numbers from two words, given as floats.
 */
export type BoxMuller = <F, M>(
  on: Arithmetic<F, M>,
  first: F,
  second: F,
) => readonly [F, F];

/**
 * The transform in a precision.
 *
 * That u is a normal number in (0, 1), and the angle one of a single turn, saves most of what `log`,
 * `sin` and `cos` do for others: sine and cosine of a quarter of the angle, doubled twice.
 *
 * @param parts The precision's functions.
 * @returns The transform.
 */
export function boxMullerOf({ minusTwiceLog, sineTail, cosineTail }: BoxMullerParts): BoxMuller {
  return (on, first, second) => {
    const u = on.mul(on.add(first, on.constant(0.5)), on.constant(2 ** -32));
    const radius = on.sqrt(minusTwiceLog(on, u));
    // A quarter of 2πv − π, in (−π/4, π/4): the half turn changes both signs.
    const r = on.mul(
      on.sub(second, on.constant(2 ** 31 - 0.5)),
      on.constant(Math.PI * 2 ** -33),
    );
    const square = on.mul(r, r);
    const sine = on.add(r, on.mul(on.mul(square, r), polynomial(on, square, sineTail)));
    const cosine = on.add(
      on.sub(on.constant(1), on.mul(square, on.constant(0.5))),
      on.mul(on.mul(square, square), polynomial(on, square, cosineTail)),
    );
    const product = on.mul(sine, cosine);
    const sineSquare = on.mul(sine, sine);
    // sin 4r = 4 sin r cos r (1 − 2 sin² r), cos 4r = 1 − 8 (sin r cos r)².
    const turned = on.mul(
      on.mul(product, on.constant(-4)),
      on.sub(on.constant(1), on.add(sineSquare, sineSquare)),
    );
    const across = on.sub(
      on.mul(on.mul(product, product), on.constant(8)),
      on.constant(1),
    );
    return [on.mul(radius, across), on.mul(radius, turned)];
  };
}

/** −2 ln(1 + f) / s for s = f/(2 + f), in powers of s². */
const MINUS_TWICE_LOG = [2, ...LOG_TAIL].map((coefficient) => -2 * coefficient);
const MINUS_TWO_LN_2 = -2 * Math.LN2;

/** The transform; the error is under 2 · 10⁻¹⁵ of √(−2 ln u). */
export const boxMuller: BoxMuller = boxMullerOf({
  minusTwiceLog: (on, u) => {
    const f = on.sub(on.significand(u), on.constant(1));
    const s = on.div(f, on.add(f, on.constant(2)));
    return on.add(
      on.mul(s, polynomial(on, on.mul(s, s), MINUS_TWICE_LOG)),
      on.mul(on.exponent(u), on.constant(MINUS_TWO_LN_2)),
    );
  },
  sineTail: SIN_TAIL,
  cosineTail: COS_TAIL,
});

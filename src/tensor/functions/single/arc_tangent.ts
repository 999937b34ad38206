/**
 * The arc tangent in single precision.
 *
 * @module
 */
import { type ArcConstants, atan2Of, atanOf } from "../arc_tangent.ts";
import type { Elementary, ElementaryOfTwo } from "../elementary_forms.ts";

const SINGLE: ArcConstants = {
  centres: [[0.4636476, 5.0121587e-9], [0.7853982, -2.1855694e-8], [0.98279375, -2.5131424e-8]],
  halfPi: [1.5707964, -4.371139e-8],
  pi: [3.1415927, -8.742278e-8],
  // A minimax fit; relative error of atan t 2⁻²⁹.
  tail: [0.33333305, -0.19997787, 0.14230317, -0.10495203, 0.058282707],
  upright: 2 ** 30,
};

/** atan x, in radians; error under 2 ulp. */
export const atan: Elementary = atanOf(SINGLE);

/** The angle of the point (x, y), in (−π, π]; error under 3 ulp. */
export const atan2: ElementaryOfTwo = atan2Of(SINGLE);

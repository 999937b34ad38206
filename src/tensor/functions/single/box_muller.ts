/**
 * Normal numbers in single precision.
 *
 * @module
 */
import { type BoxMuller, boxMullerOf } from "../box_muller.ts";
import { COS_TAIL, logReduced, SIN_TAIL } from "./elementary.ts";

/** The transform; the error is under 10⁻⁶ of √(−2 ln u). */
export const boxMuller: BoxMuller = boxMullerOf({
  minusTwiceLog: (on, u) =>
    on.mul(logReduced(on, on.exponent(u), on.significand(u)), on.constant(-2)),
  sineTail: SIN_TAIL,
  cosineTail: COS_TAIL,
});

/**
 * The remainder of a division in single precision.
 *
 * @module
 */
import type { ElementaryOfTwo } from "../elementary_forms.ts";
import { remainder } from "../remainder.ts";

/** 2¹² + 1, which cuts the significand of a float of 32 bits in halves. */
export const SPLITTER = 4097;

/** a − b⌊a/b⌋ for |a/b| < 2⁴² and operands from 10⁻²⁵ to 10³⁰ in size; NaN for larger quotients. */
export const mod: ElementaryOfTwo = remainder(SPLITTER, 2 ** 42);

/**
 * Diagnostics of draws and of a flow's weights.
 *
 * @module
 */
export { convergence, type ScalarConvergence } from "./convergence.ts";
export type { Draws } from "./draws.ts";
export { effectiveSampleSize, effectiveSampleSizeTail } from "./effective_sample_size.ts";
export { rHat } from "./r_hat.ts";

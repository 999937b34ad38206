/**
 * The draws of several cycles.
 *
 * @module
 */
import type { DrawBlock } from "./run_state.ts";

/** Kept draws of each chain. */
export function drawCount(blocks: readonly DrawBlock[]): number {
  return blocks.reduce((sum, { logDensity }) => sum + logDensity.shape[1], 0);
}

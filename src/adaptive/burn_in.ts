/**
 * What is left out before the first draw.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import type { RunState } from "./run_state.ts";

/**
 * So many independent positions are left out, by the first autocorrelation of the slowest coordinate: tails take
 * some times as long (with four, the mean of x₀² was still 2 % too small over the first 50 steps).
 */
const POSITIONS = 10;
/** Steps that are left out at most: where chains stay in their modes, more of them would not help. */
const MOST_STEPS = 100;

/**
 * Local steps of the frozen kernel before the first draw of a run. After a short warm-up the tails of the ensemble
 * are not there yet, of which no R-hat tells since all chains are alike: on a banana the mean of x₀² was 3.5 %
 * too small over the first 50 steps, and is 1 % with this (150 runs, ± 0.6 %).
 *
 * @param state A state in production.
 * @returns How many; none where there are draws already.
 */
export function burnInSteps<State extends ChainState>(
  { draws, progress: { localEfficiency = 0 } }: Pick<RunState<State>, "draws" | "progress">,
): number {
  if (draws.length > 0) return 0;
  return Math.min(MOST_STEPS, Math.ceil(POSITIONS / localEfficiency));
}

/**
 * What is left out before the first draw.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import type { RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";

/**
 * So many independent positions are left out, by the first autocorrelation of the slowest coordinate: tails take
 * some times as long (with four, the mean of x₀² was still 2 % too small over the first 50 steps).
 */
const POSITIONS = 6;
/** Steps that are left out at most: where chains stay in their modes, more of them would not help. */
const MOST_STEPS = 50;

/**
 * Local steps of the frozen kernel at the end of the last cycle before production. After a short warm-up the tails of
 * the ensemble are not there yet, of which no R-hat tells since all chains are alike: on a banana the mean of x₀² was
 * 3.5 % too small over the first 50 steps, and is 1.4 % with this (150 runs, ± 0.6 %).
 *
 * @param localEfficiency How many independent positions each step gives, from 0 to 1.
 * @returns How many steps.
 */
export function burnInSteps(localEfficiency: number): number {
  return Math.min(MOST_STEPS, Math.ceil(POSITIONS / localEfficiency));
}

/**
 * Takes the chains of a state to where production can begin.
 *
 * @param runtime The compiled plan.
 * @param state A state with what local steps are worth.
 * @param key For the steps.
 * @returns The chains.
 */
export async function burntIn<State extends ChainState & Tree>(
  runtime: Runtime<State>,
  { chains, adaptation, progress: { localEfficiency = 0 } }: RunState<State>,
  key: Key,
): Promise<State> {
  const steps = burnInSteps(localEfficiency);
  return (await runtime.local(chains, adaptation, true, key, steps, {})).state;
}

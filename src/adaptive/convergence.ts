/**
 * How far the draws of a run have converged.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Draws } from "../diagnostics/draws.ts";
import { convergence } from "../diagnostics/convergence.ts";
import type { Target } from "../target/target.ts";
import { asDirections } from "./angle_draws.ts";
import { joinDraws } from "../kernels/join_draws.ts";
import { constrainedDraws } from "./named_draws.ts";
import type { Convergence, DrawBlock } from "./run_state.ts";

/** The largest or smallest number, or NaN if any is. */
function extreme(values: readonly number[], larger: boolean): number {
  return values.reduce(larger ? (a, b) => Math.max(a, b) : (a, b) => Math.min(a, b));
}

/** From so many effective draws of each chain on, R-hat can be below 1.01: it is √(1 + 2/n) for n of them. */
const ENOUGH = 100;
/** Below so many of all chains, R-hat alone decides: those of up to 100 chains suffice for it. */
const AFFORDABLE = 10_000;

/**
 * The R-hat by which a run is judged. Of C chains, R-hat is below 1.01 only from 100 C effective draws on, even if
 * all draws are independent: where these are more than 10,000, nested R-hat may take its place from 10,000 on.
 *
 * @param convergence What was looked at.
 * @returns R-hat or nested R-hat.
 */
export function decisiveRHat({ rHat, nestedRHat, bulk, chains }: Convergence): number {
  const short = bulk >= AFFORDABLE && bulk < ENOUGH * chains;
  return short && nestedRHat < rHat ? nestedRHat : rHat;
}

/**
 * The worst R-hat and effective sample sizes over all scalars of all parameters and derived quantities.
 *
 * @param draws The draws by name.
 * @returns The worst of each.
 */
function worstConvergence(draws: Readonly<Record<string, Draws>>): Convergence {
  const named = Object.values(draws);
  const scalars = named.flatMap(convergence);
  return {
    chains: named[0].shape[0],
    draws: named[0].shape[1],
    rHat: extreme(scalars.map(({ rHat }) => rHat), true),
    nestedRHat: extreme(scalars.map(({ nestedRHat }) => nestedRHat), true),
    bulk: extreme(scalars.map(({ effectiveSampleSize }) => effectiveSampleSize), false),
    tail: extreme(scalars.map(({ effectiveSampleSizeTail }) => effectiveSampleSizeTail), false),
  };
}

/**
 * {@linkcode worstConvergence} of the draws of cycles.
 *
 * @param target The target.
 * @param device Where the change of variables is computed.
 * @param blocks The draws.
 * @returns The worst of each.
 */
export async function lookAtConvergence(
  target: Target,
  device: Device,
  blocks: readonly DrawBlock[],
): Promise<Convergence> {
  const joined = joinDraws(blocks.map(({ position }) => position));
  const draws = await constrainedDraws(target, device, joined);
  const named = draws as Readonly<Record<string, Draws>>;
  return worstConvergence(asDirections(named, target.parameters));
}

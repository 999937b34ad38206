/**
 * What a run tells while it runs.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { drawCount } from "./draw_blocks.ts";
import type { Plan } from "./plan.ts";
import { type Convergence, meanOf, type Phase, type RunState } from "./run_state.ts";

/** How far a run is. */
export interface Progress {
  /** What it is doing, or `"done"`. */
  readonly phase: Phase;
  /** The cycle of this phase, from 1. */
  readonly cycle: number;
  /** Most cycles of this phase; unknown in production. */
  readonly cycles: number | undefined;
  /**
   * Mean acceptance probability of local and global moves in this phase; NaN where there were none, as
   * while chains settle.
   */
  readonly acceptance: { readonly local: number; readonly global: number };
  /** Draws kept so far, of all chains. */
  readonly draws: number;
  /** Draws of all chains a second, since production began; 0 before. */
  readonly drawsPerSecond: number;
  /** The last look at convergence: worst R-hat, nested R-hat and effective sample sizes. */
  readonly convergence: Convergence | undefined;
  /** Seconds since the start. */
  readonly seconds: number;
}

/**
 * Sums up the state of a run.
 *
 * @param plan The plan of the run.
 * @param before The state before the cycle: the cycle belongs to its phase.
 * @param state The state after it.
 * @param times Seconds since the start, and at the start of production.
 * @returns The progress.
 */
export function progressOf<State extends ChainState>(
  { schedule }: Pick<Plan<never>, "schedule">,
  before: RunState<State>,
  state: RunState<State>,
  times: { readonly now: number; readonly production: number | undefined },
): Progress {
  // After the last cycle of a phase its means are those of the state before.
  const acceptance = state.phase === before.phase || state.phase === "done"
    ? state.acceptance
    : before.acceptance;
  const draws = drawCount(state.draws) * state.chains.logDensity.shape[0];
  const since = times.production === undefined ? 0 : times.now - times.production;
  return {
    phase: state.phase === "done" ? "done" : before.phase,
    cycle: before.cycleInPhase + 1,
    cycles: before.phase === "warmup"
      ? Math.max(
        (state.settled ?? schedule.settleWindows.length) + schedule.warmupWindows.length,
        before.cycleInPhase + 1,
      )
      : before.phase === "train"
      ? schedule.trainCycles
      : undefined,
    acceptance: { local: meanOf(acceptance.local), global: meanOf(acceptance.global) },
    draws,
    drawsPerSecond: since > 0 ? draws / since : 0,
    convergence: state.convergence,
    seconds: times.now,
  };
}

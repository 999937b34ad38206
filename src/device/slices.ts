/**
 * The steps of a run as short calls into a compiled module: new WebAssembly code is replaced by faster
 * code only between calls, and between calls others get their turn.
 *
 * @module
 */

/** What a compiled module exports as `run`. */
export type Run = (...values: number[]) => void;

/** What to run, and where it lies in memory. */
export interface SlicePlan {
  /** Address of the first group's block. */
  readonly blocks: number;
  /** Bytes of a group's block. */
  readonly blockBytes: number;
  /** How many groups. */
  readonly groups: number;
  /** Address of the draws. */
  readonly draws: number;
  /** Bytes of one draw of a group. */
  readonly drawBytes: number;
  /** How many draws of all groups there is room for, at least 1. */
  readonly mostKept: number;
  /** Number of the first step. */
  readonly firstStep: number;
  /** How many steps. */
  readonly steps: number;
  /** A draw is kept after every so many steps. */
  readonly thin: number;
  /** Milliseconds that a call should take. */
  readonly milliseconds: number;
  /** How many steps of a group the first call takes; later ones follow the time that calls take. */
  readonly perSlice: number;
}

/** Where a run stands between calls. */
export interface Progress {
  /** Steps that all groups have taken. */
  readonly at: number;
  /** Draws of all groups that lie in memory and are overwritten by what follows; 0 in between. */
  readonly draws: number;
  /** How many steps of a group a call takes now. */
  readonly perSlice: number;
}

/**
 * Runs the steps, and stops after each call.
 *
 * The function uses nothing but its arguments: its text is also what workers run.
 *
 * @param run The module's function.
 * @param plan What to run.
 * @returns Where the run stands after each call.
 */
export function* slices(run: Run, plan: SlicePlan): Generator<Progress, void, void> {
  // A slice is at most so much longer than the last, since a browser's clock may say 0 for a short one,
  // and its steps fit the 32 bits of an argument with room to spare.
  const mostGrowth = 8;
  const mostSteps = 2 ** 24;
  const { groups, steps, thin, mostKept } = plan;
  let perSlice = plan.perSlice;
  for (let at = 0; at < steps;) {
    const missing = thin - at % thin;
    const whole = missing === thin && perSlice >= thin && at + thin <= steps;
    // Either some draws, each after `thin` steps, or a part of the steps to the next draw.
    const draws = whole
      ? Math.min(Math.floor(perSlice / thin), Math.floor((steps - at) / thin), mostKept)
      : 1;
    const apart = whole ? thin : Math.min(perSlice, missing, steps - at);
    let spent = 0;
    for (let group = 0; group < groups; group++) {
      if (group > 0) yield { at, draws: 0, perSlice };
      const start = performance.now();
      run(
        plan.blocks + group * plan.blockBytes,
        plan.firstStep + at,
        draws,
        apart,
        plan.draws + group * plan.drawBytes,
        groups * plan.drawBytes,
      );
      spent += performance.now() - start;
    }
    const taken = draws * apart;
    at += taken;
    const fitting = Math.floor(plan.milliseconds * groups * taken / Math.max(spent, 1e-3));
    perSlice = Math.max(1, Math.min(fitting, mostGrowth * taken, mostSteps));
    yield { at, draws: at % thin === 0 ? draws : 0, perSlice };
  }
}

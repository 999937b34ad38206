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

/** The arguments of a call of a module's `run`. */
export type Call = readonly [
  block: number,
  firstStep: number,
  draws: number,
  thin: number,
  drawsBase: number,
  drawStride: number,
];

/** What comes next in a run: a call for one group, or a look at where all groups stand. */
export type Slice =
  | { readonly call: Call; readonly group: number }
  | {
    /** Steps that all groups have taken. */
    readonly at: number;
    /** Draws of all groups that lie in memory and are overwritten by what follows. */
    readonly draws: number;
    /** How many steps of a group a call takes now. */
    readonly perSlice: number;
  };

/**
 * Cuts a run into calls. Each is answered with the milliseconds that it took.
 *
 * The function uses nothing but its arguments: its text is also what workers run.
 *
 * @param plan What to run.
 * @returns The calls, and where the run stands after those of all groups.
 */
export function* slices(plan: SlicePlan): Generator<Slice, void, number> {
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
      const call: Call = [
        plan.blocks + group * plan.blockBytes,
        plan.firstStep + at,
        draws,
        apart,
        plan.draws + group * plan.drawBytes,
        groups * plan.drawBytes,
      ];
      spent += yield { call, group };
    }
    const taken = draws * apart;
    at += taken;
    const fitting = Math.floor(plan.milliseconds * groups * taken / Math.max(spent, 1e-3));
    perSlice = Math.max(1, Math.min(fitting, mostGrowth * taken, mostSteps));
    yield { at, draws: at % thin === 0 ? draws : 0, perSlice };
  }
}

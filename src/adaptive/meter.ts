/**
 * How long the parts of a run take on this machine, from those that it has done.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** What is measured, and what a unit of it is. */
export type Work =
  /** A local step of one chain. */
  | "local step"
  /** A step of settling of one chain. */
  | "settling step"
  /** The start of a chain at a point. */
  | "start"
  /** A log density at a point. */
  | "density"
  /** A draw of what global moves propose from; its log density at another point takes about as long. */
  | "proposal"
  /** A number that a look at convergence sorts. */
  | "look";

/** Measures work. */
export interface Meter {
  /** Does some work and measures it, unless it fails. */
  measure<Result>(work: Work, amount: number, run: () => Promise<Result>): Promise<Result>;
  /** What so much of it takes, in milliseconds; 0 for work that was not done yet. */
  expect(work: Work, amount: number): number;
  /** Called after each measurement. */
  onMeasured: (() => void) | undefined;
}

/**
 * The median of so many last measurements counts: first calls compile, memory is tidied up, workers start, and
 * a machine's load changes.
 */
const REMEMBERED = 5;

/**
 * Makes a meter.
 *
 * @param clock The clock.
 * @returns The meter, with nothing measured yet.
 */
export function meterOf(clock: Clock): Meter {
  const known = new Map<Work, readonly number[]>();
  return {
    onMeasured: undefined,
    async measure(work, amount, run) {
      const start = clock.now();
      const result = await run();
      const each = (clock.now() - start) / amount;
      known.set(work, [...known.get(work) ?? [], each].slice(-REMEMBERED));
      this.onMeasured?.();
      return result;
    },
    expect(work, amount) {
      const sorted = known.get(work)?.toSorted((a, b) => a - b) ?? [0];
      // Of two the faster one.
      return sorted[(sorted.length - 1) >> 1] * amount;
    },
  };
}

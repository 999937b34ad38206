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
  /** A draw of what global moves propose from. */
  | "proposal"
  /** Its log density at a point. */
  | "proposal density"
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

/** Each measurement weighs so much of the next one: first calls compile, and a machine's load changes. */
const FADE = 0.8;

/**
 * Makes a meter.
 *
 * @param clock The clock.
 * @returns The meter, with nothing measured yet.
 */
export function meterOf(clock: Clock): Meter {
  const known = new Map<Work, { readonly milliseconds: number; readonly amount: number }>();
  return {
    onMeasured: undefined,
    async measure(work, amount, run) {
      const start = clock.now();
      const result = await run();
      const before = known.get(work) ?? { milliseconds: 0, amount: 0 };
      known.set(work, {
        milliseconds: FADE * before.milliseconds + clock.now() - start,
        amount: FADE * before.amount + amount,
      });
      this.onMeasured?.();
      return result;
    },
    expect(work, amount) {
      const found = known.get(work);
      return found === undefined || amount === 0 ? 0 : found.milliseconds / found.amount * amount;
    },
  };
}

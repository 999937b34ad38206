/** What all sides run, and what they say of it. */
import plan from "./plan.json" with { type: "json" };

/** A kernel on a target. */
export interface Case {
  readonly target: string;
  readonly kernel: string;
  readonly stepSize: number;
  /** Steps of a run, enough that fixed costs do not show. */
  readonly steps: number;
}

/** One side's figures for a case. */
export interface Measurement {
  /** Median over runs, for a step of one chain. */
  readonly microsecondsPerStep: number;
  readonly nanosecondsPerGradient: number;
  /** Time of the processor ÷ time on the wall: fewer than it may use, if others work on them. */
  readonly coresUsed: number;
  /** Mean over chains and steps, after settling. */
  readonly acceptance: number;
  /** Standard error of that. */
  readonly acceptanceError: number;
}

/** A side measures a case by its number; the first time it compiles and settles it. */
export type Side = (number: number) => Promise<Measurement>;

/** How many chains, runs and repeats, and the cases. */
export const PLAN: Omit<typeof plan, "cases"> & { readonly cases: readonly Case[] } = plan;

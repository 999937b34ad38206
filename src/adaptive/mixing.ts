/**
 * How production mixes local and global moves.
 *
 * @module
 */
import type { ProposalQuality } from "../diagnostics/proposal_quality.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { expectNumber, SHARE } from "./expect_number.ts";

/** What a cycle of production holds. */
export interface Mixture {
  /** Local steps. */
  readonly localSteps: number;
  /** Every `thin`-th state of them is kept. */
  readonly thin: number;
  /** Global steps, after the local ones; all are kept. */
  readonly globalSteps: number;
}

/** Decides what cycles of production hold, from the schedule and from how good the flow is. */
export type MixingRule = (schedule: Mixture, quality: ProposalQuality | undefined) => Mixture;

/** Options of {@linkcode mixByQuality}. */
export interface MixingOptions {
  /**
   * Below this effective sample fraction of the flow's proposals there are local moves alone; 0.01 by
   * default: a chain would wait for a hundred proposals and more.
   */
  readonly leastFraction?: number;
  /**
   * Below this acceptance one global step a cycle has to do, and every local step is kept; 0.2 by default:
   * most draws of more global steps would only repeat the ones before.
   */
  readonly rare?: number;
}

/**
 * Spends the steps of production where they pay. With a good flow a global step gives a new draw for the
 * price of one density and one pass through the flow, and the schedule is followed: many global steps,
 * and local ones, thinned, between them. With a poor one most proposals are refused, and local steps
 * have to give the draws. With one that cannot be trusted there are no global steps.
 *
 * The rule is asked with what the last cycle of training measured, before the first draw is kept: nothing
 * adapts in production.
 *
 * @param options Where the bounds are.
 * @returns The rule.
 * @throws {TypeError} If there is an unknown option.
 * @throws {RangeError} If a bound is not a number from 0 to 1.
 */
export function mixByQuality(options: MixingOptions = {}): MixingRule {
  expectOptions(options, ["leastFraction", "rare"], "mix moves");
  const { leastFraction = 0.01, rare = 0.2 } = options;
  expectNumber("mix moves", "leastFraction", leastFraction, SHARE);
  expectNumber("mix moves", "rare", rare, SHARE);
  return ({ localSteps, thin, globalSteps }, quality) => {
    if (quality === undefined) return { localSteps, thin, globalSteps };
    if (!(quality.effectiveSampleFraction >= leastFraction)) {
      return { localSteps, thin: 1, globalSteps: 0 };
    }
    return quality.acceptance < rare
      ? { localSteps, thin: 1, globalSteps: Math.min(globalSteps, 1) }
      : { localSteps, thin, globalSteps };
  };
}

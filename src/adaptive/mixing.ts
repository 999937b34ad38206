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

/** What is known of local steps. */
export interface LocalSteps {
  /** How many independent positions each gives, from 0 to 1; 0 if unknown. */
  readonly efficiency: number;
  /** What each costs as a share of a global step, as far as can be counted; infinite if unknown. */
  readonly cost: number;
}

/**
 * Decides what cycles of production hold, from the schedule, from how good the flow is, and from what local steps
 * are worth and cost, where that is known.
 */
export type MixingRule = (
  schedule: Mixture,
  quality: ProposalQuality | undefined,
  local?: LocalSteps,
) => Mixture;

/** Local steps between two draws lead to so many independent positions: what is kept is also looked at. */
const INDEPENDENT = 0.75;

/** Most of the steps of the schedule that are global ones. */
const MOST = 0.5;

/** Local steps for each one of the schedule, at most; more of them bring little. */
const MOST_REPEATS = 3;

/** Those that are worth less than global ones cost no more together than such a share of these. */
const SHARE_OF_COST = 0.5;

/** Options of {@linkcode mixByQuality}. */
export interface MixingOptions {
  /**
   * Below this effective sample fraction of the flow's proposals there are local moves alone; 0.01 by
   * default: a chain would wait for a hundred proposals and more.
   */
  readonly leastFraction?: number;
}

/**
 * Spends the steps of production where they pay. A global step with a good flow gives a new draw for the
 * price of one density and one pass through the flow, while local steps stay in their mode: of all steps
 * of the schedule, global ones get the share min(a, 2f/(1 + f)), where a is the probability that a global step
 * moves a chain and f the effective sample fraction of the proposals, but no less than in the schedule and
 * no more than half: where a flow is too narrow, as in the arms of a banana, no proposal tells of it, and it
 * is local steps that bring chains in and out. With a flow that cannot be trusted there are no global steps,
 * and every local one is kept.
 *
 * Then there are up to three local steps for each one of the schedule: where one leads to an independent position
 * more often than a global one moves a chain, or where all of them cost no more than half of the global ones. Of
 * them as many are kept as are nearly independent of each other, since draws are looked at and kept as well, which
 * costs more than a cheap step: eight schools take 30 % fewer draws for the same effective sample size.
 *
 * With more jumps where the flow is good, up to all but one step of a cycle, there are 1.3 to 1.9 times the
 * effective samples a step on a ring of modes, mixtures and a Gaussian; on a banana errors are too small then.
 * With one mode and a kernel that crosses it in a step, `flow: "none"` is better still.
 *
 * The rule is asked with what the last cycle of training measured, before the first draw is kept: nothing
 * adapts in production.
 *
 * @param options Where the bound is.
 * @returns The rule.
 * @throws {TypeError} If there is an unknown option.
 * @throws {RangeError} If the bound is not a number from 0 to 1.
 */
export function mixByQuality(options: MixingOptions = {}): MixingRule {
  expectOptions(options, ["leastFraction"], "mix moves");
  const { leastFraction = 0.01 } = options;
  expectNumber("mix moves", "leastFraction", leastFraction, SHARE);
  return ({ localSteps, thin: usual, globalSteps }, quality, local) => {
    const { efficiency, cost } = local ?? { efficiency: 0, cost: Infinity };
    const spacing = Math.ceil(INDEPENDENT / efficiency);
    if (quality === undefined || globalSteps === 0) return { localSteps, thin: usual, globalSteps };
    const { acceptance, effectiveSampleFraction: fraction } = quality;
    if (!(fraction >= leastFraction)) return { localSteps, thin: 1, globalSteps: 0 };
    const all = localSteps + globalSteps;
    const worth = Math.min(acceptance, 2 * fraction / (1 + fraction));
    const jumps = Math.max(globalSteps, Math.round(Math.min(worth, MOST) * all));
    const rest = all - jumps;
    const affordable = efficiency > worth
      ? MOST_REPEATS
      : Math.floor(SHARE_OF_COST * jumps / (rest * cost));
    const repeats = Math.max(1, Math.min(MOST_REPEATS, affordable));
    return {
      localSteps: repeats * rest,
      thin: Math.min(repeats * Math.min(usual, rest), spacing),
      globalSteps: jumps,
    };
  };
}

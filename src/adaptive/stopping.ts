/**
 * When a run ends.
 *
 * @module
 */
import { expectOptions } from "../tensor/expect_options.ts";
import { decisiveRHat } from "./convergence.ts";
import type { StoppingInput, StoppingRule } from "./plan.ts";
import type { Convergence } from "./run_state.ts";

/** What a run has to reach, and its budget. */
export interface StopOptions {
  /**
   * Largest rank-normalised split R-hat of any scalar; 1.01 by default (Vehtari et al. 2021). That takes
   * 100 effective draws of each chain; of more chains than 100, nested R-hat may be below it instead once there
   * are 10,000 in all (Margossian et al. 2024), with superchains by where chains started production.
   */
  readonly rHat?: number;
  /**
   * Smallest bulk and tail effective sample size of any scalar; 4,000 by default, at which the Monte
   * Carlo error of a mean is 1.6 % of the posterior's standard deviation. An R-hat below 1.01 takes more with
   * the default of 100 chains, about 10,000 of the slowest scalar.
   */
  readonly effectiveSampleSize?: number;
  /** Most draws of each chain; 20,000 by default. */
  readonly maxDraws?: number;
  /**
   * Most seconds of the whole run, from the call to the result; none by default. A cycle under way is cut
   * off and leaves no trace; what comes after production has its time, as far as it can be foreseen.
   */
  readonly maxSeconds?: number;
}

/**
 * The first look at convergence is at this many draws of each chain: R-hat can be below 1.01 from 100 independent ones
 * of each on.
 */
const FIRST_LOOK = 150;
/** Each further look is at so many times the draws at least: few looks, so that chance has few tries. */
const LEAST_GROWTH = 1.25;
/** And at most, since the first looks know little. */
const MOST_GROWTH = 3;
/** What is asked for is expected to be there with so much to spare. */
const MARGIN = 1.1;

/**
 * Ends production when R-hat or nested R-hat and both effective sample sizes are good for every scalar, or at the
 * budget. It looks seldom, when the look before lets expect that it is time: a rule that looked after
 * every cycle would stop at lucky moments.
 *
 * @param options What is to be reached, and the budget.
 * @returns The rule.
 * @throws {TypeError} If there is an unknown option.
 */
export function stopWhenConverged(options: StopOptions = {}): StoppingRule {
  const names = ["rHat", "effectiveSampleSize", "maxDraws", "maxSeconds"];
  expectOptions(options, names, "stop a run");
  const {
    rHat = 1.01,
    effectiveSampleSize = 4000,
    maxDraws = 20_000,
    maxSeconds = Infinity,
  } = options;
  return {
    nextLook(last: Convergence | undefined): number {
      if (last === undefined) return Math.min(maxDraws, FIRST_LOOK);
      // Sample sizes grow with the draws, and R-hat − 1 falls with them.
      const missing = Math.max(
        effectiveSampleSize / Math.min(last.bulk, last.tail),
        (decisiveRHat(last) - 1) / (rHat - 1),
      );
      const growth = Math.max(LEAST_GROWTH, Math.min(MOST_GROWTH, MARGIN * missing || MOST_GROWTH));
      return Math.min(maxDraws, Math.ceil(last.draws * growth));
    },
    decide({ draws, convergence, seconds }: StoppingInput): "converged" | "budget" | undefined {
      const good = convergence !== undefined && decisiveRHat(convergence) < rHat &&
        convergence.bulk >= effectiveSampleSize && convergence.tail >= effectiveSampleSize;
      if (good) return "converged";
      return draws >= maxDraws || seconds >= maxSeconds ? "budget" : undefined;
    },
    timeIsUp: (seconds: number): boolean => seconds >= maxSeconds,
    maxSeconds: options.maxSeconds,
  };
}

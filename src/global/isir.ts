/**
 * Iterated sampling importance resampling: a global move that chooses among several proposals.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { exp } from "../tensor/functions/scalar_math.ts";
import type { Tree } from "../tensor/tree.ts";
import { valueText } from "../tensor/value_text.ts";
import {
  type ChoiceRule,
  globalMove,
  type GlobalMoveOptions,
  type GlobalStep,
} from "./global_move.ts";

/** Options of {@linkcode isir}. */
export interface IsirOptions<State extends ChainState> extends GlobalMoveOptions<State> {
  /** Proposals of each chain in a step; 8 by default. */
  readonly proposals?: number;
}

/** Chooses among where the chain is and all proposals, each with a probability as its weight. */
function resampling(proposals: number): ChoiceRule {
  const weights = new Float64Array(proposals);
  return {
    proposals,
    choose(current, logWeights, chance) {
      // An infinite weight outweighs all others.
      if (current === Infinity) return { taken: -1, probability: 0 };
      let largest = current;
      for (const log of logWeights) {
        if (Number.isFinite(log) && log > largest) largest = log;
      }
      if (largest === -Infinity) return { taken: -1, probability: 0 };
      let total = 0;
      logWeights.forEach((log, i) => {
        weights[i] = Number.isFinite(log) ? exp(log - largest) : 0;
        total += weights[i];
      });
      const own = current === -Infinity ? 0 : exp(current - largest);
      const probability = total / (total + own);
      let rest = chance * (total + own);
      for (let i = 0; i < proposals; i++) {
        if (rest < weights[i]) return { taken: i, probability };
        rest -= weights[i];
      }
      // Where rounding leaves a rest and the chain cannot stay, the last that can be taken is.
      const last = own > 0 ? -1 : weights.findLastIndex((weight) => weight > 0);
      return { taken: last, probability };
    },
  };
}

/**
 * Iterated sampling importance resampling, i-SIR: in each step every chain gets n proposals from q, and
 * goes to one of them or stays, each with a probability in proportion to its weight w = p/q. It leaves p
 * invariant for any n. With a flow of middling quality n proposals move a chain nearly as surely as the
 * flow's best ones would, for n times the cost; all of it is done in parallel.
 *
 * With n = 1 a proposal is taken with probability w'/(w + w'), Barker's rule, less often than by
 * `independence`. Weights that are not finite are treated as there.
 *
 * Source: Tjelmeland 2004; Andrieu, Lee & Vihola, "Uniform ergodicity of the iterated conditional SMC",
 * Bernoulli 2018, §1; with flows, Samsonov et al., "Local-global MCMC kernels", NeurIPS 2022.
 *
 * @param options The proposal distribution, how to start chains, and how many proposals.
 * @returns The ensemble step; its acceptance is the probability of moving.
 * @throws {TypeError} If there is an unknown option.
 * @throws {RangeError} If `proposals` is not a whole number of at least 1.
 *
 * @example Sixteen proposals in each global step
 * ```ts
 * import { density, isir, key, logSumExp, sample } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const modes = density(2, (x) =>
 *   logSumExp(x.at(0).sub([-4, 4]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)));
 * const run = await sample(modes, key(1), {
 *   global: (parts) => isir({ ...parts, proposals: 16 }),
 *   stop: { effectiveSampleSize: 1000 },
 * });
 * assert(run.acceptance.global > 0.5);
 * ```
 */
export function isir<State extends ChainState & Tree>(
  options: IsirOptions<State>,
): GlobalStep<State> {
  expectOptions(options, ["proposal", "start", "kept", "proposals"], "resample");
  const { proposals = 8 } = options;
  if (!(Number.isInteger(proposals) && proposals >= 1)) {
    throw new RangeError(
      `Cannot resample with \`proposals\` ${
        valueText(proposals)
      }: expected a positive whole number`,
    );
  }
  return globalMove(options, resampling(proposals));
}

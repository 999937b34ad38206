/**
 * How good a flow is for a target.
 *
 * @module
 */
import { chooseDevice } from "../device/choose.ts";
import { type ProposalQuality, proposalQuality } from "../diagnostics/proposal_quality.ts";
import type { Proposal } from "../global/proposal.ts";
import type { Target } from "../target/target.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import type { Key } from "../tensor/random.ts";
import { valueText } from "../tensor/value_text.ts";
import { weightsOfProposals } from "./evidence_weights.ts";

/** Options of {@linkcode flowQuality}. */
export interface FlowQualityOptions {
  /** How many draws of the flow; 4,000 by default. Each costs one log density. */
  readonly draws?: number;
}

/**
 * Judges a trained flow, or any other proposal, by its own draws: before it is used for another target,
 * say, such as that of a day's more data.
 *
 * @param target The target.
 * @param flow The flow, a density on the target's unconstrained coordinates.
 * @param key For the draws.
 * @param options How many.
 * @returns Effective sample fraction, Pareto shape and the acceptance that global moves will have.
 * @throws {TypeError} If this is no flow, or an option is unknown.
 * @throws {RangeError} If the number of draws is not a positive whole number, or the flow has other
 * coordinates than the target.
 *
 * @example The flow of a run, for a target that has moved a little
 * ```ts
 * import { density, flowQuality, key, sample } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const at = (center: number) => density(2, (x) => x.sub(center).square().sum().mul(-0.5));
 * const { flow } = await sample(at(0), key(1), { stop: { effectiveSampleSize: 500 } });
 * if (flow === undefined) throw new Error("there is one unless it was left out");
 * const [same, moved] = [
 *   await flowQuality(at(0), flow, key(2)),
 *   await flowQuality(at(1), flow, key(2)),
 * ];
 * assert(same.acceptance > moved.acceptance);
 * ```
 */
export async function flowQuality(
  target: Target,
  flow: Proposal,
  key: Key,
  options: FlowQualityOptions = {},
): Promise<ProposalQuality> {
  expectOptions(options, ["draws"], "judge a flow");
  const { draws = 4000 } = options;
  if (!(Number.isInteger(draws) && draws >= 1)) {
    throw new RangeError(
      `Cannot judge a flow by ${valueText(draws)} draws: expected a positive whole number`,
    );
  }
  // A kind of flow has a function of that name, too.
  if (typeof flow?.sample !== "function" || "updates" in flow) {
    throw new TypeError("Cannot judge this: give the `flow` of a result, or another proposal");
  }
  const evaluate = chooseDevice().map(target.value, 1);
  const weights = await weightsOfProposals(
    {
      logDensity: async (position) => {
        const [, coordinates] = position.shape;
        if (coordinates === target.dimension) return (await evaluate.run([position], []))[0];
        throw new RangeError(
          `Cannot judge a flow of ${coordinates} coordinates by a target of ${target.dimension}`,
        );
      },
      proposal: flow,
      signal: undefined,
    },
    draws,
    key,
  );
  return proposalQuality(weights);
}

/**
 * What the replicas of a run tell: log Z, and how well neighbours swap.
 *
 * @module
 */
import { type SteppingStoneEvidence, steppingStoneEvidence } from "../evidence/mod.ts";
import { joinDraws } from "../kernels/join_draws.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { exp } from "../tensor/functions/scalar_math.ts";
import type { Tree } from "../tensor/tree.ts";
import { tensor, type TensorLike } from "../tensor/tensor.ts";
import type { Plan } from "./plan.ts";
import type { RunState } from "./run_state.ts";

/** What is known of tempering in production. */
export interface TemperedFacts {
  /** log Z; none if no draw of some rung has a positive likelihood. */
  readonly evidence: SteppingStoneEvidence | undefined;
  /** Mean probability that neighbours do not swap, of each pair. */
  readonly rejection: readonly number[];
}

/** Mean of 1 − min(1, e^((β_i − β_j)(ln L_j − ln L_i))) over rows, for each pair of neighbours. */
function rejections(data: ArrayLike<number>, ladder: ArrayLike<number>): number[] {
  const rungs = ladder.length;
  const rows = data.length / rungs;
  return Array.from({ length: rungs - 1 }, (_, pair) => {
    let sum = 0;
    for (let at = pair; at < data.length; at += rungs) {
      const logRatio = (ladder[pair] - ladder[pair + 1]) * (data[at + 1] - data[at]);
      sum += logRatio >= 0 ? 0 : logRatio < 0 ? 1 - exp(logRatio) : 1;
    }
    return sum / rows;
  });
}

/**
 * What production tells of tempering.
 *
 * @param plan The plan.
 * @param state The last state of its run.
 * @returns That; none for kernels without replicas.
 */
export function temperedFacts<State extends ChainState & Tree, Values extends object>(
  { local: { ladder }, adaptation, target }: Plan<State, Values>,
  { logLikelihoods, adaptation: adapted }: RunState<State>,
): TemperedFacts | undefined {
  if (ladder === undefined || logLikelihoods === undefined) return undefined;
  const parameters = adaptation.parameters(adapted, true) as {
    readonly inverseTemperatures?: TensorLike;
  };
  const inverseTemperatures = tensor(parameters.inverseTemperatures ?? ladder.inverseTemperatures)
    .data as Float64Array;
  const { data, shape } = joinDraws(logLikelihoods);
  return {
    evidence: estimateOf({ data: data as Float64Array, shape }, {
      inverseTemperatures,
      relativeTo: ladder.relativeTo(target),
    }),
    rejection: rejections(data, inverseTemperatures),
  };
}

/** The estimate, where the draws allow one. */
function estimateOf(
  ...given: Parameters<typeof steppingStoneEvidence>
): SteppingStoneEvidence | undefined {
  try {
    return steppingStoneEvidence(...given);
  } catch (error) {
    // A run keeps its draws, whatever can be said of log Z.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

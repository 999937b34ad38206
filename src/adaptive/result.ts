/**
 * What a run gives.
 *
 * @module
 */
import type { Draws } from "../diagnostics/draws.ts";
import { summarise, type Summary } from "../diagnostics/summary.ts";
import { type Evidence, importanceEvidence } from "../evidence/mod.ts";
import type { ChainState } from "../kernels/kernel.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { joinDraws } from "./draw_blocks.ts";
import { constrainedDraws, type NamedDraws } from "./named_draws.ts";
import type { Plan } from "./plan.ts";
import { type Convergence, meanOf, type RunState } from "./run_state.ts";
import { type TrainedFlow, trainedFlow } from "./trained_flow.ts";
import { warningsOf } from "./warnings.ts";

/** The result of a run. */
export interface SampleResult<Values, State extends ChainState = ChainState> {
  /** The draws of each parameter and derived quantity, chains × draws × its shape. */
  readonly draws: NamedDraws<Values>;
  /** Log density (in unconstrained coordinates) of each draw, chains × draws. */
  readonly logDensity: Draws;
  /** Mean, sd, quantiles, Monte Carlo error, effective sample sizes and R-hat of every scalar. */
  summary(): Summary;
  /** log Z = ln ∫ p of the target with its standard error; none for a run without a flow. */
  readonly logEvidence: Evidence | undefined;
  /** Mean acceptance probabilities in production; NaN where there were no such moves. */
  readonly acceptance: { readonly local: number; readonly global: number };
  /** What cannot be trusted and what to do about it; empty when nothing was found. */
  readonly warnings: readonly string[];
  /** Worst R-hat and effective sample sizes over all scalars. */
  readonly convergence: Convergence;
  /** The trained flow; none for a run without one. */
  readonly flow: TrainedFlow | undefined;
  /** The last state: give it as `resume` to go on. */
  readonly state: RunState<State>;
  /** Seconds from start to end. */
  readonly seconds: number;
}

/** log w of all proposals of production, in the order in which they were made. */
function allWeights(logWeights: readonly Tensor[]): Float64Array {
  return Float64Array.from(logWeights.flatMap(({ data }) => [...data]));
}

/** Share of the proposals at which the log density is NaN or +∞. */
function brokenShare(weights: Float64Array): number {
  const broken = weights.reduce((count, weight) => count + (weight < Infinity ? 0 : 1), 0);
  return broken === 0 ? 0 : broken / weights.length;
}

/** log Z from the weights of production; none where no weight is usable. */
function evidenceOf(weights: Float64Array): Evidence | undefined {
  // A proposal where the density is broken counts as one outside of the support, as in the global move.
  const usable = weights.map((weight) => weight < Infinity ? weight : -Infinity);
  return usable.some(Number.isFinite) ? importanceEvidence(usable) : undefined;
}

/**
 * The result of a run from its last state.
 *
 * @param plan The plan of the run.
 * @param state A state that has draws.
 * @param seconds How long the run took.
 * @returns The result.
 * @throws {RangeError} If the state has no draws yet.
 */
export async function resultOf<Values extends object, State extends ChainState & Tree>(
  plan: Plan<State, Values>,
  state: RunState<State>,
  seconds: number,
): Promise<SampleResult<Values, State>> {
  const { target, device, flow: kind } = plan;
  if (state.draws.length === 0 || state.convergence === undefined) {
    throw new RangeError("Cannot sum up a run that has no draws yet: run it to its end");
  }
  const position = joinDraws(state.draws.map((block) => block.position));
  const draws = await constrainedDraws(target, device, position);
  const logDensity = joinDraws(state.draws.map((block) => block.logDensity));
  const weights = allWeights(state.logWeights);
  const logEvidence = evidenceOf(weights);
  const acceptance = {
    local: meanOf(state.acceptance.local),
    global: meanOf(state.acceptance.global),
  };
  let summary: Summary | undefined;
  return {
    draws,
    logDensity: { data: logDensity.data as Float64Array, shape: logDensity.shape },
    summary: () => summary ??= summarise(draws as Readonly<Record<string, Draws>>),
    logEvidence,
    acceptance,
    warnings: warningsOf({
      convergence: state.convergence,
      ended: state.ended,
      acceptance,
      targetAcceptance: plan.local.targetAcceptance,
      logEvidence,
      broken: brokenShare(weights),
      position,
    }),
    convergence: state.convergence,
    flow: kind === undefined || state.flow === undefined
      ? undefined
      : trainedFlow(kind, state.flow, device),
    state,
    seconds,
  };
}

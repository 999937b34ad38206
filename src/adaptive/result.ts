/**
 * What a run gives.
 *
 * @module
 */
import type { Draws } from "../diagnostics/draws.ts";
import type { ProposalQuality } from "../diagnostics/proposal_quality.ts";
import { summarise, type Summary } from "../diagnostics/summary.ts";
import type { Evidence } from "../evidence/mod.ts";
import type { ChainState } from "../kernels/kernel.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import { aroundMeans } from "./angle_draws.ts";
import { joinDraws } from "../kernels/join_draws.ts";
import { sizeWarnings } from "./ensemble_size.ts";
import { type DeviceOfRun, deviceOfRun, deviceWarnings } from "./device_of_run.ts";
import { temperedFacts } from "./tempered_facts.ts";
import { temperingWarnings } from "./tempering_warnings.ts";
import { flowWarnings } from "./flow_warnings.ts";
import { decisiveRHat } from "./convergence.ts";
import { constrainedDraws, type NamedDraws } from "./named_draws.ts";
import type { Plan } from "./plan.ts";
import { estimateEvidence, primaryEvidence, type RunEvidence } from "./run_evidence.ts";
import { type Convergence, meanOf, type RunState } from "./run_state.ts";
import { runtimeOf } from "./runtime.ts";
import { startWarnings } from "./start_warnings.ts";
import { groupWarnings, separateGroups } from "./separate_groups.ts";
import { factsOf } from "./trajectory_warnings.ts";
import { type TrainedFlow, trainedFlow } from "./trained_flow.ts";
import { warningsOf } from "./warnings.ts";

/** Of chains that stay in modes apart R-hat is larger; below, they have met. */
const LARGEST_TOGETHER = 1.1;

/** The result of a run. */
export interface SampleResult<Values, State extends ChainState = ChainState> {
  /** The draws of each parameter and derived quantity, chains × draws × its shape. */
  readonly draws: NamedDraws<Values>;
  /** Log density (in unconstrained coordinates) of each draw in double precision, chains × draws. */
  readonly logDensity: Draws;
  /**
   * Mean, sd, quantiles, Monte Carlo error, effective sample sizes and R-hat of every scalar; those of an
   * angle are around its circular mean.
   */
  summary(): Summary;
  /**
   * log Z = ln ∫ p of the target with its standard error: by bridge sampling, whose error can be trusted
   * where the flow is too narrow as well, or by importance sampling if there are too few draws for that.
   * Without global moves it is that of the stepping stones of parallel tempering, whose `relativeTo` says
   * what it is of a posterior that was tempered from its prior; none for other kernels.
   */
  readonly logEvidence: Evidence | undefined;
  /** log Z by each method; none where `logEvidence` is none. */
  readonly evidence: RunEvidence | undefined;
  /**
   * How good proposals of global moves are, the defensive share included; none for a run without a flow.
   * The acceptance is that of the global move of the run. `flowQuality()` judges the flow alone.
   */
  readonly flowQuality: ProposalQuality | undefined;
  /** Mean acceptance probabilities in production; NaN where there were no such moves. */
  readonly acceptance: { readonly local: number; readonly global: number };
  /**
   * Local trajectories of production whose energy grew by more than 1,000: how many, and their share of all.
   * None for a kernel without energies.
   */
  readonly divergences: { readonly count: number; readonly share: number } | undefined;
  /**
   * Energy Bayesian fraction of missing information over all chains together; see
   * {@linkcode energyBayesianFraction}. None for a kernel without energies.
   */
  readonly energyBayesianFraction: number | undefined;
  /** What cannot be trusted and what to do about it; empty when nothing was found. */
  readonly warnings: readonly string[];
  /** Worst R-hat, nested R-hat and effective sample sizes over all scalars. */
  readonly convergence: Convergence;
  /**
   * Where the chains moved, which devices were given up and why, and what single precision took from log
   * densities.
   */
  readonly device: DeviceOfRun;
  /** The trained flow; none for a run without one. */
  readonly flow: TrainedFlow | undefined;
  /** The last state: give it as `resume` to go on. */
  readonly state: RunState<State>;
  /** Seconds from start to end. */
  readonly seconds: number;
}

/**
 * The result of a run from its last state.
 *
 * @param plan The plan of the run.
 * @param state A state that has draws.
 * @param options A key that the run has drawn nothing from, for the proposals of log Z; how long the run
 * took so far.
 * @returns The result.
 * @throws {RangeError} If the state has no draws yet.
 */
export async function resultOf<Values extends object, State extends ChainState & Tree>(
  plan: Plan<State, Values>,
  state: RunState<State>,
  { key, seconds }: { readonly key: Key; readonly seconds: () => number },
): Promise<SampleResult<Values, State>> {
  const { target, device, flow: kind } = plan;
  if (state.draws.length === 0 || state.convergence === undefined) {
    throw new RangeError("Cannot sum up a run that has no draws yet: run it to its end");
  }
  const position = joinDraws(state.draws.map((block) => block.position));
  const draws = await constrainedDraws(target, device, position);
  const logDensity = joinDraws(state.draws.map((block) => block.logDensity));
  const { evidence: ofFlow, quality, overlap, broken } = await estimateEvidence(
    runtimeOf(plan),
    state,
    {
      position,
      logDensity,
    },
    key,
  );
  const tempered = temperedFacts(plan, state);
  const evidence = tempered === undefined ? ofFlow : {
    importanceSampling: undefined,
    bridgeSampling: undefined,
    ...ofFlow,
    steppingStone: tempered.evidence,
  };
  const acceptance = {
    local: meanOf(state.acceptance.local),
    global: meanOf(state.acceptance.global),
  };
  // Where production proposed nothing, what was known before.
  const flowQuality = quality ?? state.best?.quality;
  const trajectories = state.trajectories && factsOf(state.trajectories, target.names);
  // Where chains agree there is nothing to look for.
  const groups = decisiveRHat(state.convergence) < LARGEST_TOGETHER
    ? undefined
    : separateGroups(draws as Readonly<Record<string, Draws>>, target.parameters);
  const deviceUsed = deviceOfRun(plan, state);
  let summary: Summary | undefined;
  return {
    draws,
    logDensity: { data: logDensity.data as Float64Array, shape: logDensity.shape },
    summary: () =>
      summary ??= summarise(
        aroundMeans(draws as Readonly<Record<string, Draws>>, target.parameters),
      ),
    logEvidence: primaryEvidence(evidence),
    evidence,
    flowQuality,
    acceptance,
    divergences: trajectories && {
      count: trajectories.divergent,
      share: trajectories.divergent / trajectories.count,
    },
    energyBayesianFraction: trajectories?.energyFraction,
    warnings: [
      ...await flowWarnings(kind, state.flow),
      ...startWarnings(state),
      ...sizeWarnings(plan.local, { chains: position.shape[0], dimension: target.dimension }),
      ...warningsOf({
        convergence: state.convergence,
        ended: state.ended,
        acceptance,
        targetAcceptance: plan.local.targetAcceptance,
        evidence,
        overlap,
        flowQuality,
        abandoned: plan.schedule.globalSteps > 0 && state.best !== undefined &&
          plan.mixing(plan.schedule, state.best.quality).globalSteps === 0,
        broken,
        position,
        trajectories,
      }),
      ...groupWarnings(groups),
      ...temperingWarnings(tempered, evidence),
      ...deviceWarnings(deviceUsed, {
        asked: plan.deviceAsked,
        scale: state.window,
        names: target.names,
      }),
    ],
    device: deviceUsed,
    convergence: state.convergence,
    flow: kind === undefined || state.flow === undefined
      ? undefined
      : trainedFlow(kind, state.flow, device),
    state,
    seconds: seconds(),
  };
}

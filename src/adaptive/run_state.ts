/**
 * The state of a run: plain data and tensors, from which the run can go on.
 *
 * @module
 */
import type { FlowState } from "../flows/flow.ts";
import type { ProposalQuality } from "../diagnostics/proposal_quality.ts";
import type { ChainState } from "../kernels/kernel.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { AdaptationState } from "./adaptation.ts";
import type { EnsembleScale } from "./ensemble_scale.ts";
import type { Replay } from "./replay.ts";
import type { RoundingRecord } from "./single_precision.ts";
import type { TrajectoryRecord } from "./trajectory_record.ts";

/** What a run is doing. */
export type Phase = "warmup" | "train" | "production" | "done";

/** Draws of one cycle. */
export interface DrawBlock {
  /** Unconstrained positions, chains × draws × d. */
  readonly position: Tensor;
  /** Log density at each, chains × draws. */
  readonly logDensity: Tensor;
}

/** A mean in the making. */
export interface RunningMean {
  /** Of what was added. */
  readonly sum: number;
  /** How much was added. */
  readonly count: number;
}

/** What the stopping rule looked at last: the worst over all scalars. */
export interface Convergence {
  /** How many chains there are. */
  readonly chains: number;
  /** Draws of each chain that it rests on. */
  readonly draws: number;
  /** Largest rank-normalised split R-hat. */
  readonly rHat: number;
  /**
   * Largest nested R-hat, with superchains by where chains started production; NaN for fewer than 16 chains
   * or 6 draws of each. Many short chains agree if this is below 1.01: R-hat asks each for 100 effective
   * draws.
   */
  readonly nestedRHat: number;
  /** Smallest bulk effective sample size. */
  readonly bulk: number;
  /** Smallest tail effective sample size. */
  readonly tail: number;
}

/** How the flow came along. */
export interface FlowProgress {
  /** Mean training loss of each cycle: −E log q on the replay buffer; first that without training. */
  readonly loss: readonly number[];
  /** −E log q of the best flow so far on held-out positions, after each cycle. */
  readonly validation: readonly number[];
  /** Cycles since that last fell by more than 0.02 nats. */
  readonly stale: number;
  /** Mean acceptance probability of the global moves of each cycle. */
  readonly acceptance: readonly number[];
  /** Effective sample fraction of the proposals of the last cycle; none before there was one. */
  readonly effectiveSampleFraction?: number | undefined;
  /** Independent positions for each local step of the last cycle; none before there was one. */
  readonly localEfficiency?: number | undefined;
  /** What a local step costs as a share of a global one; none before there were some, or if unknown. */
  readonly localCost?: number | undefined;
}

/** A flow and how good it is. */
export interface BestFlow {
  /** The flow. */
  readonly flow: FlowState;
  /** What the weights of its last proposals before production say. */
  readonly quality: ProposalQuality;
}

/** The state of a run after a cycle. */
export interface RunState<State extends ChainState = ChainState> {
  /** The phase that the next cycle belongs to. */
  readonly phase: Phase;
  /** How many cycles were run; cycle i draws from foldIn(key, i). */
  readonly cycle: number;
  /** How many of them in the current phase. */
  readonly cycleInPhase: number;
  /** The states of all chains; each leaf has the chain as first axis. */
  readonly chains: State;
  /** Of the local kernel; frozen from the end of the warm-up. */
  readonly adaptation: AdaptationState;
  /** Windows of settling that were run, when that is over; undefined before. */
  readonly settled: number | undefined;
  /** Location and scale of the last window of warm-up. */
  readonly window: EnsembleScale | undefined;
  /**
   * The chains that were put beside others in the warm-up, after its first window, since their log density was
   * far below.
   */
  readonly restarted: readonly number[];
  /** The flow, frozen in production; none before training or when the run uses none. */
  readonly flow: FlowState | undefined;
  /** Recent positions for training. */
  readonly replay: Replay;
  /** How training came along. */
  readonly progress: FlowProgress;
  /** The flow that is best at held-out positions so far: production uses it. */
  readonly best: BestFlow | undefined;
  /** Whether the next cycle of training is the last one. */
  readonly lastTraining: boolean;
  /** The draws that are kept, by production cycle. */
  readonly draws: readonly DrawBlock[];
  /** log p − log q of the proposals in production, by cycle. */
  readonly logWeights: readonly Tensor[];
  /**
   * ln of what is tempered at each rung at the kept local draws, chains × draws × rungs, by production cycle;
   * of a kernel with replicas.
   */
  readonly logLikelihoods?: readonly Tensor[] | undefined;
  /** Acceptance of local and global moves: of the current phase. */
  readonly acceptance: { readonly local: RunningMean; readonly global: RunningMean };
  /** What the energies of production's trajectories tell; none if the kernel has no energies. */
  readonly trajectories?: TrajectoryRecord | undefined;
  /**
   * How far log densities of kept draws in single precision were from those in double precision, which
   * `draws` hold; none where chains never moved in single precision.
   */
  readonly rounding?: RoundingRecord | undefined;
  /** Why single precision was given up; none where it was not. */
  readonly tooShort?: string | undefined;
  /** The last look at convergence. */
  readonly convergence: Convergence | undefined;
  /** Why the run ended. */
  readonly ended: "converged" | "budget" | undefined;
  /** Where a run goes on that was out of time before production, when it is resumed. */
  readonly interrupted?: RunState<State> | undefined;
}

/** Adds to a running mean. */
export function addToMean(mean: RunningMean, sum: number, count: number): RunningMean {
  return { sum: mean.sum + sum, count: mean.count + count };
}

/** The mean so far; NaN if there is none. */
export function meanOf({ sum, count }: RunningMean): number {
  return sum / count;
}

/** No mean yet. */
export const EMPTY_MEAN: RunningMean = { sum: 0, count: 0 };

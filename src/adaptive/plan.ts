/**
 * The plan of an adaptive run: all its parts, each a value or a pure function that a user can replace
 * by one of the same type.
 *
 * @module
 */
import type { DeviceName } from "../device/choose.ts";
import type { Device } from "../device/device.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import type { GlobalMoveOptions, GlobalStep } from "../global/global_move.ts";
import type { Proposal } from "../global/proposal.ts";
import type { ChainState, Kernel } from "../kernels/kernel.ts";
import type { Target } from "../target/target.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import type { Adaptation } from "./adaptation.ts";
import type { Clock } from "./clock.ts";
import type { MixingRule } from "./mixing.ts";
import type { Replay } from "./replay.ts";
import type { Convergence, FlowProgress } from "./run_state.ts";

/** How much of everything a cycle holds. */
export interface Schedule {
  /**
   * Settling, before the warm-up of the local kernel: steps of one gradient each of windows in which
   * chains go where the density is, and the metric is set anew; once they do not drift any more, those
   * that are left are skipped. None for a target without a gradient or with one coordinate.
   */
  readonly settleWindows: readonly number[];
  /**
   * The power of the density that chains follow at the start of settling, in (0, 1]: where it is small,
   * they cross from mode to mode. It rises to 1 in the first half of the first window.
   */
  readonly hottest: number;
  /** Warm-up: local steps of each window, after each of which the metric is set anew. */
  readonly warmupWindows: readonly number[];
  /** Most cycles of training. */
  readonly trainCycles: number;
  /** Local steps of a training cycle. */
  readonly trainLocalSteps: number;
  /** Global steps of a training cycle. */
  readonly trainGlobalSteps: number;
  /** Local steps of a production cycle. */
  readonly localSteps: number;
  /** Global steps of a production cycle. */
  readonly globalSteps: number;
  /** Every `thin`-th state of the local steps is kept; all global ones are. */
  readonly thin: number;
  /** Every `trainThin`-th state of the local steps of training enters the replay buffer. */
  readonly trainThin: number;
  /** Most rows of the replay buffer, at least 16. */
  readonly replayCapacity: number;
}

/** Makes the proposal of global moves from a flow: the flow itself, or something wider. */
export type ProposalRule = (flow: Proposal, state: FlowState, device: Device) => Proposal;

/** What a training step is given. */
export interface TrainingInput {
  /** The flow before. */
  readonly state: FlowState;
  /** What it learns from. */
  readonly replay: Replay;
  /** The number of the cycle, in the numbering of the replay buffer. */
  readonly cycle: number;
  /** Whether this is the last cycle, in which the learning rate may fall to 0. */
  readonly last: boolean;
  /** Cycles since the loss at held-out positions last fell by more than 0.02 nats. */
  readonly stale: number;
  /** Updates so far, in all cycles. */
  readonly updates: number;
  /** For shuffling. */
  readonly key: Key;
  /** Stops the training between updates. */
  readonly signal?: AbortSignal | undefined;
}

/** What a training step gives. */
export interface TrainingOutput {
  /** The flow after. */
  readonly state: FlowState;
  /** A better flow to use, if it is another than that from which training goes on: a mean of weights. */
  readonly average?: FlowState | undefined;
  /** Mean loss −E log q over the updates. */
  readonly loss: number;
}

/** A training step: from a flow and data to a better flow. */
export interface TrainingStep {
  (flow: Flow, input: TrainingInput): Promise<TrainingOutput>;
  /** Whether it needs the gradients of the log density in the replay buffer. */
  readonly usesGradient?: boolean;
  /** Share that proposals of global moves have in the replay buffer, with their importance weights. */
  readonly importance?: number;
}

/**
 * Whether one more cycle of training is enough, from how the ones before came along; `"now"` if none is
 * needed.
 */
export type TrainingRule = (progress: FlowProgress) => boolean | "now";

/** What a stopping rule looks at. */
export interface StoppingInput {
  /** Kept draws of each chain. */
  readonly draws: number;
  /** Convergence over all scalars, when it was computed in this cycle. */
  readonly convergence: Convergence | undefined;
  /** Seconds since the run started (or was resumed), and those that its end would take now. */
  readonly seconds: number;
}

/** Ends a run, and says why. */
export interface StoppingRule {
  /** How many draws of each chain there must be for the next look at convergence. */
  nextLook(last: Convergence | undefined): number;
  /** Whether to end, and why. */
  decide(input: StoppingInput): "converged" | "budget" | undefined;
  /** Whether the time is up, in any phase. */
  timeIsUp(seconds: number): boolean;
  /** Most seconds of the whole run, at which a cycle under way is cut off; none by default. */
  readonly maxSeconds?: number | undefined;
}

/** All parts of an adaptive run. */
export interface Plan<State extends ChainState & Tree, Values extends object = object> {
  /** What is sampled. */
  readonly target: Target<Values>;
  /** The local kernel. */
  readonly local: Kernel<State>;
  /** How the local kernel adapts in the warm-up. */
  readonly adaptation: Adaptation;
  /** The flow; none for a run of local moves alone. */
  readonly flow: Flow | undefined;
  /** A state of the flow from an earlier run: it is used as it is, and training is left out. */
  readonly trainedFlow?: FlowState | undefined;
  /** How the flow learns. */
  readonly train: TrainingStep;
  /** When it has learned enough. */
  readonly trained: TrainingRule;
  /** What global moves propose from. */
  readonly proposal: ProposalRule;
  /** What cycles of production hold. */
  readonly mixing: MixingRule;
  /** The global move. */
  readonly global: (options: GlobalMoveOptions<State>) => GlobalStep<State>;
  /** How much of everything. */
  readonly schedule: Schedule;
  /** When production ends. */
  readonly stop: StoppingRule;
  /** Where compiled programs run. */
  readonly device: Device;
  /** What `stop` knows the time by; the machine's clock by default. */
  readonly clock?: Clock | undefined;
  /** Where chains move and the target is evaluated, if elsewhere: in single precision. */
  readonly chainDevice?: Device | undefined;
  /** The name by which that was asked for: of a device that is not there, `"auto"` does not warn. */
  readonly deviceAsked?: DeviceName | undefined;
  /** Stops the run between slices of a few milliseconds. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The plan that `sample` follows: what is taken where no option says otherwise.
 *
 * @module
 */
import { type Either, either, pipe } from "../deps.ts";
import { splineFlow } from "../flows/spline_flow.ts";
import { defensive } from "../global/defensive.ts";
import { independence } from "../global/independence.ts";
import { studentT } from "../global/student_t.ts";
import { differentialEvolution } from "../kernels/differential_evolution.ts";
import { jitteredHmc } from "../kernels/jittered_hmc.ts";
import type { TrajectoryState } from "../kernels/trajectory.ts";
import { rwm } from "../kernels/rwm.ts";
import type { ChainState, GradientState, Kernel } from "../kernels/kernel.ts";
import type { Target } from "../target/target.ts";
import type { Key } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { ensembleAdaptation } from "./adaptation.ts";
import { chainDeviceFor } from "./chain_device.ts";
import { checkSize, spansAll } from "./ensemble_size.ts";
import { temperingAdaptation } from "./tempering_adaptation.ts";
import { initialPositions } from "./initial.ts";
import {
  all,
  checkDevice,
  checkFlow,
  checkOptions,
  checkResume,
  checkSchedule,
  checkStop,
  orThrow,
  type SampleOptions,
} from "./options.ts";
import { mixByQuality } from "./mixing.ts";
import type { Plan, Schedule } from "./plan.ts";
import { stopWhenConverged } from "./stopping.ts";
import { stopTraining, trainInCycles } from "./training.ts";

/** A plan with where its chains start. */
export interface Prepared<State extends ChainState & Tree, Values extends object> {
  /** The plan. */
  readonly plan: Plan<State, Values>;
  /** How many chains. */
  readonly chains: number;
  /** Where they start, if that was given. */
  readonly initial: Tensor | undefined;
  /** What draws where they start, if that was given. */
  readonly draw?: ((key: Key) => Promise<Tensor>) | undefined;
}

/** The default schedule, from trials on Gaussians, bananas, funnels, mixtures and a ring of modes. */
const SCHEDULE: Schedule = {
  // Short windows first: the metric is worth more than a precise step size for the wrong one.
  settleWindows: [30, 15, 25, 40, 60],
  // Modes ten standard deviations apart are one and a half apart then, of deviations that are seven times as wide.
  hottest: 0.02,
  warmupWindows: [6, 8, 10],
  trainCycles: 30,
  // Local moves cost little beside training: fresh positions keep the flow from learning them by heart.
  trainLocalSteps: 30,
  trainThin: 1,
  trainGlobalSteps: 10,
  // Where modes are far apart, a draw of each local step would mostly tell the same mode again.
  localSteps: 10,
  globalSteps: 10,
  thin: 5,
  replayCapacity: 20_000,
};

/** Without global moves every local step is worth keeping. */
const LOCAL_SCHEDULE: Schedule = { ...SCHEDULE, localSteps: 20, thin: 1 };

/** Kernels of fixed trajectories, or that move less far, learn their step size from more steps. */
const GIVEN_WINDOWS = [20, 30, 40];
/** Rejections of swaps have to be known for each pair of rungs. */
const LADDER_WINDOWS = [40, 60, 80, 100];

/**
 * Without gradients it takes many more steps from one independent position to the next, each of one log density.
 * Longer windows cost less than the training cycles that they save: about 0.7 of all calls are left on the ring of modes
 * and on a Gaussian of 30 coordinates.
 */
const WALK_SCHEDULE: Partial<Schedule> = {
  settleWindows: [],
  warmupWindows: [100, 150, 200, 250],
  localSteps: 20,
  thin: 10,
};

/** The schedule where no option says otherwise. */
function defaultSchedule(
  target: Target,
  { flow, local }: { readonly flow?: unknown; readonly local?: Pick<Kernel, "ladder"> | undefined },
): Schedule {
  const still = target.valueAndGradient === undefined || target.dimension < 2;
  const walks = local === undefined && target.valueAndGradient === undefined;
  const kept = flow === "none" ? LOCAL_SCHEDULE : SCHEDULE;
  const windows = local?.ladder === undefined ? GIVEN_WINDOWS : LADDER_WINDOWS;
  const schedule = {
    ...kept,
    ...still && { settleWindows: [] },
    ...local && { warmupWindows: windows },
  };
  if (!walks) return schedule;
  const alone = flow === "none" ? { localSteps: 200 } : {};
  return { ...schedule, ...WALK_SCHEDULE, ...alone };
}

/**
 * HMC, or for targets without gradients differential evolution; a random walk where its chains would be too
 * few to span all directions.
 *
 * Step sizes from half of the adapted one to the whole, and many of them accepted: a step size that suits
 * the bulk never enters where a target bends sharply, without any sign of it in R-hat.
 */
function defaultLocal(target: Target, chains: number): Kernel<TrajectoryState> | Kernel {
  if (target.valueAndGradient === undefined) {
    return spansAll({ chains, dimension: target.dimension }) ? differentialEvolution() : rwm();
  }
  return { ...jitteredHmc({ stepJitter: 0.5 }), targetAcceptance: 0.95 };
}

/**
 * Checks options and completes them.
 *
 * @param target What is sampled.
 * @param options As given.
 * @returns The plan, or the first error.
 */
export function prepare<State extends ChainState & Tree, Values extends object>(
  target: Target<Values>,
  options: SampleOptions<State>,
): Either<Error, Prepared<State, Values>> {
  const { global } = options;
  return pipe(
    checkOptions(options),
    either.chain(() =>
      all({
        start: initialPositions(target, options.chains, options.initial),
        schedule: checkSchedule(
          defaultSchedule(target, options),
          options.schedule,
        ),
        stop: checkStop(options.stop),
        flows: checkFlow(target, options.flow ?? splineFlow()),
        resume: checkResume(target, options),
        device: checkDevice(options),
      })
    ),
    either.chain((checked) => {
      const chains = checked.resume?.chains.position.shape[0] ?? checked.start.chains;
      // A user's kernel comes with its own state; without one the state is that of the default.
      const kernel = options.local ?? defaultLocal(target, chains) as unknown as Kernel<State>;
      return pipe(checkSize(kernel, chains), either.map((local) => ({ ...checked, local })));
    }),
    either.map(({ start, schedule, stop, flows, device, resume, local }) => ({
      ...start,
      plan: {
        target,
        local,
        adaptation: local.ladder === undefined
          ? ensembleAdaptation()
          : temperingAdaptation(local.ladder),
        ...flows,
        train: trainInCycles(),
        trained: stopTraining(),
        proposal: (flow, state, device) => defensive(flow, studentT(state, device)),
        mixing: mixByQuality(),
        global: global ?? independence,
        schedule,
        stop: stopWhenConverged(stop),
        device,
        chainDevice: chainDeviceFor(options, {
          target,
          chains: resume?.chains.position.shape[0] ?? start.chains,
          workers: device.workers ?? 1,
        }),
        deviceAsked: options.device,
        signal: options.signal,
      },
    })),
  );
}

/**
 * The plan that `sample` follows, to change parts of it or to run it by `runAdaptive`.
 *
 * @param target What is sampled.
 * @param options As for `sample`.
 * @returns The plan.
 * @throws {TypeError} If an option is unknown or of a wrong type.
 * @throws {RangeError} If an option is out of range.
 */
export function planFor<
  State extends ChainState & Tree = GradientState,
  Values extends Sampled = never,
  Sampled extends object = object,
>(target: Target<Values, Sampled>, options: SampleOptions<State> = {}): Plan<State, Values> {
  return orThrow(prepare<State, Values>(target, options)).plan;
}

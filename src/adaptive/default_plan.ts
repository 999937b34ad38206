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
import { hmc } from "../kernels/hmc.ts";
import { rwm } from "../kernels/rwm.ts";
import type { ChainState, GradientState, Kernel } from "../kernels/kernel.ts";
import type { Target } from "../target/target.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { ensembleAdaptation } from "./adaptation.ts";
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
}

/** The default schedule, from trials on Gaussians, bananas, funnels, mixtures and a ring of modes. */
const SCHEDULE: Schedule = {
  // Short windows first: the metric is worth more than a precise step size for the wrong one.
  warmupWindows: [40, 60, 80, 100],
  trainCycles: 30,
  // Local moves cost little beside training: fresh positions keep the flow from learning them by heart.
  trainLocalSteps: 40,
  trainThin: 2,
  trainGlobalSteps: 10,
  // Where modes are far apart, a draw of each local step would mostly tell the same mode again.
  localSteps: 10,
  globalSteps: 10,
  thin: 5,
  replayCapacity: 20_000,
};

/** Without global moves every local step is worth keeping. */
const LOCAL_SCHEDULE: Schedule = { ...SCHEDULE, localSteps: 20, thin: 1 };

/**
 * A random walk takes many more steps from one independent position to the next, each of one log density.
 * Longer windows cost less than the training cycles that they save: about 0.7 of all calls are left on the ring of modes
 * and on a Gaussian of 30 coordinates.
 */
const WALK_SCHEDULE: Partial<Schedule> = {
  warmupWindows: [100, 150, 200, 250],
  localSteps: 20,
  thin: 10,
};

/** The schedule where no option says otherwise. */
function defaultSchedule(
  target: Target,
  { flow, local }: { readonly flow?: unknown; readonly local?: unknown },
): Schedule {
  const walks = local === undefined && target.valueAndGradient === undefined;
  const schedule = flow === "none" ? LOCAL_SCHEDULE : SCHEDULE;
  if (!walks) return schedule;
  const alone = flow === "none" ? { localSteps: 200 } : {};
  return { ...schedule, ...WALK_SCHEDULE, ...alone };
}

/**
 * A random walk for targets without gradients, else HMC.
 *
 * Step sizes from a twentieth to the whole, and many of them accepted: a step size that suits the bulk
 * never enters where a target bends sharply, without any sign of it in R-hat.
 */
function defaultLocal(target: Target): Kernel<GradientState> | Kernel {
  if (target.valueAndGradient === undefined) return rwm();
  return { ...hmc({ leapfrogSteps: 16, jitter: 0.95 }), targetAcceptance: 0.8 };
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
  const { local, global } = options;
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
        devices: checkDevice(options),
      })
    ),
    either.map(({ start, schedule, stop, flows, devices }) => ({
      ...start,
      plan: {
        target,
        // A user's kernel comes with its own state; without one the state is that of the default.
        local: local ?? defaultLocal(target) as unknown as Kernel<State>,
        adaptation: local?.ladder === undefined
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
        ...devices,
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

/**
 * The options of `sample`: what may be given, and what is taken when it is not.
 *
 * @module
 */
import { type Either, either, pipe } from "../deps.ts";
import { chooseDevice, DEVICE_NAMES, type DeviceName } from "../device/choose.ts";
import type { Flow } from "../flows/flow.ts";
import { splineFlow } from "../flows/spline_flow.ts";
import { independence } from "../global/independence.ts";
import { hmc } from "../kernels/hmc.ts";
import type { ChainState, GradientState, Kernel } from "../kernels/kernel.ts";
import type { Target } from "../target/target.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { ensembleAdaptation } from "./adaptation.ts";
import { initialPositions } from "./initial.ts";
import type { Plan, Schedule } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { type StopOptions, stopWhenConverged } from "./stopping.ts";
import { stopTraining, trainInCycles } from "./training.ts";

/** Options of `sample`. */
export interface SampleOptions<State extends ChainState & Tree = GradientState> {
  /**
   * How many chains run side by side; 100 by default: enough to fill the SIMD lanes, to train a flow
   * from and to find several modes.
   */
  readonly chains?: number;
  /**
   * Where the chains start, chains × dimension, in unconstrained coordinates; uniform in (−2, 2) by
   * default.
   */
  readonly initial?: Tensor | readonly (readonly number[])[];
  /** The local kernel; jittered HMC by default. */
  readonly local?: Kernel<State>;
  /** The global move; `independence` by default. */
  readonly global?: Plan<State>["global"];
  /** The flow; `splineFlow()` by default, `"none"` for local moves alone. */
  readonly flow?: Flow | "none";
  /** How much of everything a cycle holds. */
  readonly schedule?: Partial<Schedule>;
  /** What has to be reached, and the budget. */
  readonly stop?: StopOptions;
  /** Where programs run; the fastest device that is there by default. */
  readonly device?: DeviceName;
  /** Called after each cycle. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the run within a few milliseconds; `sample` then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A plan with where its chains start. */
export interface Prepared<State extends ChainState & Tree> {
  /** The plan. */
  readonly plan: Plan<State>;
  /** How many chains. */
  readonly chains: number;
  /** Where they start, if that was given. */
  readonly initial: Tensor | undefined;
}

const OPTIONS: Readonly<Record<keyof SampleOptions, true>> = {
  chains: true,
  initial: true,
  local: true,
  global: true,
  flow: true,
  schedule: true,
  stop: true,
  device: true,
  onProgress: true,
  signal: true,
};

/** The default schedule; its lengths were chosen on targets other than those it is judged by. */
const SCHEDULE: Schedule = {
  // Short windows first: the metric is worth more than a precise step size for the wrong one.
  warmupWindows: [40, 60, 80, 100],
  trainCycles: 12,
  trainLocalSteps: 20,
  trainGlobalSteps: 20,
  localSteps: 20,
  globalSteps: 20,
  thin: 1,
  replayCapacity: 20_000,
};

const STOP: Readonly<Record<keyof StopOptions, true>> = {
  rHat: true,
  effectiveSampleSize: true,
  maxDraws: true,
  maxSeconds: true,
};

/** The name that a mistyped one was probably meant to be, or all names. */
function suggestion(wrong: string, known: readonly string[]): string {
  const close = known.find((name) =>
    name.toLowerCase().startsWith(wrong.slice(0, 4).toLowerCase())
  );
  return close === undefined ? `the options are ${known.join(", ")}` : `did you mean ${close}?`;
}

function checkNames(
  given: object,
  known: Readonly<Record<string, unknown>>,
  where: string,
): Either<Error, object> {
  const wrong = Object.keys(given).find((name) => !(name in known));
  return wrong === undefined ? either.right(given) : either.left(
    new TypeError(
      `Cannot sample with the unknown option \`${where}${wrong}\`: ` +
        suggestion(wrong, Object.keys(known)),
    ),
  );
}

function checkCount(name: string, value: unknown, least: number): Either<Error, number> {
  return Number.isInteger(value) && (value as number) >= least
    ? either.right(value as number)
    : either.left(
      new RangeError(
        `Cannot sample with \`${name}\` ${value}: expected a whole number of at least ${least}`,
      ),
    );
}

function checkSchedule(given: Partial<Schedule> = {}): Either<Error, Schedule> {
  const schedule = { ...SCHEDULE, ...given };
  const { warmupWindows, trainCycles, globalSteps, trainGlobalSteps, ...counts } = schedule;
  const checks: Either<Error, unknown>[] = [
    checkNames(given, SCHEDULE as unknown as Readonly<Record<string, unknown>>, "schedule."),
    checkCount("schedule.trainCycles", trainCycles, 1),
    checkCount("schedule.globalSteps", globalSteps, 0),
    checkCount("schedule.trainGlobalSteps", trainGlobalSteps, 1),
    ...warmupWindows.map((steps) => checkCount("schedule.warmupWindows", steps, 4)),
    ...Object.entries(counts).map(([name, count]) => checkCount(`schedule.${name}`, count, 1)),
  ];
  return pipe(first(checks), either.map(() => schedule));
}

/** All or the first error. */
function first(checks: readonly Either<Error, unknown>[]): Either<Error, unknown> {
  return checks.find(either.isLeft) ?? either.right(undefined);
}

function checkStop(stop: StopOptions = {}): Either<Error, StopOptions> {
  const wrong = Object.entries(stop).find(([, value]) => !(typeof value === "number" && value > 0));
  return pipe(
    checkNames(stop, STOP, "stop."),
    either.chain(() =>
      wrong === undefined ? either.right(stop) : either.left(
        new RangeError(
          `Cannot sample with \`stop.${wrong[0]}\` ${wrong[1]}: expected a positive number`,
        ),
      )
    ),
  );
}

/**
 * Checks options and completes them.
 *
 * @param target What is sampled.
 * @param options As given.
 * @returns The plan, or the first error.
 */
export function prepare<State extends ChainState & Tree>(
  target: Target,
  options: SampleOptions<State>,
): Either<Error, Prepared<State>> {
  const { device = "auto", flow, local, global } = options;
  return pipe(
    checkNames(options, OPTIONS, ""),
    either.chain(() => initialPositions(target.dimension, options.chains, options.initial)),
    either.bindTo("start"),
    either.bind("schedule", () => checkSchedule(options.schedule)),
    either.bind("stop", () => checkStop(options.stop)),
    either.filterOrElse(
      () => DEVICE_NAMES.includes(device),
      (): Error =>
        new TypeError(
          `Cannot sample on the device \`${device}\`: expected ${DEVICE_NAMES.join(", ")}`,
        ),
    ),
    either.map(({ start, schedule, stop }) => ({
      ...start,
      plan: {
        target,
        // A user's kernel comes with its own state; without one the state is that of HMC.
        local: local ?? hmc({ leapfrogSteps: 8, jitter: 0.5 }) as unknown as Kernel<State>,
        adaptation: ensembleAdaptation(),
        flow: flow === "none" ? undefined : flow ?? splineFlow(),
        train: trainInCycles(),
        trained: stopTraining(),
        global: global ?? independence,
        schedule,
        stop: stopWhenConverged(stop),
        device: chooseDevice(device),
        signal: options.signal,
      },
    })),
  );
}

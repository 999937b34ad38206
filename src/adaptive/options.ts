/**
 * The options of `sample`: what may be given, and what is wrong with what was.
 *
 * @module
 */
import { type Either, either, pipe } from "../deps.ts";
import { chooseDevice, DEVICE_NAMES, type DeviceName } from "../device/choose.ts";
import type { Device } from "../device/device.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import type { ChainState, GradientState, Kernel } from "../kernels/kernel.ts";
import type { Target } from "../target/target.ts";
import type { Precision } from "../tensor/functions/precision.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { valueText } from "../tensor/value_text.ts";
import type { Initial } from "./given_positions.ts";
import type { Plan, Schedule } from "./plan.ts";
import type { Progress } from "./progress.ts";
import type { RunState } from "./run_state.ts";
import { inSingle } from "./single_precision.ts";
import type { StopOptions } from "./stopping.ts";
import type { TrainedFlow } from "./trained_flow.ts";

/** Options of `sample`. */
export interface SampleOptions<State extends ChainState & Tree = GradientState> {
  /**
   * How many chains run side by side; 100 by default: enough to fill the SIMD lanes, to train a flow
   * from and to find several modes.
   */
  readonly chains?: number;
  /**
   * Where the chains start: chains × dimension numbers in unconstrained coordinates, or for each chain
   * the values of all parameters by name, as `[{ mu: 0, tau: 1 }, …]`, or those of all chains, as
   * `{ mu: [0, 1, …], tau: [1, 2, …] }`; uniform in (−2, 2) on each unconstrained coordinate by default.
   *
   * Or a pure function `(key, chains) => …` that draws one of these, such as from the prior. It is asked
   * again, with other keys, for chains whose log density is not finite where they were drawn.
   */
  readonly initial?: Initial;
  /**
   * The local kernel; jittered HMC by default. For a target without a gradient `differentialEvolution()`, or
   * `rwm()` with fewer than 2 (dimension + 1) chains, or than 6.
   */
  readonly local?: Kernel<State>;
  /** The global move; `independence` by default. */
  readonly global?: Plan<State>["global"];
  /**
   * The flow; `splineFlow()` by default, `"none"` for local moves alone. The `flow` of an earlier result
   * is used as it is, without more training; `trainFurther(flow)` trains it on.
   */
  readonly flow?: Flow | TrainedFlow | "none";
  /** How much of everything a cycle holds. */
  readonly schedule?: Partial<Schedule>;
  /** What has to be reached, and the budget. */
  readonly stop?: StopOptions;
  /**
   * Where programs run: `"wasm"` by default, whose results have the same bits on every machine. On `"webgpu"`
   * the chains move on a GPU, in single precision, and all else by `"wasm"`; where there is no GPU, it fails or
   * single precision is too short, they go on by `"wasm"`, with a warning. `"auto"` takes a GPU if there
   * is one and it should be faster by this much work. `device` of the result says where the chains moved.
   */
  readonly device?: DeviceName;
  /**
   * How many workers share the chains at most; one for each core by default, and 1 is this thread
   * alone. Results do not depend on it.
   */
  readonly workers?: number;
  /**
   * What floats are where chains move and the target is evaluated: `"f64"`, the default but on a GPU, or
   * `"f32"`, about twice as fast, for likelihoods of many data. Positions have seven digits then; log densities of
   * the result are computed again in double precision, flows keep their own, and chains stay in single
   * precision, with a warning where it is too short for the target.
   */
  readonly precision?: Precision;
  /**
   * The `state` of an earlier result, or of a cycle, of the same target and options: the run goes on
   * from it. With the same key it gives the bits that it would have given without a stop.
   */
  readonly resume?: RunState<State>;
  /** Called after each cycle. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the run within a few milliseconds; `sample` then throws the signal's reason. */
  readonly signal?: AbortSignal;
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
  workers: true,
  precision: true,
  resume: true,
  onProgress: true,
  signal: true,
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
        `Cannot sample with \`${name}\` ${
          valueText(value)
        }: expected a whole number of at least ${least}`,
      ),
    );
}

/** Whether all options are known, and those that are functions or kernels are such. */
export function checkOptions<State extends ChainState & Tree>(
  options: SampleOptions<State>,
): Either<Error, object> {
  if (typeof options !== "object" || options === null) {
    return either.left(
      new TypeError(
        `Cannot sample with the options ${valueText(options)}: give an object, as { chains: 50 }`,
      ),
    );
  }
  const { local, global, onProgress, signal } = options;
  const fault = (what: string): Either<Error, object> =>
    either.left(new TypeError(`Cannot sample with ${what}`));
  if (local !== undefined && !(typeof local === "object" && "step" in local && "init" in local)) {
    return fault("this `local`: give a kernel, such as hmc() or mala(), called");
  }
  if (global !== undefined && typeof global !== "function") {
    return fault("this `global`: give a function that makes a global step, such as independence");
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    return fault("this `onProgress`: give a function");
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    return fault("this `signal`: give the `signal` of an AbortController");
  }
  return checkNames(options, OPTIONS, "");
}

/** A flow cannot be whitened by fewer positions to any purpose: `fitFlow` asks for as many. */
const LEAST_REPLAYED = 16;

/** The schedule with what was left out, if all of it makes sense. */
export function checkSchedule(
  defaults: Schedule,
  given: Partial<Schedule> = {},
): Either<Error, Schedule> {
  if (typeof given !== "object" || given === null) {
    return either.left(
      new TypeError(
        `Cannot sample with \`schedule\` ${
          valueText(given)
        }: give an object, as { localSteps: 20 }`,
      ),
    );
  }
  const schedule = { ...defaults, ...given };
  for (const name of ["settleWindows", "warmupWindows"] as const) {
    if (Array.isArray(schedule[name])) continue;
    return either.left(
      new TypeError(
        `Cannot sample with \`schedule.${name}\` ${valueText(schedule[name])}: give the steps of ` +
          "each window as an array, as [50, 100]",
      ),
    );
  }
  const {
    settleWindows,
    warmupWindows,
    hottest,
    trainCycles,
    globalSteps,
    trainGlobalSteps,
    replayCapacity,
    ...counts
  } = schedule;
  const keepsSome = (thin: "thin" | "trainThin", steps: "localSteps" | "trainLocalSteps") =>
    schedule[thin] <= schedule[steps] ? either.right(schedule) : either.left(
      new RangeError(
        `Cannot sample with \`schedule.${thin}\` ${schedule[thin]} above \`schedule.${steps}\` ` +
          `${schedule[steps]}: no local state would be kept`,
      ),
    );
  const checks: Either<Error, unknown>[] = [
    checkNames(given, defaults as unknown as Readonly<Record<string, unknown>>, "schedule."),
    checkCount("schedule.warmupWindows.length", warmupWindows.length, 1),
    hottest > 0 && hottest <= 1 ? either.right(hottest) : either.left(
      new RangeError(
        `Cannot sample with \`schedule.hottest\` ${
          valueText(hottest)
        }: expected a power of the density in (0, 1]; 1 for none`,
      ),
    ),
    ...settleWindows.map((steps) => checkCount("schedule.settleWindows", steps, 4)),
    ...warmupWindows.map((steps) => checkCount("schedule.warmupWindows", steps, 4)),
    checkCount("schedule.trainCycles", trainCycles, 1),
    checkCount("schedule.globalSteps", globalSteps, 0),
    checkCount("schedule.trainGlobalSteps", trainGlobalSteps, 1),
    checkCount("schedule.replayCapacity", replayCapacity, LEAST_REPLAYED),
    ...Object.entries(counts).map(([name, count]) => checkCount(`schedule.${name}`, count, 1)),
    keepsSome("thin", "localSteps"),
    keepsSome("trainThin", "trainLocalSteps"),
  ];
  return checks.find(either.isLeft) ?? either.right(schedule);
}

/** The values of all checks, or the first error. */
export function all<Checks extends Readonly<Record<string, Either<Error, unknown>>>>(
  checks: Checks,
): Either<
  Error,
  { readonly [N in keyof Checks]: Checks[N] extends Either<Error, infer V> ? V : never }
> {
  const values: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(checks)) {
    if (either.isLeft(check)) return check;
    values[name] = check.right;
  }
  return either.right(values as never);
}

/** The device of a name with workers, for all but the chains; that of the chains is checked, too. */
export function checkDevice(
  { device = "wasm", workers, precision }: Pick<SampleOptions, "device" | "workers" | "precision">,
): Either<Error, Device> {
  if (!DEVICE_NAMES.includes(device)) {
    return either.left(
      new TypeError(
        `Cannot sample on the device \`${device}\`: expected ${DEVICE_NAMES.join(", ")}`,
      ),
    );
  }
  return either.tryCatch(
    () => {
      chooseDevice(device, { workers, precision });
      return chooseDevice(device === "interpreter" ? device : "wasm", { workers });
    },
    (error) => error as Error,
  );
}

/** What `stop` asks for, if all of it is a positive number. */
export function checkStop(stop: StopOptions = {}): Either<Error, StopOptions> {
  if (typeof stop !== "object" || stop === null) {
    return either.left(
      new TypeError(
        `Cannot sample with \`stop\` ${valueText(stop)}: give an object, as { maxDraws: 1000 }`,
      ),
    );
  }
  if (stop.rHat !== undefined && !(stop.rHat > 1)) {
    return either.left(
      new RangeError(`Cannot sample with \`stop.rHat\` ${stop.rHat}: R-hat never falls to 1`),
    );
  }
  const wrong = Object.entries(stop).find(([, value]) => !(typeof value === "number" && value > 0));
  return pipe(
    checkNames(stop, STOP, "stop."),
    either.chain(() =>
      wrong === undefined ? either.right(stop) : either.left(
        new RangeError(
          `Cannot sample with \`stop.${wrong[0]}\` ${
            valueText(wrong[1])
          }: expected a positive number`,
        ),
      )
    ),
  );
}

/** The kind of flow and, if it was trained before, its state. */
export function checkFlow(
  { dimension, periodic }: Pick<Target, "dimension" | "periodic">,
  flow: Flow | TrainedFlow | "none",
): Either<Error, { readonly flow: Flow | undefined; readonly trainedFlow: FlowState | undefined }> {
  if (flow === "none") return either.right({ flow: undefined, trainedFlow: undefined });
  if (typeof flow !== "object" || flow === null || !("kind" in flow || "updates" in flow)) {
    return either.left(
      new TypeError(
        "Cannot sample with this `flow`: give splineFlow(), customFlow({ … }), the `flow` of a result, " +
          'or "none"',
      ),
    );
  }
  if (!("kind" in flow)) {
    return either.tryCatch(() => {
      flow.check?.(dimension, periodic);
      return { flow, trainedFlow: undefined };
    }, (error) => error as Error);
  }
  const { kind, state } = flow;
  const turns = state.periodic.map((each, i) => each === periodic[i]);
  if (state.dimension === dimension && turns.includes(false)) {
    return either.left(
      new RangeError(
        `Cannot sample with a flow that was trained on other periodic coordinates: it and the target ` +
          `differ in coordinate ${turns.indexOf(false)}`,
      ),
    );
  }
  return state.dimension === dimension
    ? either.right({ flow: kind, trainedFlow: state })
    : either.left(
      new RangeError(
        `Cannot sample ${dimension} coordinates with a flow that was trained on ${state.dimension}`,
      ),
    );
}

/** How far log densities of the same place may be apart, over 1 + their size. */
const [SINGLE, TURNED] = [1e-3, 1e-9];

/** A state to go on from must be one, and of the same target and number of chains. */
export function checkResume<State extends ChainState & Tree>(
  target: Target,
  { resume, chains, initial, flow, precision, device }: SampleOptions<State>,
): Either<Error, RunState<State> | undefined> {
  if (resume === undefined) return either.right(resume);
  const fault = (what: string): Either<Error, never> =>
    either.left(new RangeError(`Cannot resume ${what}`));
  if (!(resume?.chains?.position instanceof Tensor)) {
    return either.left(
      new TypeError(
        "Cannot resume from this: give the `state` of a result; bytes go through stateFromBytes()",
      ),
    );
  }
  const { position, logDensity } = resume.chains;
  const [count, dimension] = position.shape;
  if (dimension !== target.dimension) {
    return fault(`a run of ${dimension} coordinates with a target of ${target.dimension}`);
  }
  if (initial !== undefined) return fault("a run with `initial`: its chains are where they are");
  if (chains !== undefined && chains !== count) {
    return fault(`a run of ${count} chains with \`chains\` ${chains}`);
  }
  if (flow === "none" && resume.flow !== undefined) {
    return fault(
      'a run with a flow by `flow` "none": leave that out, or give the kind of flow it had',
    );
  }
  const [now, before] = [
    target.logDensity(Float64Array.from(position.at(0).data)),
    logDensity.data[0],
  ];
  // The same target gives the same bits, but for single precision and the whole turns that are taken off
  // angles.
  const single = precision === "f32" || device === "webgpu" || device === "auto" ||
    inSingle(position);
  const rounding = single ? SINGLE : target.periodic.includes(true) ? TURNED : 0;
  return Object.is(now, before) || Math.abs(now - before) <= rounding * (1 + Math.abs(before))
    ? either.right(resume)
    : fault("this run: its log density is not that of this target");
}

/** The value, or its error thrown. */
export function orThrow<Value>(checked: Either<Error, Value>): Value {
  if (either.isLeft(checked)) throw checked.left;
  return checked.right;
}

/**
 * The compiled parts of a plan: made once, used in every cycle.
 *
 * @module
 */
import type { MapRunner } from "../device/device.ts";
import { flowProposal } from "../global/flow_proposal.ts";
import type { GlobalStep } from "../global/global_move.ts";
import { type NormalVectors, normalVectors } from "../global/normals.ts";
import type { Proposal } from "../global/proposal.ts";
import { halvesRun } from "../kernels/alternate_halves.ts";
import {
  type EnsembleResult,
  type EnsembleRun,
  ensembleRun,
  mapChains,
} from "../kernels/ensemble.ts";
import { formText } from "../kernels/form.ts";
import type { ChainState, KernelParameters } from "../kernels/kernel.ts";
import { mclmc, type SettlingParameters, type VelocityState } from "../kernels/mclmc.ts";
import { startOn } from "../kernels/vectorize.ts";
import { wrapped } from "../target/circle.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import { withWorkers } from "../flows/with_workers.ts";
import { type Key, split } from "../tensor/random.ts";
import { fromArray, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import { type AdaptationState, metricParameters } from "./adaptation.ts";
import { systemClock } from "./clock.ts";
import { type Meter, meterOf } from "./meter.ts";
import { checkSchedule, orThrow } from "./options.ts";
import type { Plan } from "./plan.ts";
import { trajectoryLeaves } from "./trajectory_record.ts";

/** A plan with its compiled parts. */
export interface Runtime<State extends ChainState & Tree> {
  /** The plan. */
  readonly plan: Plan<State>;
  /** Starts chains at positions, chains × d. */
  start(position: Tensor): Promise<State>;
  /** Local steps with the parameters of an adaptation. */
  local(
    chains: State,
    adaptation: AdaptationState,
    frozen: boolean,
    key: Key,
    steps: number,
    options: { readonly thin?: number; readonly firstStep?: number },
  ): Promise<EnsembleResult<State>>;
  /** Starts settling at positions, chains × d, some as scouts, each chain in a direction of its own. */
  startSettling(position: Tensor, scout: Tensor, key: Key): Promise<VelocityState>;
  /** A step of settling, of a number in its window, with the metric of an adaptation. */
  settle(
    chains: VelocityState,
    adaptation: AdaptationState,
    parameters: SettlingParameters,
    key: Key,
    number: number,
  ): Promise<EnsembleResult<VelocityState>>;
  /** What global moves propose from, with a flow. */
  proposal(flow: FlowState): Proposal;
  /** The global step with a flow. */
  global(flow: FlowState): GlobalStep<State>;
  /** Log density at positions, n × d, in double precision if the plan's device has that: [n]. */
  logDensity(position: Tensor): Promise<Tensor>;
  /** Whether chains move in single precision, now, and log densities can be had in double precision. */
  single(): boolean;
  /** How long all this has taken. */
  readonly meter: Meter;
  /** The same programs, until another signal stops them as well. */
  until(signal: AbortSignal): Runtime<State>;
}

function tensors(parameters: object): Shared {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, tensor(value)]),
  );
}

/** A program for each set of parameters: a metric may get a root when the ensemble is known. */
function forEachForm<Run>(make: (shared: Shared) => Run): (shared: Shared) => Run {
  const made = new Map<string, Run>();
  return (shared) => {
    const form = formText(shared);
    const run = made.get(form) ?? make(shared);
    made.set(form, run);
    return run;
  };
}

/** A key for each chain, chains × 2. */
function eachKey(key: Key, chains: number): Tensor {
  const data = new Uint32Array(2 * chains);
  split(key, chains).forEach((each, chain) => data.set(each.data as Uint32Array, 2 * chain));
  return fromArray({ dtype: "u32", shape: [chains, 2], data });
}

/** Takes whole turns off the periodic coordinates: chains would wind further and further around. */
function wrappedResult<State extends { readonly position: Tensor }>(
  result: EnsembleResult<State>,
  periodic: readonly boolean[],
): EnsembleResult<State> {
  if (!periodic.includes(true)) return result;
  const { state, draws } = result;
  return {
    ...result,
    state: { ...state, position: wrapped(state.position, periodic) },
    draws: { ...draws, position: wrapped(draws["position"], periodic) },
  };
}

/** Parameters of a kernel, the same for all chains. */
type Shared = Readonly<Record<string, Tensor>>;

/** What is kept of each local step. */
const RECORD = ["position", "logDensity", "acceptance"];

const runtimes = new WeakMap<object, unknown>();

/**
 * Compiles what a plan needs, once for each plan; the programs themselves are compiled when they are
 * first used.
 *
 * @param plan The plan.
 * @returns The runtime.
 * @throws {TypeError} If a part of the schedule is of a wrong type.
 * @throws {RangeError} If one is out of range.
 */
export function runtimeOf<State extends ChainState & Tree>(plan: Plan<State>): Runtime<State> {
  const known = runtimes.get(plan) as Runtime<State> | undefined;
  if (known !== undefined) return known;
  const made = makeRuntime(plan);
  runtimes.set(plan, made);
  return made;
}

/** A plan whose flow works where its device does. Only the run's own: a result keeps the flow as given. */
function overWorkers<State extends ChainState & Tree>(plan: Plan<State>): Plan<State> {
  const { flow, device: { workers }, signal } = plan;
  return flow === undefined ? plan : { ...plan, flow: withWorkers(flow, { workers, signal }) };
}

/** The programs of a plan, compiled when they are first used. */
interface Compiled<State extends ChainState & Tree> {
  readonly start: (position: Tensor, signal?: AbortSignal) => Promise<State>;
  readonly run: (shared: Shared) => EnsembleRun<State, Shared>;
  readonly startSettling: (
    start: { readonly position: Tensor; readonly key: Tensor; readonly scout: Tensor },
    own: { readonly signal?: AbortSignal | undefined },
  ) => Promise<VelocityState>;
  readonly settle: (shared: Shared) => EnsembleRun<VelocityState, Shared>;
  readonly normalsFor: (length: number) => NormalVectors;
  readonly evaluate: MapRunner;
  readonly meter: Meter;
}

function makeRuntime<State extends ChainState & Tree>(plan: Plan<State>): Runtime<State> {
  // A plan may be put together by hand: a number of NaN cycles would never end.
  orThrow(checkSchedule(plan.schedule));
  const { target, local, device, chainDevice = device, clock = systemClock } = plan;
  const step = (state: State, shared: Shared, key: Key): State =>
    local.step(target, shared as unknown as KernelParameters)(state, key);
  const record = [
    ...RECORD,
    ...plan.train.usesGradient === true ? ["gradient"] : [],
    ...local.observed ?? [],
  ];
  const run = forEachForm((): EnsembleRun<State, Shared> => {
    let made: EnsembleRun<State, Shared> | undefined;
    return (chains, ...rest) => {
      // What the state holds is known when there is one.
      const names = [...new Set([...record, ...trajectoryLeaves(chains)])];
      made ??= local.partners === true
        ? halvesRun(step, chainDevice, names)
        : ensembleRun(step, chainDevice, names);
      return made(chains, ...rest);
    };
  });
  const settling = mclmc();
  const startSettling = mapChains(
    (start: { readonly position: Tensor; readonly key: Tensor; readonly scout: Tensor }) =>
      settling.init(target)(start.position, start.key as Key, start.scout),
    { device: chainDevice },
  );
  const settle = forEachForm((shared: Shared) =>
    ensembleRun(
      (state: VelocityState, parameters: typeof shared, key) =>
        settling.step(target, parameters as unknown as SettlingParameters)(state, key),
      chainDevice,
      ["position", "gradient"],
    )
  );
  const normals = new Map<number, NormalVectors>();
  const normalsFor = (length: number): NormalVectors => {
    const made = normals.get(length) ?? normalVectors(length, device);
    normals.set(length, made);
    return made;
  };
  return withPrograms(plan, {
    start: startOn(chainDevice, target, local),
    run,
    startSettling,
    settle,
    normalsFor,
    evaluate: (chainDevice.precision === "f32" ? device : chainDevice).map(target.value, 1),
    meter: meterOf(clock),
  });
}

/** A proposal whose work is measured. */
function measured(proposal: Proposal, meter: Meter): Proposal {
  return {
    sample: (key, n) => meter.measure("proposal", n, () => proposal.sample(key, n)),
    logDensity: (position) => proposal.logDensity(position),
  };
}

function withPrograms<State extends ChainState & Tree>(
  given: Plan<State>,
  compiled: Compiled<State>,
): Runtime<State> {
  const { run, startSettling, settle, normalsFor, evaluate, meter } = compiled;
  const plan = overWorkers(given);
  const { target, local, device, chainDevice = device, adaptation, signal } = plan;
  const start = (position: Tensor): Promise<State> =>
    meter.measure("start", position.shape[0], () => compiled.start(position, signal));
  const proposals = new WeakMap<FlowState, Proposal>();
  const proposal = (flowState: FlowState): Proposal => {
    if (plan.flow === undefined) {
      throw new TypeError("Cannot move globally: the plan has no flow");
    }
    // Its programs take some milliseconds to compile, and production has one flow for all cycles.
    const ofFlow = (kind: Flow): Proposal =>
      flowProposal(kind, flowState, normalsFor(kind.normals(flowState)));
    const made = proposals.get(flowState) ??
      measured(plan.proposal(ofFlow(plan.flow), flowState, device), meter);
    proposals.set(flowState, made);
    return made;
  };
  return {
    plan,
    start,
    local: async (chains, state, frozen, key, steps, options) => {
      const shared = tensors(adaptation.parameters(state, frozen));
      const result = await meter.measure(
        "local step",
        chains.logDensity.shape[0] * steps,
        () => run(shared)(chains, shared, key, { steps, signal, ...options }),
      );
      return wrappedResult(result, target.periodic);
    },
    startSettling: (position, scout, key) =>
      startSettling({ position, key: eachKey(key, position.shape[0]), scout }, { signal }),
    settle: async (chains, state, given, key, number) => {
      const shared = tensors({ ...metricParameters(state.metric), ...given });
      const options = { steps: 1, thin: 1, firstStep: number, signal };
      const result = await meter.measure(
        "settling step",
        chains.logDensity.shape[0],
        () => settle(shared)(chains, shared, key, options),
      );
      return wrappedResult(result, target.periodic);
    },
    proposal,
    global: (flowState) => plan.global({ proposal: proposal(flowState), start, kept: local.kept }),
    logDensity: (position) =>
      meter.measure(
        "density",
        position.shape[0],
        async () => (await evaluate.run([position], [], { signal }))[0],
      ),
    single: () => chainDevice.precision === "f32" && device.precision === "f64",
    meter,
    until: (other) => {
      const both = given.signal === undefined ? other : AbortSignal.any([given.signal, other]);
      return withPrograms({ ...given, signal: both }, compiled);
    },
  };
}

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
import { type EnsembleResult, type EnsembleRun, ensembleRun } from "../kernels/ensemble.ts";
import type { ChainState, KernelParameters } from "../kernels/kernel.ts";
import { startOn } from "../kernels/vectorize.ts";
import { wrapped } from "../target/circle.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import { withWorkers } from "../flows/with_workers.ts";
import type { Key } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import type { AdaptationState } from "./adaptation.ts";
import { systemClock } from "./clock.ts";
import { type Meter, meterOf } from "./meter.ts";
import { checkSchedule, orThrow } from "./options.ts";
import type { Plan } from "./plan.ts";

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
  /** What global moves propose from, with a flow. */
  proposal(flow: FlowState): Proposal;
  /** The global step with a flow. */
  global(flow: FlowState): GlobalStep<State>;
  /** Log density at positions, n × d, with the arithmetic that chains see: [n]. */
  logDensity(position: Tensor): Promise<Tensor>;
  /** How long all this has taken. */
  readonly meter: Meter;
  /** The same programs, until another signal stops them as well. */
  until(signal: AbortSignal): Runtime<State>;
}

/** Takes whole turns off the periodic coordinates: chains would wind further and further around. */
function wrappedResult<State extends ChainState & Tree>(
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
  readonly run: EnsembleRun<State, Shared>;
  readonly normalsFor: (length: number) => NormalVectors;
  readonly evaluate: MapRunner;
  readonly meter: Meter;
}

function makeRuntime<State extends ChainState & Tree>(plan: Plan<State>): Runtime<State> {
  // A plan may be put together by hand: a number of NaN cycles would never end.
  orThrow(checkSchedule(plan.schedule));
  const { target, local, device, chainDevice = device, clock = systemClock } = plan;
  const run = ensembleRun(
    (state: State, shared: Shared, key) =>
      local.step(target, shared as unknown as KernelParameters)(state, key),
    chainDevice,
    [
      ...RECORD,
      ...plan.train.usesGradient === true ? ["gradient"] : [],
      ...local.observed ?? [],
    ],
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
    normalsFor,
    evaluate: chainDevice.map(target.value, 1),
    meter: meterOf(clock),
  });
}

/** A proposal whose work is measured. */
function measured(proposal: Proposal, meter: Meter): Proposal {
  return {
    sample: (key, n) => meter.measure("proposal", n, () => proposal.sample(key, n)),
    logDensity: (position) =>
      meter.measure("proposal density", position.shape[0], () => proposal.logDensity(position)),
  };
}

function withPrograms<State extends ChainState & Tree>(
  given: Plan<State>,
  compiled: Compiled<State>,
): Runtime<State> {
  const { run, normalsFor, evaluate, meter } = compiled;
  const plan = overWorkers(given);
  const { target, local, device, adaptation, signal } = plan;
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
      const parameters = Object.fromEntries(
        Object.entries(adaptation.parameters(state, frozen)).map(([name, value]) => [
          name,
          tensor(value),
        ]),
      );
      const result = await meter.measure(
        "local step",
        chains.logDensity.shape[0] * steps,
        () => run(chains, parameters, key, { steps, signal, ...options }),
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
    meter,
    until: (other) => {
      const both = given.signal === undefined ? other : AbortSignal.any([given.signal, other]);
      return withPrograms({ ...given, signal: both }, compiled);
    },
  };
}

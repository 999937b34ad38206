/**
 * The compiled parts of a plan: made once, used in every cycle.
 *
 * @module
 */
import { flowProposal } from "../global/flow_proposal.ts";
import type { GlobalStep } from "../global/global_move.ts";
import { type NormalVectors, normalVectors } from "../global/normals.ts";
import type { Proposal } from "../global/proposal.ts";
import { halvesRun } from "../kernels/alternate_halves.ts";
import { type EnsembleResult, ensembleRun } from "../kernels/ensemble.ts";
import type { ChainState, KernelParameters } from "../kernels/kernel.ts";
import { startOn } from "../kernels/vectorize.ts";
import { wrapped } from "../target/circle.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import { withWorkers } from "../flows/with_workers.ts";
import type { Key } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Tree } from "../tensor/tree.ts";
import type { AdaptationState } from "./adaptation.ts";
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

function makeRuntime<State extends ChainState & Tree>(given: Plan<State>): Runtime<State> {
  const plan = overWorkers(given);
  // A plan may be put together by hand: a number of NaN cycles would never end.
  orThrow(checkSchedule(plan.schedule));
  const { target, local, device, chainDevice = device, adaptation, signal } = plan;
  const start = startOn(chainDevice, target, local, signal);
  const step = (state: State, shared: Shared, key: Key): State =>
    local.step(target, shared as unknown as KernelParameters)(state, key);
  const record = [
    ...RECORD,
    ...plan.train.usesGradient === true ? ["gradient"] : [],
    ...local.observed ?? [],
  ];
  const run = local.partners === true
    ? halvesRun(step, chainDevice, record)
    : ensembleRun(step, chainDevice, record);
  const normals = new Map<number, NormalVectors>();
  const normalsFor = (length: number): NormalVectors => {
    const made = normals.get(length) ?? normalVectors(length, device);
    normals.set(length, made);
    return made;
  };
  const evaluate = chainDevice.map(target.value, 1);
  const proposals = new WeakMap<FlowState, Proposal>();
  const proposal = (flowState: FlowState): Proposal => {
    if (plan.flow === undefined) {
      throw new TypeError("Cannot move globally: the plan has no flow");
    }
    // Its programs take some milliseconds to compile, and production has one flow for all cycles.
    const ofFlow = (kind: Flow): Proposal =>
      flowProposal(kind, flowState, normalsFor(kind.normals(flowState)));
    const made = proposals.get(flowState) ??
      plan.proposal(ofFlow(plan.flow), flowState, device);
    proposals.set(flowState, made);
    return made;
  };
  return {
    plan,
    start,
    local: async (chains, state, frozen, key, steps, options) => {
      const result = await run(
        chains,
        Object.fromEntries(
          Object.entries(adaptation.parameters(state, frozen)).map(([name, value]) => [
            name,
            tensor(value),
          ]),
        ),
        key,
        { steps, signal, ...options },
      );
      return wrappedResult(result, target.periodic);
    },
    proposal,
    global: (flowState) => plan.global({ proposal: proposal(flowState), start, kept: local.kept }),
    logDensity: async (position) => (await evaluate.run([position], [], { signal }))[0],
  };
}

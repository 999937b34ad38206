/**
 * The sampler that needs nothing but a target and a key.
 *
 * @module
 */
import type { ChainState, GradientState } from "../kernels/kernel.ts";
import type { Target } from "../target/target.ts";
import { type Key, split } from "../tensor/random.ts";
import { Tensor } from "../tensor/tensor.ts";
import { leaves, type Tree } from "../tensor/tree.ts";
import { begun, inPrecisionOf } from "./device_changes.ts";
import { findStart, type Started } from "./initial.ts";
import { prepare, type Prepared } from "./default_plan.ts";
import { orThrow, type SampleOptions } from "./options.ts";
import { progressOf } from "./progress.ts";
import { resultOf, type SampleResult } from "./result.ts";
import type { RunState } from "./run_state.ts";
import { runAdaptive } from "./run_adaptive.ts";
import { runtimeOf } from "./runtime.ts";

function checkArguments(target: object, key: Key): void {
  if (typeof target !== "object" || target === null || !("valueAndGradient" in target)) {
    throw new TypeError(
      "Cannot sample this target: make one with density(dimension, logDensity) or posterior({ … })",
    );
  }
  const isKey = key instanceof Tensor && key.dtype === "u32" && key.size === 2;
  if (!isKey) {
    throw new TypeError(`Cannot sample with the key ${String(key)}: make one with key(seed)`);
  }
}

/** Position, log density and, where the kernel has one, gradient of started chains. */
function startedOf(state: ChainState & Tree): Started {
  const found = new Map(leaves(state).map(({ name, value }) => [name, value]));
  const gradient = found.get("gradient");
  return {
    position: state.position,
    logDensity: state.logDensity,
    ...(gradient === undefined ? {} : { gradient }),
  };
}

/** The state of an earlier run, to go on from. */
function goingOn<State extends ChainState & Tree>(state: RunState<State>): RunState<State> {
  if (state.interrupted !== undefined) return state.interrupted;
  // A run that had ended goes on in production.
  return state.phase === "done" ? { ...state, phase: "production", ended: undefined } : state;
}

/** The state to start from: where chains can start, or that of an earlier run. */
async function firstState<State extends ChainState & Tree, Values extends object>(
  { plan, ...where }: Prepared<State, Values>,
  resume: RunState<State> | undefined,
  key: Key,
): Promise<RunState<State>> {
  if (resume !== undefined) return await inPrecisionOf(plan, goingOn(resume));
  return await begun(plan, async (used) => {
    const { start } = runtimeOf(used);
    const evaluate = async (candidates: Tensor): Promise<Started> =>
      startedOf(await start(candidates));
    const position = await findStart(evaluate, where, plan.target, key);
    return await runAdaptive.start(used)(position);
  });
}

/**
 * Samples a target with local moves and global moves of a normalizing flow that learns from the chains.
 * Everything adapts itself: a warm-up finds step size and metric, training cycles fit the flow, then
 * all is frozen and draws are kept until they suffice.
 *
 * A run is a function of target, options and key: the same ones give the same bits, unless `stop` has
 * `maxSeconds` or `device` lets it take a GPU, which depend on the machine. A run that does not converge gives its draws and says so
 * in `warnings`.
 *
 * @typeParam Values What draws hold, by name.
 * @typeParam State The state of a chain, that of the local kernel.
 * @typeParam Sampled What makes a position: all of it but derived quantities.
 * @param target What to sample, from `density` or `posterior`.
 * @param key The random key, from `key(seed)`.
 * @param options Chains, starts, kernels, flow, schedule, stopping, device, progress; all optional.
 * @returns Draws, summary, evidence, acceptance, warnings, the trained flow and the last state.
 * @throws {TypeError} If an argument or option is unknown or of a wrong type or shape.
 * @throws {RangeError} If an option is out of range, or chains cannot start: which ones and why.
 *
 * Source: Gabrié, Rotskoff & Vanden-Eijnden, PNAS 2022; Wong, Gabrié & Foreman-Mackey, JOSS 2023.
 *
 * @example Two modes
 * ```ts
 * import { density, key, logSumExp, sample } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const modes = density(2, (x) =>
 *   logSumExp(x.at(0).sub([-4, 4]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)));
 * const run = await sample(modes, key(1), { stop: { effectiveSampleSize: 1000 } });
 * assert.deepEqual(run.draws.x.shape.slice(2), [2]);
 * // Z = 2 · 2π
 * const { estimate, standardError } = run.logEvidence!;
 * assert(Math.abs(estimate - Math.log(4 * Math.PI)) < 6 * standardError);
 * ```
 */
export async function sample<
  Values extends Sampled,
  State extends ChainState & Tree = GradientState,
  Sampled extends object = object,
>(
  target: Target<Values, Sampled>,
  key: Key,
  options: SampleOptions<State> = {},
): Promise<SampleResult<Values, State>> {
  checkArguments(target, key);
  const prepared = orThrow(prepare<State, Values>(target, options));
  const { plan } = prepared;
  const { onProgress, resume, signal } = options;
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  signal?.throwIfAborted();
  const [forStart, forRun, forEvidence] = split(key, 3);
  // Workers are held by cycles; memory on a GPU is given back with the run.
  const hold = plan.chainDevice?.name === "webgpu" ? plan.chainDevice.hold() : undefined;
  try {
    let state = await firstState(prepared, resume, forStart);
    let production = state.phase === "production" ? 0 : undefined;
    for await (const next of runAdaptive.cycles(plan)(state, forRun, { started })) {
      onProgress?.(progressOf(plan, state, next, { now: seconds(), production }));
      if (next.phase === "production") production ??= seconds();
      state = next;
    }
    return await resultOf(plan, state, { key: forEvidence, seconds });
  } finally {
    hold?.release();
  }
}

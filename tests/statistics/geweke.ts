/**
 * Joint distribution tests (Geweke 2004): steps of a kernel on the parameters θ given data y alternate
 * with new data given θ. Both leave the joint distribution of θ and y invariant, so that chains that start
 * with exact draws of it must end with exact draws: of the prior in θ, and of y given θ. One end of each of
 * many chains is looked at, instead of many states of one chain as in the paper: these are independent,
 * and the test is exact.
 *
 * A kernel on θ given y is the kernel on both of them with a metric that holds y: an inverse mass of
 * 1e-300 makes its steps 1e-150 of a unit, which changes no y, no momentum and no ratio, to the last bit.
 * So data can differ from chain to chain, in one compiled program.
 */
import {
  type ChainState,
  concat,
  fitFlow,
  type Kernel,
  type Mixture,
  type Plan,
  planFor,
  runAdaptive,
  sequence,
  splineFlow,
  split,
  startChains,
  type Step,
  type Target,
  type Tree,
  vectorize,
} from "../../mod.ts";
import type { InvarianceCase } from "./invariance.ts";
import type { JointModel } from "./joint_models.ts";

/** Of the data: so small that they stay. */
export const HELD = 1e-300;

/** What can be wrong with an alternation. */
export type AlternationFault = "none" | "a log density that is not renewed with the data";

/** How a kernel steps on θ. */
export interface LocalSteps {
  readonly stepSize: number;
  /** Inverse masses of the parameters; 1 by default. */
  readonly inverseMass?: readonly number[];
}

/** The step of a kernel on θ given y. */
export function conditionalStep<State extends ChainState>(
  { target, free }: Pick<JointModel, "target" | "free">,
  kernel: Kernel<State>,
  { stepSize, inverseMass = new Array<number>(free).fill(1) }: LocalSteps,
): Step<State> {
  const held = new Array<number>(target.dimension - free).fill(HELD);
  return kernel.step(target, { stepSize, inverseMass: [...inverseMass, ...held] });
}

/** New data given θ; everything that is known of the place is computed anew. */
export function redrawStep<State extends ChainState>(
  { target, free, redraw }: JointModel,
  kernel: Kernel<State>,
  fault: AlternationFault = "none",
): Step<State> {
  return (state, key) => {
    const theta = state.position.slice(0, free);
    const position = concat([theta, redraw(theta, key)]);
    return fault === "none"
      ? { ...kernel.init(target)(position), acceptance: state.acceptance }
      : { ...state, position };
  };
}

/**
 * New data, then steps of a kernel on θ, `times` times; the kernel moves last, so that y given θ is
 * looked at as well.
 */
export function alternation<State extends ChainState & Tree>(
  model: JointModel,
  kernel: Kernel<State>,
  how: LocalSteps,
  times: number,
  fault: AlternationFault = "none",
): InvarianceCase {
  const what = fault === "none" ? "" : ` and ${fault}`;
  return {
    name: `${kernel.name} in turns with new data${what}, ${model.name}`,
    exact: model,
    move: (target) => {
      const step = sequence(
        redrawStep(model, kernel, fault),
        conditionalStep(model, kernel, how),
      );
      const advance = vectorize(step);
      const start = startChains(target, kernel);
      return async (position, key) =>
        (await advance(await start(position), key, { steps: times })).position;
    },
  };
}

/** What a cycle of production holds here. */
const CYCLE: Mixture = { localSteps: 3, thin: 1, globalSteps: 2 };

/**
 * Cycles of production of the library's own run: local steps, each after new data, and jumps of θ and y
 * together, which a trained flow proposes in its defensive mixture.
 *
 * @param model The model.
 * @param kernel The local kernel.
 * @param how Its steps.
 * @param options How many cycles; the target of the global moves, if it is another one.
 * @returns The case.
 */
export function productionCycles<State extends ChainState & Tree>(
  model: JointModel,
  kernel: Kernel<State>,
  how: LocalSteps,
  { cycles, seen }: { readonly cycles: number; readonly seen?: Target },
): InvarianceCase {
  const local: Kernel<State> = {
    ...kernel,
    step: () => sequence(redrawStep(model, kernel), conditionalStep(model, kernel, how)),
  };
  return {
    name: `production with ${kernel.name}, new data and a flow${
      seen === undefined ? "" : " that jumps on another density"
    }, ${model.name}`,
    exact: model,
    move: (target) => async (position, key) => {
      const [forTraining, forFit, forRun] = split(key, 3);
      const { flow } = await fitFlow(
        splineFlow({ layers: 4 }),
        model.sample(forTraining, 4000),
        forFit,
        { cycles: 2, periodic: target.periodic },
      );
      const { global, ...plan } = planFor<State, object>(target, { local, flow });
      const { start, cycles: run } = runAdaptive;
      const fixed: Plan<State> = {
        ...plan,
        global: seen === undefined
          ? global
          : (options) => global({ ...options, start: startChains(seen, kernel) }),
        mixing: () => CYCLE,
        // It is stopped from outside, and never looks.
        stop: { nextLook: () => Infinity, decide: () => undefined, timeIsUp: () => false },
      };
      const first = await start(fixed)(position);
      let left = cycles;
      for await (const state of run(fixed)({ ...first, phase: "production" }, forRun)) {
        if (--left === 0) return state.chains.position;
      }
      throw new Error("Cannot end a run that is to be stopped");
    },
  };
}

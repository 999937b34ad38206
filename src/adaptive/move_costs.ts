/**
 * What moves cost, by what there is to compute: decisions by a clock could not be repeated.
 *
 * @module
 */
import type { FlowState } from "../flows/flow.ts";
import type { ChainState, Kernel } from "../kernels/kernel.ts";
import type { Target } from "../target/target.ts";
import { leaves, type Tree } from "../tensor/tree.ts";
import { workOf } from "../tensor/work.ts";
import { total } from "./cycles.ts";

/** Of a pass through a flow, for each of its weights: 0.48 ns, where densities take 0.06 to 0.12 ns for each unit. */
const WORK_OF_WEIGHT = 5;

/** Gradients that all chains have taken so far; none of kernels that do not count them. */
function gradientsOf(chains: Tree): number | undefined {
  const counted = leaves(chains).find(({ name }) => name === "gradients")?.value;
  return counted && total(counted)[0];
}

/**
 * The cost of a local step as a share of that of a global one.
 *
 * @param target What is sampled.
 * @param local The local kernel, and how its chains were before and after some steps.
 * @param flow What global steps propose from.
 * @returns The ratio; infinite where it is not known.
 */
export function localCost<State extends ChainState & Tree>(
  target: Target,
  { kernel, before, after, steps }: {
    readonly kernel: Kernel<State>;
    readonly before: State;
    readonly after: State;
    readonly steps: number;
  },
  flow: FlowState,
): number {
  const density = workOf(target.valueAndGradient ?? target.value);
  const chains = before.logDensity.size;
  const counted = (gradientsOf(after) ?? NaN) - (gradientsOf(before) ?? NaN);
  const evaluations = Number.isNaN(counted)
    ? Math.max(1, kernel.gradientsPerStep)
    : counted / (chains * steps);
  const ratio = evaluations * density / (density + WORK_OF_WEIGHT * flow.weights.length);
  // A ladder of tempered replicas takes steps of its own in each of them.
  return kernel.ladder === undefined && ratio >= 0 ? ratio : Infinity;
}

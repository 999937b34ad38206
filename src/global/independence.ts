/**
 * Independence Metropolis–Hastings: a global move whose proposals do not depend on where the chain is.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import { exp } from "../tensor/functions/scalar_math.ts";
import type { Tree } from "../tensor/tree.ts";
import {
  type ChoiceRule,
  globalMove,
  type GlobalMoveOptions,
  type GlobalStep,
} from "./global_move.ts";

const METROPOLIS: ChoiceRule = {
  proposals: 1,
  choose(current, [proposed], chance) {
    const ratio = proposed - current;
    const probability = !Number.isFinite(proposed) ? 0 : ratio >= 0 ? 1 : exp(ratio);
    return { taken: chance < probability ? 0 : -1, probability };
  },
};

/**
 * Independence Metropolis–Hastings with proposals from q, accepted with probability min(1, w'/w),
 * w = p/q. All proposals of a call are drawn and evaluated at once, with log q from the pass that
 * draws them; the accept–reject loop then is cheap.
 *
 * A proposal where log p or log q is not finite is rejected. A chain where log p is −∞ or NaN takes the
 * first that is not; one where q is 0 stays, as its weight is infinite.
 *
 * Source: Tierney 1994; with a flow as q, Gabrié, Rotskoff & Vanden-Eijnden, PNAS 2022, eq. 4.
 *
 * @param options The proposal distribution, and how to start chains at given positions.
 * @returns The ensemble step.
 */
export function independence<State extends ChainState & Tree>(
  options: GlobalMoveOptions<State>,
): GlobalStep<State> {
  return globalMove(options, METROPOLIS);
}

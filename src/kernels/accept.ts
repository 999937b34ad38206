/**
 * The accept–reject rule of Metropolis et al. 1953 and Hastings 1970.
 *
 * @module
 */
import { where } from "../tensor/operations.ts";
import { type Key, uniform } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { leaves, type Tree, withLeaves } from "../tensor/tree.ts";
import { formText, typeText } from "./form.ts";

/**
 * Takes the proposed state with probability min(1, e^logRatio), else stays. A ratio that is NaN, as
 * from a density that is NaN at the proposal, is a rejection.
 *
 * @param key Used for the one uniform number.
 * @param logRatio Logarithm of the acceptance ratio, a scalar.
 * @param current The state to stay in.
 * @param proposed The state to go to; of the same form.
 * @returns The next state and the acceptance probability.
 * @throws {TypeError} If the states are of different forms, or the ratio is not a scalar.
 */
export function accept<State extends Tree>(
  key: Key,
  logRatio: Tensor,
  current: State,
  proposed: State,
): { readonly state: State; readonly acceptance: Tensor } {
  if (logRatio.shape.length !== 0) {
    throw new TypeError(
      `Cannot accept with a ratio ${typeText(logRatio)}: a state is taken or left as a whole, so ` +
        "that it must be a scalar",
    );
  }
  const [from, to] = [current, proposed].map(formText);
  if (from !== to) {
    throw new TypeError(`Cannot accept a state of ${to} in place of one of ${from}`);
  }
  const acceptance = where(logRatio.less(0), logRatio.exp(), where(logRatio.greaterEqual(0), 1, 0));
  const taken = uniform(key).less(acceptance);
  const old = leaves(current);
  const next = leaves(proposed).map(({ value }, i) => where(taken, value, old[i].value));
  return { state: withLeaves(current, next), acceptance };
}

/**
 * Steps from steps. All of these work on steps of one chain, where they become part of the compiled
 * code, and on asynchronous steps of ensembles.
 *
 * @module
 */
import { where } from "../tensor/operations.ts";
import { foldIn, type Key, split, uniform } from "../tensor/random.ts";
import { repeatLoop } from "../tensor/trace.ts";
import { leaves, type Tree, withLeaves } from "../tensor/tree.ts";

/** A step of a chain (which gives a state) or of an ensemble (which promises one). */
export type AnyStep<State, Next extends State | Promise<State> = State | Promise<State>> = (
  state: State,
  key: Key,
) => Next;

/** Goes on with a state, now or when it is there. */
function after<State, Next extends State | Promise<State>>(
  state: Next,
  step: (state: State) => Next,
): Next {
  return state instanceof Promise ? state.then(step) as Next : step(state as State);
}

/**
 * A step a number of times. Repetition i uses foldIn(key, i).
 *
 * @param step The step.
 * @param times How often, a positive integer.
 * @returns The repeated step.
 * @throws {RangeError} If `times` is not a positive integer.
 */
export function repeat<State, Next extends State | Promise<State>>(
  step: (state: State, key: Key) => Next,
  times: number,
): (state: State, key: Key) => Next {
  if (!Number.isInteger(times) || times < 1) {
    throw new RangeError(`Cannot repeat a step ${times} times: expected a positive integer`);
  }
  return (state, key) => {
    if (key.source.kind === "traced") {
      return repeatLoop(
        times,
        (now: Tree, index) => step(now as State, foldIn(key, index)) as Tree,
        state as Tree,
      ) as unknown as Next;
    }
    let next = step(state, foldIn(key, 0));
    for (let i = 1; i < times; i++) next = after(next, (now: State) => step(now, foldIn(key, i)));
    return next;
  };
}

/**
 * Steps one after the other. Each gets a key of its own.
 *
 * @param steps At least one step.
 * @returns The composed step.
 * @throws {RangeError} If there is no step.
 */
export function sequence<State, Next extends State | Promise<State>>(
  ...steps: readonly ((state: State, key: Key) => Next)[]
): (state: State, key: Key) => Next {
  if (steps.length === 0) throw new RangeError("Cannot make a sequence of no steps");
  return (state, key) => {
    const keys = split(key, steps.length);
    return steps.slice(1).reduce(
      (next, step, i) => after(next, (now: State) => step(now, keys[i + 1])),
      steps[0](state, keys[0]),
    );
  };
}

/**
 * One step chosen at random by weight, independently of the state; it leaves invariant what all of
 * them leave invariant (Tierney 1994).
 *
 * Of ensemble steps one is chosen for all chains together, and only that one runs. Of steps of one
 * chain each chain chooses for itself; since chains run in lock-step, all alternatives are computed.
 *
 * @param choices Weights (positive, of any sum) and steps.
 * @returns The mixed step.
 * @throws {RangeError} If there is no choice, or a weight is not a positive number.
 */
export function mixture<State, Next extends State | Promise<State>>(
  choices: readonly (readonly [weight: number, step: (state: State, key: Key) => Next])[],
): (state: State, key: Key) => Next {
  if (choices.length === 0) throw new RangeError("Cannot make a mixture of no steps");
  const total = choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight] of choices) {
    if (!(weight > 0 && Number.isFinite(weight))) {
      throw new RangeError(`Cannot mix steps: weights must be positive numbers, got ${weight}`);
    }
  }
  let sum = 0;
  const limits = choices.map(([weight]) => (sum += weight) / total);
  return (state, key) => {
    const [forChoice, forStep] = split(key);
    const u = uniform(forChoice);
    if (u.source.kind === "concrete") {
      const drawn = u.item();
      const chosen = limits.findIndex((limit) => drawn < limit);
      return choices[chosen < 0 ? choices.length - 1 : chosen][1](state, forStep);
    }
    const keys = split(forStep, choices.length);
    const all = choices.map(([, step], i) => step(state, keys[i]) as Tree);
    const mixed = all.slice(0, -1).reduceRight((rest, tree, i) => {
      const others = leaves(rest);
      const chosen = leaves(tree).map(({ value }, k) =>
        where(u.less(limits[i]), value, others[k].value)
      );
      return withLeaves(tree, chosen);
    }, all[all.length - 1]);
    return mixed as unknown as Next;
  };
}

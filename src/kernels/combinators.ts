/**
 * Steps from steps. All of these work on steps of one chain, where they become part of the compiled
 * code, and on asynchronous steps of ensembles.
 *
 * @module
 */
import { where } from "../tensor/operations.ts";
import { foldIn, type Key, split, uniform } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { repeatLoop } from "../tensor/trace.ts";
import { leaves, type Tree, withLeaves } from "../tensor/tree.ts";
import { valueText } from "../tensor/value_text.ts";
import { expectForm } from "./form.ts";

/** Goes on with a state, now or when it is there. */
function after<State, Next extends State | Promise<State>>(
  state: Next,
  step: (state: State) => Next,
): Next {
  return state instanceof Promise ? state.then(step) as Next : step(state as State);
}

/** Refuses what is no step; a kernel is none, it has them. */
function checkSteps(steps: readonly unknown[], action: string): void {
  const wrong = steps.findIndex((step) => typeof step !== "function");
  if (wrong < 0) return;
  throw new TypeError(
    `Cannot ${action} of ${typeof steps[wrong]}: expected functions from a state and a key, such ` +
      "as mala().step(target, { stepSize: 0.1 })",
  );
}

/**
 * A step a number of times. Repetition i uses foldIn(key, i).
 *
 * @param step The step.
 * @param times How often, a positive integer.
 * @returns The repeated step.
 * @throws {RangeError} If `times` is not a positive integer.
 * @throws {TypeError} If the step is no function; when it runs, if it changes the form of the state.
 */
export function repeat<State, Next extends State | Promise<State>>(
  step: (state: State, key: Key) => Next,
  times: number,
): (state: State, key: Key) => Next {
  if (!Number.isInteger(times) || times < 1) {
    throw new RangeError(`Cannot repeat a step ${times} times: expected a positive integer`);
  }
  checkSteps([step], "make a repetition");
  return (state, key) => {
    if (key.source.kind === "traced") {
      const once = (now: Tree, index: Tensor): Tree =>
        expectForm(now, step(now as State, foldIn(key, index)), "repeat this step");
      return repeatLoop(times, once, state as Tree) as unknown as Next;
    }
    let next = step(state, foldIn(key, 0));
    for (let i = 1; i < times; i++) {
      if (next instanceof Promise) return finish(next, i, key) as Next;
      next = step(next as State, foldIn(key, i));
    }
    return next;
  };

  async function finish(pending: Promise<State>, from: number, key: Key): Promise<State> {
    let state = await pending;
    for (let i = from; i < times; i++) {
      state = await (step(state, foldIn(key, i)) as State | Promise<State>);
    }
    return state;
  }
}

/**
 * Steps one after the other. Of n, the i-th uses split(key, n)[i].
 *
 * @param steps At least one step.
 * @returns The composed step.
 * @throws {RangeError} If there is no step.
 * @throws {TypeError} If a step is no function; when it runs, if it changes the form of the state.
 */
export function sequence<State, Next extends State | Promise<State>>(
  ...steps: readonly ((state: State, key: Key) => Next)[]
): (state: State, key: Key) => Next {
  if (steps.length === 0) throw new RangeError("Cannot make a sequence of no steps");
  checkSteps(steps, "make a sequence");
  return (state, key) => {
    const keys = split(key, steps.length);
    if (key.source.kind === "traced") {
      return steps.reduce(
        (now: Tree, step, i) => expectForm(now, step(now as State, keys[i]), "run this sequence"),
        state as Tree,
      ) as unknown as Next;
    }
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
 * With [forChoice, forStep] = split(key), uniform(forChoice) chooses, and of n steps the i-th uses
 * split(forStep, n)[i].
 *
 * @param choices Weights (positive, of any sum) and steps.
 * @returns The mixed step.
 * @throws {RangeError} If there is no choice, or a weight is not a positive number.
 * @throws {TypeError} If the choices are no pairs or a step is no function; when it runs, if it changes
 * the form of the state.
 */
export function mixture<State, Next extends State | Promise<State>>(
  choices: readonly (readonly [weight: number, step: (state: State, key: Key) => Next])[],
): (state: State, key: Key) => Next {
  const arePairs = Array.isArray(choices) &&
    choices.every((choice) => Array.isArray(choice) && choice.length <= 2);
  if (!arePairs) {
    throw new TypeError(
      "Cannot make a mixture of this: give a list of weights with their steps, as in " +
        "mixture([[2, first], [1, second]])",
    );
  }
  if (choices.length === 0) throw new RangeError("Cannot make a mixture of no steps");
  for (const [weight] of choices) {
    if (!(weight > 0 && Number.isFinite(weight))) {
      throw new RangeError(
        `Cannot mix steps: weights must be positive numbers, got ${valueText(weight)}`,
      );
    }
  }
  const steps = choices.map(([, step]) => step);
  checkSteps(steps, "make a mixture");
  // Divided first, so that the sum of large weights does not overflow.
  const largest = Math.max(...choices.map(([weight]) => weight));
  const shares = choices.map(([weight]) => weight / largest);
  const total = shares.reduce((sum, share) => sum + share, 0);
  let sum = 0;
  const limits = shares.map((share) => (sum += share) / total);
  return (state, key) => {
    const [forChoice, forStep] = split(key);
    const u = uniform(forChoice);
    const keys = split(forStep, steps.length);
    if (u.source.kind === "concrete") {
      const drawn = u.item();
      const found = limits.findIndex((limit) => drawn < limit);
      const chosen = found < 0 ? steps.length - 1 : found;
      return steps[chosen](state, keys[chosen]);
    }
    const all = steps.map((step, i) =>
      expectForm(state as Tree, step(state, keys[i]), "mix in this step")
    );
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

/**
 * The form of a state: names and types of its leaves. Steps are compiled for one form.
 *
 * @module
 */
import type { ValueType } from "../tensor/program.ts";
import { shapeText } from "../tensor/shape.ts";
import { leaves, type Tree } from "../tensor/tree.ts";

/** A type as text, such as `f64[2]`. */
export function typeText({ dtype, shape }: ValueType): string {
  return `${dtype}${shapeText(shape)}`;
}

/**
 * The form of a state as text, such as `logDensity f64[], position f64[2]`. Two states are of one form
 * exactly if these are equal.
 *
 * @param state The state.
 * @returns The form.
 */
export function formText(state: Tree): string {
  const text = leaves(state).map(({ name, value }) => `${name} ${typeText(value)}`.trim());
  return text.join(", ") || "nothing";
}

/**
 * What a step of one chain gave back, as a state of the form that it took.
 *
 * @param before The state that it took.
 * @param after What it gave back.
 * @param action What cannot be done with another one, as "run this step".
 * @returns What it gave back.
 * @throws {TypeError} If that is of another form, or a promise, as steps of ensembles give.
 */
export function expectForm<State extends Tree>(
  before: State,
  after: unknown,
  action: string,
): State {
  if (after instanceof Promise) {
    // Nobody waits for it, whatever becomes of it.
    after.catch(() => {});
    throw new TypeError(
      `Cannot ${action}: it gave back a promise, as steps of ensembles do, instead of a state of ` +
        "one chain",
    );
  }
  const [from, to] = [before, after as Tree].map(formText);
  if (from === to) return after as State;
  throw new TypeError(`Cannot ${action}: it turns a state of ${from} into one of ${to}`);
}

/**
 * Checks of what a device is given, before anything is written to memory.
 *
 * @module
 */
import { inputTypes, outputTypes, type Program, type ValueType } from "../tensor/program.ts";
import { sameShape, shapeText } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { RunOptions } from "./device.ts";

function text({ dtype, shape }: ValueType): string {
  return `${dtype}${shapeText(shape)}`;
}

/**
 * Checks that a program is a step `(state…, shared…, key) → state…`.
 *
 * @param program The program.
 * @param leaves How many of its inputs are the state.
 * @throws {TypeError} If it gives another state than it takes.
 */
export function checkStep(program: Program, leaves: number): void {
  const before = inputTypes(program).slice(0, leaves);
  const after = outputTypes(program);
  const same = before.length === after.length &&
    before.every((type, i) =>
      type.dtype === after[i].dtype && sameShape(type.shape, after[i].shape)
    );
  if (same) return;
  throw new TypeError(
    `Cannot run this step: it turns a state of ${before.map(text).join(", ")} into one of ` +
      after.map(text).join(", "),
  );
}

/**
 * Checks the arguments of a run.
 *
 * @param types Types of the program's inputs for one chain, without the key.
 * @param own Arrays over chains, for the first of the inputs.
 * @param shared Arrays for the others.
 * @returns The number of chains.
 * @throws {TypeError} If an array does not have its input's type.
 * @throws {RangeError} If there are no chains.
 */
export function chainsOf(
  types: readonly ValueType[],
  own: readonly Tensor[],
  shared: readonly Tensor[],
): number {
  if (own.length + shared.length !== types.length || own.length === 0) {
    throw new TypeError(
      `Cannot run on ${own.length} arrays over chains and ${shared.length} shared ones: the ` +
        `program takes ${types.length} in all`,
    );
  }
  const chains = own[0].shape[0];
  [...own, ...shared].forEach((given, i) => {
    const { dtype, shape } = types[i];
    const wanted = { dtype, shape: i < own.length ? [chains, ...shape] : shape };
    if (given.dtype === dtype && sameShape(given.shape, wanted.shape)) return;
    const what = i < own.length ? `array ${i} over chains` : `shared array ${i - own.length}`;
    throw new TypeError(`Cannot run: ${what} is ${text(given)} instead of ${text(wanted)}`);
  });
  if (!(chains > 0)) throw new RangeError(`Cannot run ${chains} chains: at least one is needed`);
  return chains;
}

/**
 * Checks the options of a run.
 *
 * @param options The options.
 * @throws {RangeError} If a number is not a whole one, or too small.
 */
export function checkRun({ steps, thin, firstStep, firstChain }: RunOptions): void {
  const whole = (name: string, value: number | undefined, least: number): void => {
    if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
    throw new RangeError(
      `Cannot run with ${name} ${value}: \`${name}\` must be a whole number from ${least}`,
    );
  };
  whole("steps", steps, 1);
  whole("thin", thin, 1);
  whole("firstStep", firstStep, 0);
  whole("firstChain", firstChain, 0);
}

/**
 * Options that flows of coupling layers share, and what is wrong with them.
 *
 * @module
 */
import { expectOptions } from "../tensor/expect_options.ts";
import { valueText } from "../tensor/value_text.ts";

/** Options of all flows of coupling layers. */
export interface CouplingFlowOptions {
  /** Coupling layers; each pair moves every coordinate once. */
  readonly layers?: number;
  /** Widths of the hidden layers of each conditioner. */
  readonly hidden?: readonly number[];
  /**
   * Degrees of freedom of a Student-t base, a whole number up to 100: for targets with tails heavier
   * than a normal distribution's. 0, the default, is a normal base.
   */
  readonly degrees?: number;
  /**
   * Whether the whitened coordinates are first turned to independent components (Comon 1994), in up to 64
   * dimensions; true by default. What tells modes apart then stands in few coordinates.
   */
  readonly components?: boolean;
}

/** Names of the options that all flows of coupling layers share. */
export const SHARED_OPTIONS: readonly (keyof CouplingFlowOptions)[] = [
  "layers",
  "hidden",
  "degrees",
  "components",
];

/** A maker of a kind of flow in words, as "make a spline flow". */
export type Purpose = `make a${"" | "n"} ${string} flow`;

/**
 * Checks that a number is whole and within limits.
 *
 * @param purpose What cannot be done otherwise.
 * @param name Name of the option.
 * @param value Its value.
 * @param limits The least and the most.
 * @returns The value.
 * @throws {RangeError} If it is not.
 */
export function expectWhole(
  purpose: Purpose,
  name: string,
  value: number,
  [least, most]: readonly [number, number],
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot ${purpose} with \`${name}\` ${
      valueText(value)
    }: expected a whole number from ${least} to ` +
      `${most}`,
  );
}

/**
 * Checks the shared options and completes them.
 *
 * @param purpose What cannot be done otherwise.
 * @param options As given.
 * @param own Names of the other options that there are.
 * @param defaults Layers and hidden widths where none are given.
 * @returns All shared options.
 * @throws {TypeError} If an option is unknown or of a wrong type.
 * @throws {RangeError} If an option is out of range.
 */
export function completeOptions(
  purpose: Purpose,
  options: CouplingFlowOptions,
  own: readonly string[],
  defaults: { readonly layers: number; readonly hidden: readonly number[] },
): Required<CouplingFlowOptions> {
  expectOptions(options, [...SHARED_OPTIONS, ...own], purpose);
  const { hidden = defaults.hidden, components = true } = options;
  if (!Array.isArray(hidden)) {
    throw new TypeError(
      `Cannot ${purpose} with \`hidden\` ${valueText(hidden)}: expected a list of widths`,
    );
  }
  if (typeof components !== "boolean") {
    throw new TypeError(
      `Cannot ${purpose} with \`components\` ${valueText(components)}: expected true or false`,
    );
  }
  return {
    layers: expectWhole(purpose, "layers", options.layers ?? defaults.layers, [1, 100]),
    hidden: hidden.map((width) => expectWhole(purpose, "hidden", width, [1, 1024])),
    degrees: expectWhole(purpose, "degrees", options.degrees ?? 0, [0, 100]),
    components,
  };
}

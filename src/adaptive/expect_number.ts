/**
 * Refuses numbers that make no sense, where parts of a plan are made.
 *
 * @module
 */
import { valueText } from "../tensor/value_text.ts";

/** Which numbers make sense, and how that is said. */
export interface Sound {
  /** In words, as "a positive number". */
  readonly expected: string;
  /** Whether a number is one of them. */
  readonly is: (value: number) => boolean;
}

/** Numbers of at least 0, without ∞. */
export const AT_LEAST_0: Sound = {
  expected: "a number of at least 0",
  is: (value) => value >= 0 && Number.isFinite(value),
};

/** Numbers above 0, ∞ among them. */
export const POSITIVE: Sound = { expected: "a positive number", is: (value) => value > 0 };

/** Numbers from 0 to 1. */
export const SHARE: Sound = {
  expected: "a number from 0 to 1",
  is: (value) => value >= 0 && value <= 1,
};

/** 1, 2, 3 and so on. */
export const COUNT: Sound = {
  expected: "a positive whole number",
  is: (value) => Number.isInteger(value) && value >= 1,
};

/**
 * Gives back a number that makes sense.
 *
 * @param action What cannot be done otherwise, as "train".
 * @param name Name of the option.
 * @param value Its value.
 * @param sound Which ones make sense.
 * @returns The value.
 * @throws {RangeError} If it makes no sense.
 */
export function expectNumber(
  action: string,
  name: string,
  value: number,
  { expected, is }: Sound,
): number {
  if (typeof value === "number" && is(value)) return value;
  throw new RangeError(
    `Cannot ${action} with \`${name}\` ${valueText(value)}: expected ${expected}`,
  );
}

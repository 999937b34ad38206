/**
 * Options by name, and arguments by number.
 *
 * @module
 */

import { valueText } from "./value_text.ts";

/**
 * Refuses options that there are not: a mistyped one would otherwise be ignored in silence.
 *
 * @param given What was given.
 * @param known The names of all options.
 * @param action What cannot be done with another one, as "make HMC".
 * @throws {TypeError} If there is an unknown one, or no object was given.
 */
export function expectOptions(given: object, known: readonly string[], action: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(
      `Cannot ${action} with the options ${valueText(given)}: give an object with some of ` +
        known.join(", "),
    );
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(
    `Cannot ${action} with the unknown option \`${unknown}\`: the options are ${known.join(", ")}`,
  );
}

/**
 * Refuses arguments beyond those that a function has: they would be ignored in silence, too.
 *
 * @param given All that was given.
 * @param most How many there may be.
 * @param action What cannot be done with more, as "make MALA".
 * @param advice What to do instead.
 * @throws {TypeError} If there are more.
 */
export function expectArguments(
  given: ArrayLike<unknown>,
  most: number,
  action: string,
  advice: string,
): void {
  if (given.length <= most) return;
  throw new TypeError(
    `Cannot ${action} with (${Array.from(given, valueText).join(", ")}): ${advice}`,
  );
}

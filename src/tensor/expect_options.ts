/**
 * Options by name.
 *
 * @module
 */

/**
 * Refuses options that there are not: a mistyped one would otherwise be ignored in silence.
 *
 * @param given What was given.
 * @param known The names of all options.
 * @param action What cannot be done with another one, as "make HMC".
 * @throws {TypeError} If there is an unknown one.
 */
export function expectOptions(given: object, known: readonly string[], action: string): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(
    `Cannot ${action} with the unknown option \`${unknown}\`: the options are ${known.join(", ")}`,
  );
}

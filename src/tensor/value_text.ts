/**
 * Values as they are shown in errors.
 *
 * @module
 */

/**
 * What was given, as text: in quotes where it is text itself, so that "4" is told from 4.
 *
 * @param value What was given.
 * @returns The text.
 */
export function valueText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "function") return "a function";
  const plain = typeof value === "object" && value !== null &&
    value.toString === Object.prototype.toString;
  return plain ? "an object" : String(value);
}

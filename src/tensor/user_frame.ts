/**
 * Finds the line of the user's own code that an operation was called from.
 *
 * @module
 */

const LIBRARY = new URL("../", import.meta.url).href;

/**
 * The innermost frame of the call stack that is not this library's.
 *
 * @returns ` (at file:line:column)`, or nothing where the engine gives no such stack.
 */
export function userFrame(): string {
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  for (const frame of frames) {
    const place = /(?:\(|at |@)((?:file|https?|blob|data|ext):.*:\d+:\d+)\)?$/.exec(frame)?.[1];
    if (place !== undefined && !place.startsWith(LIBRARY)) return ` (at ${place})`;
  }
  return "";
}

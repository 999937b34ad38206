/**
 * Finds the line of the user's own code that an operation was called from.
 *
 * @module
 */

/** The folder of the library; where it is bundled, the file: what is beside it may be the user's. */
const LIBRARY = libraryAt(import.meta.url);

/**
 * Where the frames of this library come from.
 *
 * @param here This module's address.
 * @returns What their addresses begin with.
 */
export function libraryAt(here: string): string {
  return here.endsWith("/src/tensor/user_frame.ts") ? new URL("../", here).href : here;
}

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

/** A file does one thing and is short enough to be read from end to end. */
import { isGenerated } from "./generated.ts";
import { filesOf, type SourceTree, type Violation } from "./source_tree.ts";

/** Most lines of a file of `src` that was written by hand. */
export const MAX_LINES = 400;

/** Files that are too long. */
export function lengthViolations(tree: SourceTree): Violation[] {
  return filesOf(tree, /^(src|shaders|checks|wasm)\/.*\.(ts|wgsl|rs)$/)
    .filter(([, text]) => !isGenerated(text))
    .flatMap(([path, text]) => {
      const lines = text.split("\n").length - 1;
      const message = `${lines} lines, at most ${MAX_LINES}: split it by topic`;
      return lines > MAX_LINES ? [{ path, message }] : [];
    });
}

/** Names of files and folders say what is inside. */
import type { SourceTree, Violation } from "./source_tree.ts";

const EMPTY_NAMES = /(^|_)(utils?|helpers?|commons?|misc)$/;
const SNAKE_CASE = /^_?[a-z0-9]+(_[a-z0-9]+)*$/;

/** Names that say nothing, and TypeScript files that are not in snake_case. */
export function nameViolations(tree: SourceTree): Violation[] {
  return [...tree.keys()].flatMap((path) => {
    const segments = path.split("/").map((name) => name.replace(/\..*$/, ""));
    const empty = segments.find((name) => EMPTY_NAMES.test(name));
    if (empty !== undefined) {
      const message = `"${empty}" says nothing: name what the code does`;
      return [{ path, message }];
    }
    if (path.endsWith(".ts") && !SNAKE_CASE.test(segments.at(-1) ?? "")) {
      return [{ path, message: "name TypeScript files in snake_case" }];
    }
    return [];
  });
}

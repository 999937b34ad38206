/** Nothing names a folder of the machine that it was written on. */
import { lineAt, type SourceTree, type Violation } from "./source_tree.ts";

const HOME = /(?<![\w.~-])(\/home\/|\/Users\/|\/root\/|[A-Z]:\\Users\\)[\w.-]+/g;

/** Paths into somebody's home. */
export function pathViolations(tree: SourceTree): Violation[] {
  return [...tree].flatMap(([path, text]) =>
    [...text.matchAll(HOME)].map((match) => ({
      path,
      line: lineAt(text, match.index),
      message: `"${match[0]}" exists on one machine only`,
    }))
  );
}

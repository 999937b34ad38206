/** Externals are named in a deps.ts: one for the library, others for tests and tools. */
import { type Import, importsUnder } from "./imports.ts";
import type { SourceTree, Violation } from "./source_tree.ts";

const PINNED = /^npm:(@[^/@]+\/)?[^/@]+@\d+\.\d+\.\d+(\/|$)/;
const DEPS = /(^|\/)deps\.ts$/;

function breach({ from, specifier, target, line }: Import): Violation[] {
  const fault = (message: string): Violation[] => [
    { path: from, line, message: `"${specifier}": ${message}` },
  ];
  if (target !== undefined) return [];
  if (specifier.startsWith("node:")) {
    return /^(src\/(?!cli\/)|mod\.ts$)/.test(from)
      ? fault("browsers have no node: modules; only src/cli may use them")
      : [];
  }
  if (!DEPS.test(from)) {
    return fault("import externals through a deps.ts");
  }
  return PINNED.test(specifier)
    ? []
    : fault("write npm:name@1.2.3/path: an import map is not seen from a URL");
}

/** Externals that are not pinned, or not where they belong. */
export function externalViolations(tree: SourceTree): Violation[] {
  return importsUnder(tree, /./).flatMap(breach);
}

/** Which files a file imports, starts as a worker or embeds. */
import { codeText } from "./code_text.ts";
import { filesOf, lineAt, type SourceTree } from "./source_tree.ts";

/** One import. */
export interface Import {
  readonly from: string;
  /** As written: `./a.ts`, `npm:b@1.0.0`. */
  readonly specifier: string;
  /** Path in the tree of a relative specifier. */
  readonly target?: string;
  readonly line: number;
}

/** Searched in code whose strings are blank, so that quoted code is no import. */
const SPECIFIERS = [
  /\b(?:import|export)\b[^;"'()]*?\bfrom\s*["']( +)["']/dg,
  /\bimport\s*["']( +)["']/dg,
  /\bimport\s*\(\s*["']( +)["']/dg,
  /\bnew\s+URL\s*\(\s*["']( +)["']\s*,\s*import\.meta\.url/dg,
];

/** The imports of one file, in the order of their lines. */
export function importsOf(path: string, text: string): Import[] {
  const code = codeText(text, { blankStrings: true });
  return SPECIFIERS
    .flatMap((pattern) => [...code.matchAll(pattern)])
    .flatMap((match) => match.indices?.slice(1) ?? [])
    .filter((range) => range !== undefined)
    .sort(([a], [b]) => a - b)
    .map(([start, end]) => importOf(path, text.slice(start, end), lineAt(text, start)))
    .filter(({ specifier }) => !specifier.endsWith("/"));
}

function importOf(from: string, specifier: string, line: number): Import {
  if (!/^\.{0,2}\//.test(specifier)) return { from, specifier, line };
  const target = new URL(specifier, `file:///${from}`).pathname.slice(1);
  return { from, specifier, target, line };
}

/** The imports of every TypeScript file whose path matches. */
export function importsUnder(tree: SourceTree, pattern: RegExp): Import[] {
  return filesOf(tree, pattern)
    .filter(([path]) => path.endsWith(".ts"))
    .flatMap(([path, text]) => importsOf(path, text));
}

/** Data moves one way through the folders of `src`. */
import { type Import, importsUnder } from "./imports.ts";
import type { SourceTree, Violation } from "./source_tree.ts";

/** The folders of `src`; each imports only from itself and from those before it. */
export const LAYERS: readonly string[] = [
  "random",
  "tensor",
  "compile",
  "device",
  "target",
  "kernels",
  "flows",
  "diagnostics",
  "evidence",
  "global",
  "adaptive",
  "io",
  "report",
  "cli",
];

/** The one file of `src` outside the layers, open to all of them. */
export const EXTERNALS = "src/deps.ts";

function layerOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function breach({ from, target, line }: Import): Violation[] {
  if (target === undefined || target === EXTERNALS) return [];
  if (target.startsWith("shaders/")) return [];
  const importer = layerOf(from);
  const imported = layerOf(target);
  if (from === "mod.ts" && target.startsWith("src/")) return [];
  if (imported === undefined) {
    const message = `${target} is no part of src: src ships without it`;
    return [{ path: from, line, message }];
  }
  if (importer === undefined) {
    const message = `${from} must not import from a layer`;
    return [{ path: from, line, message }];
  }
  if (LAYERS.indexOf(imported) <= LAYERS.indexOf(importer)) return [];
  const message = `${importer} must not import from ${imported} (${target}), ` +
    `which comes after it in the order of layers`;
  return [{ path: from, line, message }];
}

function stray(path: string): Violation[] {
  const layer = layerOf(path);
  if (layer === undefined ? path === EXTERNALS : LAYERS.includes(layer)) {
    return [];
  }
  const message = `belongs to no layer; these are: ${LAYERS.join(", ")}`;
  return [{ path, message }];
}

/** Files outside the layers, and imports against their order. */
export function layerViolations(tree: SourceTree): Violation[] {
  const paths = [...tree.keys()].filter((path) => path.startsWith("src/"));
  return [
    ...paths.flatMap(stray),
    ...importsUnder(tree, /^(src\/|mod\.ts$)/).flatMap(breach),
  ];
}

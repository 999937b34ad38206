/** The repository's text files, which every rule reads and no rule writes. */

/** Paths relative to the repository's root, with `/` between folders, and their texts. */
export type SourceTree = ReadonlyMap<string, string>;

/** A place that breaks a rule. */
export interface Violation {
  readonly path: string;
  /** Line number from 1; left out where the path itself is at fault. */
  readonly line?: number;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** A rule of the house: what it finds in a tree. */
export type Rule = (tree: SourceTree) => Violation[];

const SKIPPED_FOLDERS = new Set(["coverage", "node_modules", "out", "target"]);
const HIDDEN_FOLDERS = new Set([".cargo", ".ci", ".github"]);
const TEXT = /\.(ts|js|rs|wgsl|json|jsonc|lock|toml|md|html|css|py|txt|yml|sh)$/;

/** Reads every text file under `root`. */
export function readSourceTree(root: URL): SourceTree {
  const tree = new Map<string, string>();
  const visit = (folder: string): void => {
    const entries = [...Deno.readDirSync(new URL(`./${folder}`, root))];
    for (const entry of entries.sort(byName)) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory && isVisited(entry.name)) {
        visit(`${path}/`);
      } else if (entry.isFile && (TEXT.test(path) || folder === ".ci/")) {
        tree.set(path, Deno.readTextFileSync(new URL(`./${path}`, root)));
      }
    }
  };
  visit("");
  return tree;
}

function isVisited(folder: string): boolean {
  return folder.startsWith(".") ? HIDDEN_FOLDERS.has(folder) : !SKIPPED_FOLDERS.has(folder);
}

function byName(a: Deno.DirEntry, b: Deno.DirEntry): number {
  return a.name < b.name ? -1 : 1;
}

/** The files of a tree whose paths match. */
export function filesOf(
  tree: SourceTree,
  pattern: RegExp,
): [path: string, text: string][] {
  return [...tree].filter(([path]) => pattern.test(path));
}

/** The number, from 1, of the line that holds `text[index]`. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < index;) {
    line++;
    i = text.indexOf("\n", i + 1);
  }
  return line;
}

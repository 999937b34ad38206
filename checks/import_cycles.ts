/** No file imports itself by way of others. */
import { importsUnder } from "./imports.ts";
import type { SourceTree, Violation } from "./source_tree.ts";

/** One violation for each import that closes a cycle. */
export function cycleViolations(tree: SourceTree): Violation[] {
  const targets = new Map<string, string[]>();
  for (const { from, target } of importsUnder(tree, /./)) {
    if (target === undefined) continue;
    targets.set(from, [...targets.get(from) ?? [], target]);
  }
  const done = new Set<string>();
  const trail: string[] = [];
  const violations: Violation[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const cycle = [...trail.slice(start), path].join(" -> ");
      violations.push({ path, message: `import cycle: ${cycle}` });
    }
    if (start >= 0 || done.has(path)) return;
    trail.push(path);
    targets.get(path)?.forEach(visit);
    trail.pop();
    done.add(path);
  };
  [...targets.keys()].forEach(visit);
  return violations;
}

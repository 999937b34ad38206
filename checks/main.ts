/** Checks the repository against the rules of the house; see CONTRIBUTING.md. */
import { externalViolations } from "./externals.ts";
import { lengthViolations } from "./file_length.ts";
import { nameViolations } from "./file_names.ts";
import { generatedViolations } from "./generated.ts";
import { cycleViolations } from "./import_cycles.ts";
import { layerViolations } from "./layers.ts";
import { pathViolations } from "./machine_paths.ts";
import { arithmeticViolations } from "./portable_arithmetic.ts";
import { readSourceTree, type Rule, type Violation } from "./source_tree.ts";

/** Every rule by its name. */
const RULES: Readonly<Record<string, Rule>> = {
  layers: layerViolations,
  "import cycles": cycleViolations,
  externals: externalViolations,
  "file names": nameViolations,
  "file length": lengthViolations,
  "portable arithmetic": arithmeticViolations,
  "machine paths": pathViolations,
  "generated modules": generatedViolations,
};

function describe(rule: string, { path, line, message }: Violation): string {
  const place = line === undefined ? path : `${path}:${line}`;
  return `${place}: ${message} [${rule}]`;
}

const tree = readSourceTree(new URL("../", import.meta.url));
const found = Object.entries(RULES).flatMap(([name, rule]) =>
  rule(tree).map((violation) => describe(name, violation))
);
found.forEach((line) => console.error(line));
console.log(
  `${Object.keys(RULES).length} rules on ${tree.size} files: ` +
    `${found.length} violations`,
);
Deno.exitCode = found.length > 0 ? 1 : 0;

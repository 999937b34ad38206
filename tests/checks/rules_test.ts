/** Each rule is shown a tree that breaks it, and one that comes close. */
import assert from "node:assert/strict";
import { externalViolations } from "../../checks/externals.ts";
import { lengthViolations, MAX_LINES } from "../../checks/file_length.ts";
import { nameViolations } from "../../checks/file_names.ts";
import { generatedHeader, generatedViolations } from "../../checks/generated.ts";
import { cycleViolations } from "../../checks/import_cycles.ts";
import { LAYERS, layerViolations } from "../../checks/layers.ts";
import { pathViolations } from "../../checks/machine_paths.ts";
import { arithmeticViolations } from "../../checks/portable_arithmetic.ts";
import type { Rule, SourceTree } from "../../checks/source_tree.ts";

type Files = Readonly<Record<string, string>>;

function treeOf(files: Files): SourceTree {
  return new Map(Object.entries(files));
}

/** The places that a rule finds, as `path:line` or `path`. */
function places(rule: Rule, files: Files): string[] {
  return rule(treeOf(files)).map(({ path, line }) => line === undefined ? path : `${path}:${line}`);
}

const catches: [name: string, rule: Rule, offender: Files, at: string][] = [
  [
    "layers: an import against the order",
    layerViolations,
    { "src/random/a.ts": '\nimport { b } from "../tensor/b.ts";\n' },
    "src/random/a.ts:2",
  ],
  [
    "layers: a type import against the order",
    layerViolations,
    { "src/flows/a.ts": 'import type { B } from "../adaptive/b.ts";' },
    "src/flows/a.ts:1",
  ],
  [
    "layers: a re-export against the order",
    layerViolations,
    { "src/kernels/a.ts": 'export {\n  b,\n} from "../global/b.ts";' },
    "src/kernels/a.ts:3",
  ],
  [
    "layers: a dynamic import against the order",
    layerViolations,
    { "src/tensor/a.ts": 'const b = await import("../cli/b.ts");' },
    "src/tensor/a.ts:1",
  ],
  [
    "layers: a worker against the order",
    layerViolations,
    {
      "src/device/a.ts": 'new Worker(new URL("../flows/w.ts", import.meta.url), {});',
    },
    "src/device/a.ts:1",
  ],
  [
    "layers: an import from outside of src",
    layerViolations,
    { "src/flows/a.ts": 'import { b } from "../../wasm/b.ts";' },
    "src/flows/a.ts:1",
  ],
  [
    "layers: an import of mod.ts",
    layerViolations,
    { "src/cli/a.ts": 'import { b } from "../../mod.ts";' },
    "src/cli/a.ts:1",
  ],
  [
    "layers: externals that know a layer",
    layerViolations,
    { "src/deps.ts": 'export { b } from "./random/b.ts";' },
    "src/deps.ts:1",
  ],
  [
    "layers: a folder that is no layer",
    layerViolations,
    { "src/extras/a.ts": "" },
    "src/extras/a.ts",
  ],
  [
    "layers: a file beside the layers",
    layerViolations,
    { "src/types.ts": "" },
    "src/types.ts",
  ],
  [
    "import cycles: two files",
    cycleViolations,
    {
      "src/random/a.ts": 'import "./b.ts";',
      "src/random/b.ts": 'import type { A } from "./a.ts";',
    },
    "src/random/a.ts",
  ],
  [
    "import cycles: three files",
    cycleViolations,
    {
      "a.ts": 'import "./b.ts";',
      "b.ts": 'import "./c.ts";',
      "c.ts": 'import "./a.ts";',
    },
    "a.ts",
  ],
  [
    "import cycles: a file that imports itself",
    cycleViolations,
    { "a.ts": 'import "./a.ts";' },
    "a.ts",
  ],
  [
    "externals: a bare specifier",
    externalViolations,
    { "src/deps.ts": 'export { pipe } from "fp-ts/function";' },
    "src/deps.ts:1",
  ],
  [
    "externals: a range of versions",
    externalViolations,
    { "src/deps.ts": 'export { pipe } from "npm:fp-ts@2/function";' },
    "src/deps.ts:1",
  ],
  [
    "externals: an external in a layer",
    externalViolations,
    { "src/io/a.ts": 'import { pipe } from "npm:fp-ts@2.16.11/function";' },
    "src/io/a.ts:1",
  ],
  [
    "externals: a Node module in what browsers run",
    externalViolations,
    { "src/io/a.ts": 'import { readFile } from "node:fs";' },
    "src/io/a.ts:1",
  ],
  [
    "layers: src with what only tests need",
    layerViolations,
    { "src/io/a.ts": 'import { fc } from "../../tests/deps.ts";' },
    "src/io/a.ts:1",
  ],
  [
    "file names: a file of helpers",
    nameViolations,
    { "src/random/key_helpers.ts": "" },
    "src/random/key_helpers.ts",
  ],
  [
    "file names: a folder of utilities",
    nameViolations,
    { "tests/utils/a.ts": "" },
    "tests/utils/a.ts",
  ],
  [
    "file names: camel case",
    nameViolations,
    { "src/random/fooBar.ts": "" },
    "src/random/fooBar.ts",
  ],
  [
    "file length: a line too many",
    lengthViolations,
    { "src/random/a.ts": "a;\n".repeat(MAX_LINES + 1) },
    "src/random/a.ts",
  ],
  [
    "machine paths: a home on Linux",
    pathViolations,
    { "README.md": `\nsee ${["", "home", "ada", "x"].join("/")}` },
    "README.md:2",
  ],
  [
    "machine paths: a home on macOS",
    pathViolations,
    { "a.json": `["${["", "Users", "ada"].join("/")}"]` },
    "a.json:1",
  ],
  [
    "machine paths: a home on Windows",
    pathViolations,
    { "a.md": ["C:", "Users", "ada"].join("\\") },
    "a.md:1",
  ],
  [
    "generated modules: no sources named",
    generatedViolations,
    { "src/flows/a.ts": "// @generated by wasm/build.ts\n" },
    "src/flows/a.ts",
  ],
];

for (const [name, rule, offender, at] of catches) {
  Deno.test(`${name} is caught`, () => {
    assert.deepEqual(places(rule, offender), [at]);
  });
}

const engineDependent = [
  "Math.exp(x)",
  "Math.log(x)",
  "Math.log1p(x)",
  "Math.sin(x)",
  "Math.cos(x)",
  "Math.tan(x)",
  "Math.tanh(x)",
  "Math.atan2(x, y)",
  "Math.cbrt(x)",
  "Math.hypot(x, y)",
  "Math.pow(x, 2)",
  "Math.random()",
  "Math\n  .exp(x)",
  "Math?.exp(x)",
  'Math["exp"](x)',
  "const { exp } = Math",
  "const m = Math",
  "`${Math.exp(x)}`",
  "x ** 2",
  "x **= 2",
  "2 ** x",
  "10 ** 3",
  "crypto.getRandomValues(x)",
];

for (const expression of engineDependent) {
  Deno.test(`portable arithmetic: ${JSON.stringify(expression)} is caught`, () => {
    const tree = { "src/tensor/a.ts": `\n${expression};\n` };
    assert.deepEqual(places(arithmeticViolations, tree), ["src/tensor/a.ts:2"]);
  });
}

Deno.test("arithmetic that is specified to the bit passes", () => {
  const text = `
    // Math.exp in a comment
    const name = "Math.exp";
    Math.sqrt(Math.max(x, Math.PI)) + Math.floor(w / 2 ** 32) - 2 ** -53;
    const wide = -(2n ** 63n);
    /** x ** y */
    export { type MathText } from "./math_text.ts";
  `;
  const tree = { "src/tensor/a.ts": text };
  assert.deepEqual(places(arithmeticViolations, tree), []);
});

Deno.test("arithmetic outside of what ships is free", () => {
  const tree = { "tests/tensor/a_test.ts": "Math.exp(x ** 2);" };
  assert.deepEqual(places(arithmeticViolations, tree), []);
});

Deno.test("every layer may import from itself, from earlier ones and externals", () => {
  const files = LAYERS.flatMap((layer, i) =>
    LAYERS.slice(0, i + 1).map((earlier): [string, string] => [
      `src/${layer}/to_${earlier}.ts`,
      `import { a } from "../${earlier}/a.ts";
       import { pipe } from "../deps.ts";
       import text from "../../shaders/a.wgsl" with { type: "text" };
       const quoted = 'import { b } from "../cli/b.ts"';
       // import { b } from "../cli/b.ts"; is only a comment here
       const root = new URL("../", import.meta.url);`,
    ])
  );
  const tree = {
    ...Object.fromEntries(files),
    "mod.ts": 'export { a } from "./src/cli/a.ts";',
  };
  assert.deepEqual(places(layerViolations, tree), []);
  assert.deepEqual(places(externalViolations, tree), []);
});

Deno.test("files that share an import are no cycle", () => {
  const tree = {
    "a.ts": 'import "./b.ts"; import "./c.ts";',
    "b.ts": 'import "./d.ts";',
    "c.ts": 'import "./d.ts"; import "npm:e@1.0.0";',
    "d.ts": "",
  };
  assert.deepEqual(places(cycleViolations, tree), []);
});

Deno.test("pinned externals and Node modules pass where they belong", () => {
  const tree = {
    "src/deps.ts": 'export { pipe } from "npm:fp-ts@2.16.11/lib/function.js";',
    "tests/deps.ts": 'export { default as a } from "npm:@scope/a@1.2.3";',
    "src/cli/a.ts": 'import { parseArgs } from "node:util";',
    "tests/a_test.ts": 'import assert from "node:assert/strict";',
  };
  assert.deepEqual(places(externalViolations, tree), []);
});

Deno.test("names that hold a forbidden word in another pass", () => {
  const tree = {
    "src/random/common_random_numbers.ts": "",
    "src/random/miscellany.ts": "",
    "README.md": "",
    "tests/golden/eight_schools.json": "",
  };
  assert.deepEqual(places(nameViolations, tree), []);
});

Deno.test("generated files may be long", () => {
  const long = "a;\n".repeat(MAX_LINES);
  const tree = {
    "src/random/a.ts": long,
    "src/flows/b.ts": `// @generated by c\n${long}`,
  };
  assert.deepEqual(places(lengthViolations, tree), []);
});

Deno.test("paths that only look like homes pass", () => {
  const tree = { "a.md": "~/x, https://a.b/home/c, src/root/d" };
  assert.deepEqual(places(pathViolations, tree), []);
});

Deno.test("a generated module is caught when its sources change", () => {
  const provenance = { by: "wasm/build.ts", sources: ["wasm/src/", "a.toml"] };
  const sources: Files = { "wasm/src/lib.rs": "a", "a.toml": "b", "c.md": "d" };
  const path = "src/flows/engine.ts";
  const text = generatedHeader(treeOf(sources), provenance) + "export {};\n";
  const found = (changed: Files): string[] =>
    places(generatedViolations, { ...sources, [path]: text, ...changed });
  assert.deepEqual(found({}), []);
  assert.deepEqual(found({ "c.md": "e" }), []);
  assert.deepEqual(found({ "wasm/src/lib.rs": "x" }), [path]);
  assert.deepEqual(found({ "wasm/src/gemm.rs": "" }), [path]);
  assert.deepEqual(found({ "a.toml": "" }), [path]);
});

/**
 * From `deno run` to a result, with everything cached and no type check: to the first draw of a kernel
 * (asked: at most 300 ms), and to the summary of `sample()` on dual moon.
 *
 * Run: deno run --allow-read --allow-write --allow-run --allow-env --allow-sys bench/cold_start.ts [RUNS]
 */
import { loadText, median, tableText } from "./table.ts";

const ASKED_MILLISECONDS = 300;
const LIBRARY = new URL("../mod.ts", import.meta.url).href;

const DUAL_MOON = `
const moon = (c, width) => logSumExp(c.add([-3, 3]).div(width).square().mul(-0.5));
const dualMoon = density(5, (x) =>
  x.norm().sub(2).div(0.1).square().mul(-0.5).add(moon(x.at(0), 0.8)).add(moon(x.at(1), 0.6)));
`;

/** Scripts that print one thing: what is waited for. */
const SCRIPTS: readonly { readonly name: string; readonly text: string }[] = [
  { name: "nothing but a line", text: `console.log("here");` },
  { name: "the library loaded", text: `import ${JSON.stringify(LIBRARY)};\nconsole.log("here");` },
  {
    name: "first draw of hmc(), 100 chains",
    text: `import { density, hmc, key, logSumExp, normal, startChains, vectorize } from ${
      JSON.stringify(LIBRARY)
    };
${DUAL_MOON}
const kernel = hmc();
const start = await startChains(dualMoon, kernel)(normal(key(1), [100, 5]));
const advance = vectorize(kernel.step(dualMoon, { stepSize: 0.15 }));
const { draws } = await advance.collect(start, key(2));
console.log(draws.position.data.slice(0, 5).join(" "));
`,
  },
  {
    name: "summary of sample(), dual moon",
    text: `import { density, key, logSumExp, sample } from ${JSON.stringify(LIBRARY)};
${DUAL_MOON}
console.log(String((await sample(dualMoon, key(42))).summary()));
`,
  },
];

const decoder = new TextDecoder();

/** Milliseconds from the start of a process to its first words, and to its end. */
async function timed(folder: string, script: string): Promise<{ words: number; end: number }> {
  const begin = performance.now();
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", script],
    cwd: folder,
    stdout: "piped",
  }).spawn();
  let words: number | undefined;
  let text = "";
  for await (const bytes of process.stdout) {
    words ??= performance.now() - begin;
    text += decoder.decode(bytes);
  }
  const { success, code } = await process.status;
  const end = performance.now() - begin;
  if (success && words !== undefined && !text.includes("NaN")) return { words, end };
  throw new Error(`Cannot time ${script}: it ended with ${code} and said ${JSON.stringify(text)}`);
}

const runs = Number(Deno.args[0] ?? 7);
if (!Number.isInteger(runs) || runs < 1) {
  throw new RangeError(`Cannot time ${Deno.args[0]} runs: expected a positive integer`);
}
const folder = await Deno.makeTempDir({ prefix: "cold_start" });
try {
  console.log(`load ${loadText()} at the start`);
  const times = SCRIPTS.map(() => ({ words: [] as number[], end: [] as number[] }));
  for (const [i, { text }] of SCRIPTS.entries()) {
    await Deno.writeTextFile(`${folder}/script_${i}.ts`, text);
    await timed(folder, `script_${i}.ts`); // what it imports is transpiled and cached
  }
  for (let run = 0; run < runs; run++) {
    for (const i of SCRIPTS.keys()) {
      const { words, end } = await timed(folder, `script_${i}.ts`);
      times[i].words.push(words);
      times[i].end.push(end);
    }
  }
  const table = tableText(
    ["wall time of `deno run`, ms", "median to the words", "fastest", "median to the end"],
    SCRIPTS.map(({ name }, i) => [
      name,
      median(times[i].words).toFixed(0),
      Math.min(...times[i].words).toFixed(0),
      median(times[i].end).toFixed(0),
    ]),
    1,
  );
  const firstDraw = median(times[2].words);
  console.log(
    `\n${table}\n\nFirst draw after ${firstDraw.toFixed(0)} ms; asked: ${ASKED_MILLISECONDS} ms. ` +
      `Load ${loadText()} at the end.`,
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}

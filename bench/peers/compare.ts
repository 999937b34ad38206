/**
 * Our kernels beside hand-written JAX, in turns; see README.md.
 *
 * Run: deno run --allow-read --allow-run --allow-env --allow-sys bench/peers/compare.ts PYTHON [ROUNDS]
 */
import { cpus } from "node:os";
import { type JaxMeasurement, startJax } from "./jax.ts";
import { type Measurement, median, PLAN } from "./measurement.ts";
import { tributarySide } from "./tributary.ts";

/** Beyond so many standard errors acceptance rates differ: 20 comparisons, false alarm 1.4e-4. */
const LIMIT = 4.5;

/** A case measured by all sides, round after round. */
interface Row {
  readonly f64: JaxMeasurement[];
  readonly f64OneCore: JaxMeasurement[];
  readonly f32: JaxMeasurement[];
  readonly ours: Measurement[];
}

function distance(a: Measurement, b: Measurement): number {
  return (a.acceptance - b.acceptance) / Math.hypot(a.acceptanceError, b.acceptanceError);
}

function perStep(rounds: readonly Measurement[]): number {
  return median(rounds.map(({ microsecondsPerStep }) => microsecondsPerStep));
}

function perGradient(rounds: readonly Measurement[]): number {
  return median(rounds.map(({ nanosecondsPerGradient }) => nanosecondsPerGradient));
}

/** The median over rounds of how much longer JAX took than ours in that round. */
function ratio(jax: readonly Measurement[], ours: readonly Measurement[]): number {
  return median(jax.map((m, i) => m.microsecondsPerStep / ours[i].microsecondsPerStep));
}

/** How much longer JAX took in its fastest round than ours in its own: other work only adds. */
function fastestRatio(jax: readonly Measurement[], ours: readonly Measurement[]): number {
  const [least, ourLeast] = [jax, ours].map((rounds) =>
    Math.min(...rounds.map(({ microsecondsPerStep }) => microsecondsPerStep))
  );
  return least / ourLeast;
}

function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" | ");
  const rule = widths.map((width, i) => i < 2 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  console.log(["", line(header), rule.join(" | "), ...rows.map(line)].join("\n"));
}

function load(): string {
  return Deno.loadavg().map((average) => average.toFixed(2)).join(" ");
}

const python = Deno.args[0] ?? Deno.env.get("TRIBUTARY_PYTHON");
const rounds = Number(Deno.args[1] ?? 3);
if (python === undefined) {
  throw new Error("Cannot compare with JAX: give a Python interpreter that has it");
}
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new RangeError(`Cannot compare for ${Deno.args[1]} rounds: expected a positive integer`);
}

await using f64 = startJax(python, { precision: "f64", cores: "all" });
await using f64OneCore = startJax(python, { precision: "f64", cores: "one" });
await using f32 = startJax(python, { precision: "f32", cores: "all" });
const ours = tributarySide();

console.log(`${cpus()[0].model}, ${cpus().length} cores; load ${load()} at the start`);
const rows: Row[] = PLAN.cases.map(() => ({ f64: [], f64OneCore: [], f32: [], ours: [] }));
for (let round = 0; round < rounds; round++) {
  for (const [number, row] of rows.entries()) {
    row.f64.push(await f64.measure(number));
    row.f64OneCore.push(await f64OneCore.measure(number));
    row.f32.push(await f32.measure(number));
    row.ours.push(await ours(number));
  }
  console.log(`load ${load()} after round ${round + 1} of ${rounds}`);
}

printTable(
  [
    "target",
    "kernel",
    "JAX f64",
    "cores used",
    "f64, one core",
    "JAX f32",
    "ours",
    "f64 ÷ ours",
    "fastest",
    "one core ÷ ours",
    "fastest",
  ],
  rows.map((row, number) => {
    const { target, kernel } = PLAN.cases[number];
    const [allCores, ...others] = [row.f64, row.f64OneCore, row.f32, row.ours].map((side) =>
      kernel === "mala" ? `${perStep(side).toFixed(3)} µs` : `${perGradient(side).toFixed(1)} ns`
    );
    const used = median(row.f64.map(({ coresUsed }) => coresUsed)).toFixed(1);
    const ratios = [row.f64, row.f64OneCore].flatMap((jax) =>
      [ratio(jax, row.ours), fastestRatio(jax, row.ours)].map((x) => `${x.toFixed(1)}×`)
    );
    return [target, kernel, allCores, used, ...others, ...ratios];
  }),
);
console.log(
  "\nMALA: a step of one chain; HMC: a gradient. Medians over rounds; `fastest`: the ratio of the " +
    "fastest rounds.",
);

const distances = rows.flatMap((row) =>
  [row.f64, row.f32].map(([jax]) => distance(jax, row.ours[0]))
);
printTable(
  ["target", "kernel", "step size", "JAX f64", "JAX f32", "ours", "standard errors apart"],
  rows.map((row, number) => {
    const { target, kernel, stepSize } = PLAN.cases[number];
    const rates = [row.f64, row.f32, row.ours].map(([m]) =>
      `${m.acceptance.toFixed(4)} ± ${m.acceptanceError.toFixed(4)}`
    );
    const apart = distances.slice(2 * number, 2 * number + 2).map((z) => z.toFixed(1));
    return [target, kernel, `${stepSize}`, ...rates, apart.join(", ")];
  }),
);
const same = distances.every((z) => Math.abs(z) < LIMIT);
console.log(
  same ? "\nAcceptance rates agree." : "\nAcceptance rates differ: the sides do not run the same.",
);
Deno.exitCode = same ? 0 : 1;

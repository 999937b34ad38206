/**
 * How cost grows: with chains, dimension, rows of data, and workers. It prints tables and has no
 * benchmarks that `deno bench` could list, which runs it all the same.
 *
 * Run alone: deno run --allow-read --allow-env --allow-sys bench/scaling_bench.ts
 *
 * The points of a curve take turns, so that what else the machine does hits all of them; a figure is
 * the median of the rounds, and ratios are those of the fastest rounds, to which other work has added least.
 */
import { type CompiledSize, compiledSize } from "./compiled_size.ts";
import { loadText, median, tableText } from "./table.ts";
import { density, foldIn, type GradientState, hmc, type Kernel, key, mala } from "../mod.ts";
import { normal, startChains, vectorize } from "../mod.ts";
import { dualMoon, gaussian, logistic, type TestDensity } from "../tests/targets/mod.ts";

const ROUNDS = 15;
/** A run is about so long, and has at least so many steps, so that fixed costs do not show. */
const RUN_MILLISECONDS = 20;
const LEAST_STEPS = 20;
const LEAPFROG_STEPS = 10;
const MALA = mala();
const HMC = hmc({ leapfrogSteps: LEAPFROG_STEPS });
const CORES = Math.min(navigator.hardwareConcurrency, 16);

/** A kernel on so many chains. */
interface Point {
  readonly test: TestDensity;
  readonly kernel: Kernel<GradientState>;
  readonly stepSize: number;
  readonly chains: number;
  readonly workers?: number;
  /** How far from the origin the chains start. */
  readonly spread?: number;
}

/** A point that is compiled and has run. */
interface Prepared {
  /** Steps of a run. */
  readonly steps: number;
  /** Runs so many steps and gives the milliseconds that it took. */
  readonly run: (steps: number) => Promise<number>;
  /** Where all chains are after a run from their start. */
  readonly end: () => Promise<ArrayLike<number>>;
}

const least = (numbers: readonly number[]) => Math.min(...numbers);

/** The least of some runs. */
async function tried({ run }: Pick<Prepared, "run">, steps: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push(await run(steps));
  return least(times);
}

async function prepare(
  { test, kernel, stepSize, chains, workers = 1, spread = 0.5 }: Point,
): Promise<Omit<Prepared, "steps">> {
  const target = density(test.dimension, test.logDensity);
  const advance = vectorize(kernel.step(target, { stepSize }), { workers });
  const start = await startChains(target, kernel, { workers: 1 })(
    normal(key(1), [chains, test.dimension]).mul(spread),
  );
  let state = start;
  let runs = 0;
  const run = async (steps: number): Promise<number> => {
    const begin = performance.now();
    state = await advance(state, foldIn(key(2), runs++), { steps });
    return performance.now() - begin;
  };
  const end = async () => (await advance(start, key(3), { steps: 3 * LEAST_STEPS })).position.data;
  return { run, end };
}

/** Prepares a point in one thread, and finds how many steps a run takes. */
async function calibrated(
  point: Point,
  milliseconds: number = RUN_MILLISECONDS,
  leastSteps: number = LEAST_STEPS,
): Promise<Prepared> {
  const prepared = await prepare(point);
  let steps = 1;
  // Again, since baseline code gives way to optimised code only in later calls.
  for (let turn = 0; turn < 2; turn++) {
    let took = await tried(prepared, steps);
    for (; took < milliseconds / 8; took = await tried(prepared, steps)) steps *= 2;
    steps = Math.max(leastSteps, Math.round(steps * milliseconds / took));
  }
  return { ...prepared, steps };
}

/** The milliseconds of each round, point by point. */
async function rounds(points: readonly Prepared[], count: number = ROUNDS): Promise<number[][]> {
  const times: number[][] = points.map(() => []);
  for (let round = 0; round < count; round++) {
    for (const [i, { run, steps }] of points.entries()) times[i].push(await run(steps));
  }
  return times;
}

const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
const kilobytes = (bytes: number) => (bytes / 1024).toFixed(1);

function print(
  title: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  console.log(`\n${title}\n\n${tableText(header, rows, 1)}`);
}

/** The columns of {@linkcode compiledSize}. */
const SIZE_HEADER = ["code kB", "data kB", "compile ms", "first step ms"];

function sizeCells({ code, data, milliseconds, firstStepMilliseconds }: CompiledSize): string[] {
  const times = [milliseconds, firstStepMilliseconds].map((time) => time.toFixed(1));
  return [kilobytes(code), kilobytes(data), ...times];
}

async function chainsCurve(): Promise<void> {
  const counts = [10, 64, 1000, 10_000, 100_000];
  const kernels = [[MALA, 0.2], [HMC, 0.15]] as const;
  const memory: number[] = [];
  const prepared: Prepared[] = [];
  for (const chains of counts) {
    const before = Deno.memoryUsage().rss;
    for (const [kernel, stepSize] of kernels) {
      prepared.push(await calibrated({ test: dualMoon, kernel, stepSize, chains }));
    }
    memory.push(Deno.memoryUsage().rss - before);
  }
  const times = await rounds(prepared, 7);
  const single: number[] = [];
  for (const point of prepared.filter((_, i) => i % 2 === 0)) single.push(await tried(point, 1));
  const perStep = times.map((all, i) =>
    all.map((time) => time * 1000 / (prepared[i].steps * counts[i >> 1]))
  );
  const fastest = perStep.map(least);
  const rows = counts.map((chains, i) => [
    chains.toLocaleString("en"),
    ...[2 * i, 2 * i + 1].flatMap((at) => [
      median(perStep[at]).toFixed(4),
      (fastest[at] / fastest[4 + at % 2]).toFixed(2),
    ]),
    (single[i] * 1000 / chains).toFixed(3),
    megabytes(memory[i]),
  ]);
  print(
    "Chains: dual moon, d = 5, in one thread; µs for a step of one chain (asked: within 1.5× from 64 up)",
    [
      ...["chains", "MALA", "÷ that of 1,000", "HMC 10", "÷ that of 1,000"],
      ...["MALA, a run of one step", "more MB resident"],
    ],
    rows,
  );
}

async function dimensionCurve(): Promise<void> {
  const dimensions = [2, 5, 10, 30, 64, 100, 300, 1000];
  const chains = 256;
  const sizes: CompiledSize[] = [];
  const prepared: Prepared[] = [];
  for (const dimension of dimensions) {
    const test = gaussian(dimension);
    sizes.push(await compiledSize(test, HMC, 0.5));
    prepared.push(await calibrated({ test, kernel: HMC, stepSize: 0.5, chains }, undefined, 4));
  }
  const times = await rounds(prepared);
  const each = times.map((all, i) =>
    all.map((time) => time * 1e6 / (prepared[i].steps * chains * LEAPFROG_STEPS))
  );
  const base = dimensions.indexOf(100);
  print(
    `Dimension: Gaussian, HMC 10, ${chains} chains in one thread`,
    ["dimension", "ns a gradient", "÷ dimension", "the same ÷ that of 100", ...SIZE_HEADER],
    dimensions.map((dimension, i) => [
      dimension.toLocaleString("en"),
      median(each[i]).toFixed(1),
      (median(each[i]) / dimension).toFixed(2),
      (least(each[i]) / dimension / (least(each[base]) / dimensions[base])).toFixed(2),
      ...sizeCells(sizes[i]),
    ]),
  );
}

async function rowsCurve(): Promise<void> {
  const counts = [30, 100, 1000, 10_000, 100_000];
  const chains = 64;
  const sizes: CompiledSize[] = [];
  const prepared: Prepared[] = [];
  for (const rows of counts) {
    const test = logistic(rows, 5);
    // The posterior is about 2 ÷ √rows wide.
    const scale = 1 / Math.sqrt(rows);
    sizes.push(await compiledSize(test, HMC, scale));
    prepared.push(
      await calibrated(
        { test, kernel: HMC, stepSize: scale, spread: 2 * scale, chains },
        undefined,
        1,
      ),
    );
  }
  const times = await rounds(prepared);
  const each = times.map((all, i) =>
    all.map((time) => time * 1e6 / (prepared[i].steps * chains * LEAPFROG_STEPS))
  );
  const base = counts.indexOf(1000);
  print(
    `Rows of data: logistic regression, d = 5, HMC 10, ${chains} chains in one thread`,
    ["rows", "µs a gradient", "ns ÷ row", "the same ÷ that of 1,000", ...SIZE_HEADER],
    counts.map((rows, i) => [
      rows.toLocaleString("en"),
      (median(each[i]) / 1000).toFixed(2),
      (median(each[i]) / rows).toFixed(2),
      (least(each[i]) / rows / (least(each[base]) / counts[base])).toFixed(2),
      ...sizeCells(sizes[i]),
    ]),
  );
}

async function workersCurve(): Promise<void> {
  const moon = (chains: number, milliseconds: number): readonly [string, Point, number] => [
    `dual moon MALA, ${chains.toLocaleString("en")} chains`,
    { test: dualMoon, kernel: MALA, stepSize: 0.2, chains },
    milliseconds,
  ];
  const regression = { test: logistic(1000, 25), kernel: HMC, stepSize: 0.07, chains: 64 };
  const points = [
    ...[3, 6, 12, 25, 50, 200].map((milliseconds) => moon(1000, milliseconds)),
    ...[64, 10_000, 100_000].map((chains) => moon(chains, 50)),
    moon(100_000, 400),
    ["logistic N=1000, d=25, HMC 10, 64 chains", regression, 50],
  ] as const;
  const rows: string[][] = [];
  for (const [name, point, milliseconds] of points) {
    const alone = await calibrated(point, milliseconds, 1);
    const shared = await prepare({ ...point, workers: CORES });
    const [one, many]: number[][] = [[], []];
    // Longer than what workers are started for.
    const before = Math.ceil(alone.steps * Math.max(1, 100 / milliseconds));
    for (let round = 0; round < ROUNDS; round++) {
      one.push(await alone.run(alone.steps));
      await shared.run(before);
      many.push(await shared.run(alone.steps));
    }
    const [a, b] = [await alone.end(), await shared.end()];
    const same = a.length === b.length && Array.from(a).every((x, i) => x === b[i]);
    rows.push([
      name,
      alone.steps.toLocaleString("en"),
      median(one).toFixed(1),
      median(many).toFixed(1),
      `${median(one.map((time, i) => time / many[i])).toFixed(2)}×`,
      `${(least(one) / least(many)).toFixed(2)}×`,
      same ? "yes" : "NO",
    ]);
  }
  print(
    `Workers: ${CORES}, started before, beside one thread`,
    ["run", "steps", "one thread, ms", "workers, ms", "faster", "fastest rounds", "same bits"],
    rows,
  );
}

console.log(`load ${loadText()} at the start`);
for (const curve of [chainsCurve, dimensionCurve, rowsCurve, workersCurve]) await curve();
console.log(`\nload ${loadText()} at the end`);

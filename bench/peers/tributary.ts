/** Our sides: `vectorize`, in this thread or with workers. */
import process from "node:process";
import {
  density,
  foldIn,
  type GradientState,
  hmc,
  type Kernel,
  key,
  mala,
  normal,
  startChains,
  vectorize,
  type VectorizeOptions,
} from "../../mod.ts";
import {
  dualMoon,
  eightSchools,
  gaussian,
  logistic,
  rosenbrock,
  type TestDensity,
} from "../../tests/targets/mod.ts";
import { median } from "../table.ts";
import { type Case, type Measurement, PLAN, type Side } from "./measurement.ts";

const TARGETS: readonly TestDensity[] = [
  dualMoon,
  rosenbrock,
  logistic(1000, 25),
  gaussian(100),
  eightSchools,
];

const KERNELS: readonly Kernel<GradientState>[] = [
  mala(),
  hmc({ leapfrogSteps: PLAN.leapfrogSteps }),
];

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new RangeError(
    `Cannot measure ${name}: expected one of ${all.map((one) => one.name).join(", ")}`,
  );
}

/** Mean and standard error of acceptances, chains × steps: chains are independent. */
function acceptanceRate(
  acceptances: readonly ArrayLike<number>[],
): Pick<Measurement, "acceptance" | "acceptanceError"> {
  const { chains } = PLAN;
  const means = Array.from({ length: chains }, (_, chain) => {
    let sum = 0;
    let count = 0;
    for (const run of acceptances) {
      const steps = run.length / chains;
      for (let i = 0; i < steps; i++) sum += run[chain * steps + i];
      count += steps;
    }
    return sum / count;
  });
  const acceptance = means.reduce((sum, mean) => sum + mean, 0) / chains;
  const variance = means.reduce((sum, mean) => sum + (mean - acceptance) ** 2, 0) / chains;
  return { acceptance, acceptanceError: Math.sqrt(variance / chains) };
}

/** How a side of ours runs. */
export interface TributaryOptions extends Pick<VectorizeOptions, "workers" | "precision"> {
  /** Whether position, log density and acceptance of every step are kept, as flowMC keeps them. */
  readonly keep?: boolean;
}

/** So many runs in one, unmeasured: enough work that workers start for it, and stay. */
const RUNS_BEFORE = 3;

/** Compiles and settles a case; what is returned measures it. */
async function prepare(
  { target: targetName, kernel: kernelName, stepSize, steps }: Case,
  { keep = false, ...options }: TributaryOptions,
): Promise<() => Promise<Measurement>> {
  const { chains, settlingRuns, acceptanceRuns, repeats } = PLAN;
  const { dimension, logDensity } = named(TARGETS, targetName);
  const kernel = named(KERNELS, kernelName);
  const target = density(dimension, logDensity);
  const record = keep ? ["position", "logDensity", "acceptance"] : ["acceptance"];
  const advance = vectorize(kernel.step(target, { stepSize }), { ...options, record });
  let runs = 0;
  const nextKey = () => foldIn(key(4), runs++);
  const start = normal(nextKey(), [chains, dimension]).mul(0.5);
  let state = await startChains(target, kernel, options)(start);
  for (let i = 0; i < settlingRuns; i++) state = await advance(state, nextKey(), { steps });
  const acceptances: ArrayLike<number>[] = [];
  for (let i = 0; i < acceptanceRuns; i++) {
    const { state: next, draws } = await advance.collect(state, nextKey(), { steps });
    state = next;
    acceptances.push(draws["acceptance"].data);
  }
  const rate = acceptanceRate(acceptances);
  const seconds = async (): Promise<number> => {
    const begin = performance.now();
    const from = state;
    state = keep
      ? (await advance.collect(from, nextKey(), { steps })).state
      : await advance(from, nextKey(), { steps });
    return (performance.now() - begin) / 1000;
  };
  return async () => {
    // What another process left in the caches goes, and workers come.
    state = await advance(state, nextKey(), { steps: RUNS_BEFORE * steps });
    const [begin, before] = [performance.now(), process.cpuUsage()];
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) times.push(await seconds());
    const { user, system } = process.cpuUsage(before);
    const microsecondsPerStep = median(times) * 1e6 / (chains * steps);
    const nanosecondsPerGradient = microsecondsPerStep * 1000 /
      (kernelName === "hmc" ? PLAN.leapfrogSteps : 1);
    const coresUsed = (user + system) / 1000 / (performance.now() - begin);
    return { microsecondsPerStep, nanosecondsPerGradient, coresUsed, ...rate };
  };
}

/**
 * Makes a side of ours.
 *
 * @param options Workers, precision, and what is kept.
 * @returns The side.
 */
export function tributarySide(options: TributaryOptions): Side {
  const ready = new Map<number, () => Promise<Measurement>>();
  return async (number) => {
    const measure = ready.get(number) ?? await prepare(PLAN.cases[number], options);
    ready.set(number, measure);
    return await measure();
  };
}

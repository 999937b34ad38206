/** Our side: `vectorize`, which runs in one thread. */
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
} from "../../mod.ts";
import {
  dualMoon,
  eightSchools,
  gaussian,
  logistic,
  rosenbrock,
  type TestDensity,
} from "../../tests/targets/mod.ts";
import { type Case, type Measurement, median, PLAN, type Side } from "./measurement.ts";

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

/** Compiles and settles a case; what is returned measures it. */
async function prepare(
  { target: targetName, kernel: kernelName, stepSize, steps }: Case,
): Promise<() => Promise<Measurement>> {
  const { chains, settlingRuns, acceptanceRuns, repeats } = PLAN;
  const { dimension, logDensity } = named(TARGETS, targetName);
  const kernel = named(KERNELS, kernelName);
  const target = density(dimension, logDensity);
  const advance = vectorize(kernel.step(target, { stepSize }), { record: ["acceptance"] });
  let runs = 0;
  const nextKey = () => foldIn(key(4), runs++);
  const start = normal(nextKey(), [chains, dimension]).mul(0.5);
  let state = await startChains(target, kernel)(start);
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
    state = await advance(state, nextKey(), { steps });
    return (performance.now() - begin) / 1000;
  };
  return async () => {
    await seconds(); // what another process left in the caches goes
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) times.push(await seconds());
    const microsecondsPerStep = median(times) * 1e6 / (chains * steps);
    const nanosecondsPerGradient = microsecondsPerStep * 1000 /
      (kernelName === "hmc" ? PLAN.leapfrogSteps : 1);
    return { microsecondsPerStep, nanosecondsPerGradient, ...rate };
  };
}

/** Makes our side. */
export function tributarySide(): Side {
  const ready = new Map<number, () => Promise<Measurement>>();
  return async (number) => {
    const measure = ready.get(number) ?? await prepare(PLAN.cases[number]);
    ready.set(number, measure);
    return await measure();
  };
}

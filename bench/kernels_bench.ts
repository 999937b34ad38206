/**
 * Kernels on 1,000 chains, in double and in single precision, in one thread and shared among workers:
 * each iteration runs so many steps of every chain that fixed costs do not show. Divide by chains × steps
 * (and by the gradients of a step) for the cost of one.
 */
import { hmc, type Kernel, key, mala, normal, rwm, startChains, vectorize } from "../mod.ts";
import { density, type GradientState } from "../mod.ts";
import {
  dualMoon,
  eightSchools,
  gaussian,
  logistic,
  rosenbrock,
  type TestDensity,
} from "../tests/targets/mod.ts";

const CHAINS = 1000;
const CORES = Math.min(navigator.hardwareConcurrency, 16);
/** Before workers are timed, so many times the steps: enough that they start, and optimised code is there. */
const BEFORE = 4;

/** The steps are those of `hmc()`: some 15 ms in single precision in one thread. */
const CASES: readonly (readonly [TestDensity, stepSize: number, steps: number])[] = [
  [dualMoon, 0.1, 200],
  [rosenbrock, 0.05, 200],
  [eightSchools, 0.2, 120],
  [gaussian(100), 0.3, 30],
  [logistic(1000, 25), 0.03, 1],
];

/** And with how many times as many steps the others take as long. */
const KERNELS: readonly (readonly [Kernel<GradientState>, times: number])[] = [
  [rwm() as unknown as Kernel<GradientState>, 3],
  [mala(), 2],
  [hmc({ leapfrogSteps: 10 }), 1],
];

const VARIANTS = [1, CORES].slice(0, CORES === 1 ? 1 : 2).flatMap((workers) =>
  (["f64", "f32"] as const).map((precision) => ({ precision, workers }))
);

for (const [{ name, dimension, logDensity }, stepSize, stepsOfHmc] of CASES) {
  const target = density(dimension, logDensity);
  for (const [kernel, times] of KERNELS) {
    const steps = times * stepsOfHmc;
    for (const how of VARIANTS) {
      const { precision, workers } = how;
      const advance = vectorize(kernel.step(target, { stepSize }), how);
      const start = await startChains(target, kernel, how)(
        normal(key(1), [CHAINS, dimension]).mul(0.5),
      );
      // Baseline code gives way to optimised code only in later calls.
      let state = await advance(start, key(2), { steps: 2 * steps });
      const where = workers === 1 ? "one thread" : `${workers} workers`;
      Deno.bench(`${kernel.name} ${precision}, ${where}: ${CHAINS} chains × ${steps} steps`, {
        group: name,
        n: 10,
        warmup: 2,
      }, async (b) => {
        if (workers > 1) state = await advance(state, key(3), { steps: BEFORE * steps });
        b.start();
        state = await advance(state, key(4), { steps });
        b.end();
      });
    }
  }
}

/**
 * Kernels on 1,000 chains in one thread: each iteration runs so many steps of every chain that fixed
 * costs do not show. Divide by chains × steps (and by the gradients of a step) for the cost of one. Each
 * runs in double and in single precision.
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

const CASES: readonly (readonly [TestDensity, stepSize: number, steps: number])[] = [
  [dualMoon, 0.1, 100],
  [rosenbrock, 0.05, 100],
  [eightSchools, 0.2, 100],
  [gaussian(100), 0.3, 10],
  [logistic(1000, 25), 0.03, 1],
];

for (const [{ name, dimension, logDensity }, stepSize, steps] of CASES) {
  const target = density(dimension, logDensity);
  const kernels = [rwm(), mala(), hmc({ leapfrogSteps: 10 })] as unknown as Kernel<GradientState>[];
  for (const kernel of kernels) {
    for (const precision of ["f64", "f32"] as const) {
      const advance = vectorize(kernel.step(target, { stepSize }), { precision });
      const begin = startChains(target, kernel, { precision });
      const start = await begin(normal(key(1), [CHAINS, dimension]).mul(0.5));
      // Baseline code gives way to optimised code only in later calls.
      let state = await advance(start, key(2), { steps: 2 * steps });
      Deno.bench(`${kernel.name} ${precision}: ${CHAINS} chains × ${steps} steps`, {
        group: name,
        n: 20,
      }, async () => {
        state = await advance(state, key(3), { steps });
      });
    }
  }
}

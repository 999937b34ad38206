/**
 * Logistic regression in single precision, by WebAssembly and on a GPU, has the posterior means and standard
 * deviations that it has in double precision.
 *
 * Of each coordinate the means over each chain of x and of (x − m)², m fixed, are compared: chains are
 * independent, so that their spread gives the Monte Carlo error. Of 40 scores |z| is below 5.6, where the
 * bound of the normal tail holds for Student's distribution with 500 degrees of freedom, too.
 */
import assert from "node:assert/strict";
import {
  density,
  hmc,
  key,
  mala,
  normal,
  type Precision,
  startChains,
  vectorize,
} from "../../mod.ts";
import { ON_GPU } from "../device/webgpu_adapter.ts";
import { logistic } from "../targets/mod.ts";
import { levelOf } from "./levels.ts";
import { tailProbability } from "./normal_scores.ts";

const LEVEL = levelOf(import.meta.url, 40);
/** The score of that level. */
const LARGEST = Math.sqrt(-2 * Math.log(LEVEL));
const CHAINS = 256;
const { dimension, logDensity } = logistic(200, 5);
const target = density(dimension, logDensity);

/** Of each chain the mean of f(x) over its draws, for each coordinate. */
interface ChainMeans {
  readonly first: readonly Float64Array[];
  readonly second: readonly Float64Array[];
}

async function chainMeans(
  kernel: typeof KERNELS[number],
  place: { readonly precision: Precision } | { readonly device: "webgpu" },
  seed: number,
  centre: readonly number[],
): Promise<ChainMeans> {
  const { make, stepSize, steps } = kernel;
  const step = vectorize(make.step(target, { stepSize }), place);
  const start = startChains(target, make, place);
  const begun = await start(normal(key(1), [CHAINS, dimension]).mul(0.2));
  const warm = await step(begun, key(100 + seed), { steps: steps / 5 });
  const { draws } = await step.collect(warm, key(200 + seed), { steps });
  const { data } = draws["position"];
  const mean = (f: (x: number, j: number) => number, j: number): Float64Array =>
    Float64Array.from({ length: CHAINS }, (_, chain) => {
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += f(data[(chain * steps + i) * dimension + j], j);
      return sum / steps;
    });
  const coordinates = centre.map((_, j) => j);
  return {
    first: coordinates.map((j) => mean((x) => x, j)),
    second: coordinates.map((j) => mean((x) => (x - centre[j]) ** 2, j)),
  };
}

const KERNELS = [
  { make: mala(), stepSize: 0.18, steps: 2000 },
  { make: hmc({ leapfrogSteps: 4, jitter: 0.3 }), stepSize: 0.07, steps: 600 },
] as const;

function moments(x: Float64Array): { readonly mean: number; readonly variance: number } {
  const mean = x.reduce((sum, each) => sum + each, 0) / x.length;
  const variance = x.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (x.length - 1);
  return { mean, variance };
}

/** The difference of two means in standard errors, and that error. */
function score(a: Float64Array, b: Float64Array): { readonly z: number; readonly error: number } {
  const [first, second] = [moments(a), moments(b)];
  const error = Math.sqrt((first.variance + second.variance) / CHAINS);
  return { z: (first.mean - second.mean) / error, error };
}

/** Where steps are taken, beside the seeds that they have. */
const PLACES = [
  { name: "f32", place: { precision: "f32" }, seed: 1, needs: {} },
  { name: "a GPU's", place: { device: "webgpu" }, seed: 5, needs: ON_GPU },
] as const;

KERNELS.forEach((kernel, i) => {
  for (const { name, place, seed, needs } of PLACES) {
    Deno.test(
      `${name} ${kernel.make.name} has the f64 posterior of a logistic regression`,
      needs,
      async () => {
        const origin = new Array<number>(dimension).fill(0);
        const pilot = await chainMeans(kernel, { precision: "f64" }, 2 * i, origin);
        const centre = pilot.first.map((x) => moments(x).mean);
        const double = await chainMeans(kernel, { precision: "f64" }, 2 * i, centre);
        const single = await chainMeans(kernel, place, 2 * i + seed, centre);
        for (let j = 0; j < dimension; j++) {
          const sd = Math.sqrt(moments(double.second[j]).mean);
          const mean = score(single.first[j], double.first[j]);
          const spread = score(single.second[j], double.second[j]);
          assert.ok(tailProbability(mean.z) > LEVEL, `mean ${j}: ${mean.z}`);
          assert.ok(tailProbability(spread.z) > LEVEL, `sd ${j}: ${spread.z}`);
          // The test would see a mean that is 3 % of an sd off, or an sd that is 3 % off.
          assert.ok(LARGEST * mean.error < 0.03 * sd, `error of mean ${j}: ${mean.error / sd} sd`);
          assert.ok(
            LARGEST * spread.error < 0.06 * sd * sd,
            `error of sd ${j}: ${spread.error / sd / sd}`,
          );
        }
      },
    );
  }
});

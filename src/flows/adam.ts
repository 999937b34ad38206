/**
 * Adam for flows whose slopes are computed outside of the engine; its formulas are those of the engine's.
 *
 * @module
 */
import type { UpdateOptions } from "./batch.ts";
import type { Weights } from "./engine.ts";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** xⁿ by squaring: the same on every machine. */
function power(x: number, n: number): number {
  let [result, square] = [1, x];
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/**
 * One update of weights by Adam with decoupled weight decay, after slopes whose global norm is above
 * `clip` have been shortened to it. It is computed in double precision and kept in single.
 *
 * Source: Kingma & Ba, "Adam", ICLR 2015, algorithm 1; Loshchilov & Hutter, "Decoupled weight decay
 * regularization", ICLR 2019, algorithm 2.
 *
 * @param before The weights with the optimiser's memory of them.
 * @param slopes Of the loss in each weight.
 * @param options The step, the largest norm (1 by default) and the decay (0 by default).
 * @returns The weights after; those before where the norm of the slopes is not finite.
 */
export function adam(
  before: Weights,
  slopes: Float64Array,
  { learningRate, clip = 1, weightDecay = 0 }: UpdateOptions,
): Weights {
  const norm = Math.sqrt(slopes.reduce((sum, slope) => sum + slope * slope, 0));
  if (!Number.isFinite(norm)) return before;
  const scale = norm > clip ? clip / norm : 1;
  const updates = before.updates + 1;
  const rate = learningRate / (1 - power(BETA1, updates));
  const share = 1 / (1 - power(BETA2, updates));
  const shrink = 1 - learningRate * weightDecay;
  const firstMoment = before.firstMoment.map((mean, i) =>
    BETA1 * mean + (1 - BETA1) * (scale * slopes[i])
  );
  const secondMoment = before.secondMoment.map((mean, i) => {
    const slope = scale * slopes[i];
    return BETA2 * mean + (1 - BETA2) * (slope * slope);
  });
  const weights = before.weights.map((weight, i) =>
    weight * shrink - rate * firstMoment[i] / (Math.sqrt(secondMoment[i] * share) + EPSILON)
  );
  return { weights, firstMoment, secondMoment, updates };
}

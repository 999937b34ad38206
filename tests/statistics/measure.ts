/** What statistical tests compute from draws. */
import { type Draws, monteCarloStandardError } from "../../src/diagnostics/mod.ts";

/** The draws of f of each point x, for draws chains × draws × d. */
export function drawsOf({ data, shape }: Draws, f: (x: Float64Array) => number): Draws {
  const [chains, draws] = shape;
  const d = data.length / (chains * draws);
  return {
    data: Float64Array.from(
      { length: chains * draws },
      (_, i) => f(data.subarray(i * d, (i + 1) * d)),
    ),
    shape: [chains, draws],
  };
}

/** Mean of scalar draws. */
export function meanOf({ data }: Draws): number {
  return data.reduce((sum, x) => sum + x, 0) / data.length;
}

/** How many Monte Carlo standard errors the mean of scalar draws is from the truth. */
export function zScore(draws: Draws, truth: number): number {
  return (meanOf(draws) - truth) / (monteCarloStandardError(draws) as number);
}

import assert from "node:assert/strict";
import type { Draws } from "../../src/diagnostics/draws.ts";
import {
  type Estimand,
  monteCarloStandardError,
} from "../../src/diagnostics/monte_carlo_standard_error.ts";
import { quantile } from "../../src/diagnostics/quantile.ts";
import { assertClose, drawsCases, drawsOf, quantiles } from "./golden.ts";
import { autoregressive, mapDraws, replications } from "./series.ts";

function errorOf(draws: Draws, of: Estimand): number {
  return monteCarloStandardError(draws, { of }) as number;
}

const ESTIMANDS: readonly Estimand[] = ["mean", "sd", { quantile: 0.1 }, { quantile: 0.5 }];

Deno.test("monteCarloStandardError() of the mean agrees with ArviZ", () => {
  for (const one of drawsCases) {
    assertClose(errorOf(one.draws, "mean"), one.errorOfMean, 1e-10, one.name);
    assert.deepEqual(monteCarloStandardError(one.draws), errorOf(one.draws, "mean"));
  }
});

Deno.test("monteCarloStandardError() of the standard deviation agrees with ArviZ", () => {
  for (const one of drawsCases) {
    // ArviZ subtracts the squares of nearly equal numbers where ours are exact.
    if (one.errorOfSd === 0) assert.ok(errorOf(one.draws, "sd") < 1e-12, one.name);
    else assertClose(errorOf(one.draws, "sd"), one.errorOfSd, 1e-10, one.name);
  }
});

Deno.test("monteCarloStandardError() of quantiles agrees with ArviZ", () => {
  for (const one of drawsCases) {
    quantiles.forEach((probability, i) => {
      const error = errorOf(one.draws, { quantile: probability });
      assertClose(error, one.errorOfQuantiles[i], 1e-12, `${one.name}, ${probability}`);
    });
  }
});

Deno.test("monteCarloStandardError() is in the units of the draws", () => {
  for (const { name, draws } of drawsCases) {
    for (const of of ESTIMANDS) {
      const scaled = errorOf(mapDraws(draws, (x) => 1024 * x), of);
      assertClose(scaled, 1024 * errorOf(draws, of), 1e-12, name);
    }
  }
  // Fourth powers of these would be no numbers.
  const tiny = 2 ** -400;
  const draws = drawsOf("independent");
  const error = errorOf(mapDraws(draws, (x) => tiny * x), "sd");
  assertClose(error, tiny * errorOf(draws, "sd"), 1e-12);
});

Deno.test("monteCarloStandardError() is the standard deviation over many runs", () => {
  // z = (estimate − truth) / error over 200 autoregressive series should have a mean square of 1. The
  // errors are estimates too: over 1500 other series the mean square was at most 1.09, which makes it
  // 1.09 ± 0.12 here, and above 1.7 or below 0.5 about once in 4e5 runs (χ² of that mean and width).
  const truth = [0, 1, -1.2815515655446004, 0];
  const estimate = ({ data }: Draws, of: Estimand): number => {
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    if (of === "mean") return mean;
    if (of === "sd") {
      return Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (data.length - 1));
    }
    return quantile(data.toSorted(), of.quantile);
  };
  ESTIMANDS.forEach((of, i) => {
    const squares = replications(21, 200).map((key) => {
      const draws = autoregressive(key, [4, 250], 0.5);
      return ((estimate(draws, of) - truth[i]) / errorOf(draws, of)) ** 2;
    });
    const mean = squares.reduce((sum, x) => sum + x, 0) / squares.length;
    assert.ok(mean > 0.5 && mean < 1.7, `${JSON.stringify(of)}: ${mean}`);
  });
});

Deno.test("an error that takes draws for independent is caught by the same test", () => {
  // The mean square is (1 + 0.5) / (1 − 0.5) = 3 then, with a standard deviation of 0.3.
  const squares = replications(21, 200).map((key) => {
    const { data } = autoregressive(key, [4, 250], 0.5);
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    return mean ** 2 * data.length;
  });
  assert.ok(squares.reduce((sum, x) => sum + x, 0) / squares.length > 1.7);
});

Deno.test("monteCarloStandardError() gives a number for each scalar of a parameter", () => {
  const { data } = drawsOf("independent");
  const pairs = Float64Array.from(
    { length: 2 * data.length },
    (_, i) => data[i >> 1] * (i % 2 + 1),
  );
  for (const of of ESTIMANDS) {
    const all = monteCarloStandardError({ data: pairs, shape: [4, 50, 2] }, { of });
    assert.ok(all instanceof Float64Array && all.length === 2);
    assertClose(all[1], 2 * all[0], 1e-12);
  }
});

Deno.test("monteCarloStandardError() refuses what it cannot estimate", () => {
  const draws = drawsOf("independent");
  const attempt = (of: unknown) => () => monteCarloStandardError(draws, { of: of as Estimand });
  for (const probability of [0, 1, -0.1, NaN]) {
    assert.throws(attempt({ quantile: probability }), {
      name: "RangeError",
      message:
        "Cannot compute the Monte Carlo standard error: the probability of the quantile must " +
        `lie between 0 and 1, got ${probability}`,
    });
  }
  for (const wrong of ["variance", { probability: 0.5 }, 0.5, { quantile: "0.5" }]) {
    assert.throws(attempt(wrong), { name: "TypeError", message: /must be "mean", "sd" or/ });
  }
  const mistaken = { quantile: 0.5 } as object;
  assert.throws(() => monteCarloStandardError(draws, mistaken), {
    name: "TypeError",
    message: /with the unknown option `quantile`: the only option is `of`/,
  });
  const short = { data: Float64Array.of(1, 2, 3), shape: [1, 3] };
  for (const of of ESTIMANDS) assert.equal(errorOf(short, of), NaN);
});

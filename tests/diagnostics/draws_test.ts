import assert from "node:assert/strict";
import { convergence } from "../../src/diagnostics/convergence.ts";
import type { Draws } from "../../src/diagnostics/draws.ts";
import {
  effectiveSampleSize,
  effectiveSampleSizeTail,
} from "../../src/diagnostics/effective_sample_size.ts";
import { monteCarloStandardError } from "../../src/diagnostics/monte_carlo_standard_error.ts";
import { rHat } from "../../src/diagnostics/r_hat.ts";
import { summarise } from "../../src/diagnostics/summary.ts";

const functions: [action: string, of: (draws: Draws) => unknown][] = [
  ["compute R-hat", rHat],
  ["compute the effective sample size", effectiveSampleSize],
  ["compute the tail effective sample size", effectiveSampleSizeTail],
  ["compute the Monte Carlo standard error", monteCarloStandardError],
  ["judge convergence", convergence],
  ["summarise `mu`", (mu) => summarise({ mu })],
];

const wrong: [shape: number[], data: number[], name: string, reason: string][] = [
  [[4], [1, 2, 3, 4], "TypeError", "`draws` must have the shape [chains, draws, ...], got [4]"],
  [[], [1], "TypeError", "`draws` must have the shape [chains, draws, ...], got []"],
  [[2, 4], [1, 2], "TypeError", "the shape [2, 4] asks for 8 values, `draws.data` holds 2"],
  [[1, 1.5], [1], "TypeError", "the shape [1, 1.5] holds a number that is no length"],
  [[-1, -1], [1], "TypeError", "the shape [-1, -1] holds a number that is no length"],
  [[0, 4], [], "RangeError", "there are no draws, the shape is [0, 4]"],
  [[2, 0, 3], [], "RangeError", "there are no draws, the shape is [2, 0, 3]"],
  [[2, 2], [1, 2, 3, NaN], "RangeError", "`draws` holds NaN in chain 1, draw 1"],
  [
    [2, 2, 2],
    [1, 2, 3, 4, 5, 6, 7, NaN],
    "RangeError",
    "`draws` holds NaN in chain 1, draw 1, element 1",
  ],
];

for (const [action, of] of functions) {
  Deno.test(`draws that are wrong are refused: cannot ${action}`, () => {
    for (const [shape, data, name, reason] of wrong) {
      const message = `Cannot ${action}: ${reason}`;
      assert.throws(() => of({ data: Float64Array.from(data), shape }), { name, message });
    }
  });
}

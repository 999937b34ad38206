import assert from "node:assert/strict";
import { convergence } from "../../src/diagnostics/convergence.ts";
import {
  effectiveSampleSize,
  effectiveSampleSizeTail,
} from "../../src/diagnostics/effective_sample_size.ts";
import { rHat } from "../../src/diagnostics/r_hat.ts";
import { drawsCases } from "./golden.ts";
import { independent, replications } from "./series.ts";

Deno.test("convergence() gives what its numbers are by themselves", () => {
  const short = { data: Float64Array.of(1, 2, 3), shape: [1, 3] };
  for (const draws of [short, ...drawsCases.map((one) => one.draws)]) {
    assert.deepEqual(convergence(draws), [{
      rHat: rHat(draws),
      // Of fewer than 16 chains.
      nestedRHat: NaN,
      effectiveSampleSize: effectiveSampleSize(draws),
      effectiveSampleSizeTail: effectiveSampleSizeTail(draws),
    }]);
  }
});

Deno.test("convergence() keeps the scalars of a parameter apart", () => {
  // An odd number of draws and more scalars than are copied out together.
  const draws = independent(replications(31, 1)[0], [3, 21, 19]);
  const all = convergence(draws);
  assert.equal(all.length, 19);
  all.forEach((one, scalar) => {
    const data = draws.data.filter((_, i) => i % 19 === scalar);
    assert.deepEqual(one, convergence({ data, shape: [3, 21] })[0]);
  });
  assert.deepEqual(convergence({ data: new Float64Array(), shape: [3, 21, 0] }), []);
});

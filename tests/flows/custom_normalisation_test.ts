/** A user's flow is a density: it integrates to 1, and that of mutants does not. */
import assert from "node:assert/strict";
import { wasmDevice } from "../../src/device/wasm.ts";
import { studentT } from "../../src/global/student_t.ts";
import { key } from "../../src/tensor/random.ts";
import { customKinds, customState } from "./custom_kinds.ts";

const ROWS = 40_000;
/** Passed by chance with probability 7e-6, for a mean of many weights. */
const LARGEST_SCORE = 4.5;

/** Mean and standard error of e^(ln q − ln wide). */
function integral(
  logDensity: Float64Array,
  wide: ArrayLike<number>,
): { readonly mean: number; readonly error: number } {
  const weights = logDensity.map((each, i) => Math.exp(each - wide[i]));
  const n = weights.length;
  const mean = weights.reduce((sum, each) => sum + each) / n;
  const variance = weights.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1);
  return { mean, error: Math.sqrt(variance / n) };
}

for (const [k, flow] of customKinds().entries()) {
  for (const dimension of [1, 2, 5]) {
    Deno.test(`${flow.name} integrates to 1, mutants do not, d=${dimension}`, async () => {
      // Small enough for tails that are not above those of the wide density.
      const state = customState(flow, dimension, 0.1);
      const { position, logDensity } = await studentT(state, wasmDevice)
        .sample(key(10 * dimension + k), ROWS);
      const points = position.data as Float64Array;
      const wide = logDensity.data;
      const density = await flow.logDensity(state, points);
      const { mean, error } = integral(density, wide);
      assert.ok(error < 0.02, `the standard error is ${error}: the test sees nothing`);
      assert.ok(Math.abs(mean - 1) < LARGEST_SCORE * error, `${mean} ± ${error}`);

      const { logDeterminant } = await flow.forward(state, points);
      const whitening = state.cholesky.reduce(
        (sum, l, i) => i % (dimension + 1) === 0 ? sum - Math.log(l) : sum,
        0,
      );
      const mutants = {
        "no determinant of the whitening": density.map((q) => q - whitening),
        "no determinant of the flow": density.map((q, i) => q - logDeterminant[i] + whitening),
        "a wrong sign": density.map((q, i) => q - 2 * logDeterminant[i] + 2 * whitening),
      };
      for (const [name, mutant] of Object.entries(mutants)) {
        const wrong = integral(mutant, wide);
        assert.ok(!(Math.abs(wrong.mean - 1) < LARGEST_SCORE * wrong.error), name);
      }
    });
  }
}

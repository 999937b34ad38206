import assert from "node:assert/strict";
import { effectiveSampleFraction } from "../../src/diagnostics/effective_sample_fraction.ts";
import { paretoShape } from "../../src/diagnostics/pareto_shape.ts";
import { importanceEvidence } from "../../src/evidence/importance.ts";
import { assertClose, weightsCases } from "./golden.ts";

Deno.test("effectiveSampleFraction() agrees with NumPy", () => {
  for (const { name, logWeights, effectiveSampleFraction: expected } of weightsCases) {
    assertClose(effectiveSampleFraction(logWeights), expected, 1e-12, name);
  }
});

Deno.test("effectiveSampleFraction() is the share of equal weights among zeros, at any scale", () => {
  for (const scale of [0, -1e5, 1e5]) {
    for (const some of [1, 3, 10]) {
      const logWeights = Array.from({ length: 10 }, (_, i) => i < some ? scale : -Infinity);
      assertClose(effectiveSampleFraction(logWeights), some / 10, 1e-15);
    }
  }
});

const functions: [action: string, of: (logWeights: number[]) => unknown][] = [
  ["compute the effective sample fraction", effectiveSampleFraction],
  ["fit the Pareto shape", paretoShape],
  ["estimate the evidence", importanceEvidence],
];

for (const [action, of] of functions) {
  Deno.test(`log weights that are wrong are refused: cannot ${action}`, () => {
    const refuses = (logWeights: number[], reason: string) =>
      assert.throws(() => of(logWeights), {
        name: "RangeError",
        message: `Cannot ${action}: ${reason}`,
      });
    refuses([], "there are no weights; draw from the proposal first");
    for (const wrong of [NaN, Infinity]) {
      refuses(
        [0, -Infinity, wrong],
        `log weight 2 is ${wrong}; it must be a number or -Infinity, ` +
          "so check both log densities at that draw",
      );
    }
    refuses(
      [-Infinity, -Infinity],
      "all 2 weights are zero; the proposal must draw where the target's density is positive",
    );
  });
}

import assert from "node:assert/strict";
import { compileStep } from "../../src/compile/ensemble.ts";
import { hmc } from "../../src/kernels/hmc.ts";
import type { GradientState } from "../../src/kernels/kernel.ts";
import type { Precision } from "../../src/tensor/precision.ts";
import { density } from "../../src/target/density.ts";
import { key } from "../../src/tensor/random.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { exampleOf, traceTree } from "../../src/tensor/trace.ts";
import { dualMoon, logistic, type TestDensity } from "../targets/mod.ts";

/** The module of one HMC step on a target. */
function moduleBytes(
  { dimension, logDensity }: TestDensity,
  precision: Precision = "f64",
): number {
  const target = density(dimension, logDensity);
  const kernel = hmc();
  const vector = exampleOf({ dtype: "f64", shape: [dimension] });
  const state: GradientState = {
    position: vector,
    gradient: vector,
    logDensity: tensor(0),
    acceptance: tensor(0),
  };
  const shared = { stepSize: tensor(0.1), inverseMass: vector };
  const { program } = traceTree(
    (state: GradientState, parameters: typeof shared, key) =>
      kernel.step(target, parameters)(state, key),
    state,
    shared,
    key(0),
  );
  return compileStep(program, 4, [0], precision).bytes.length;
}

Deno.test("HMC on the dual moon is a module of less than 96 KB", () => {
  const bytes = moduleBytes(dualMoon);
  assert.ok(bytes < 96 * 1024, `${bytes} bytes`);
});

Deno.test("data enlarge a module by their own bytes alone, once", () => {
  const columns = 3;
  for (const [precision, bytes] of [["f64", 8], ["f32", 4]] as const) {
    // Multiples of the 64 rows that f32 sums take at a time.
    const [few, many] = [128, 12_800].map((rows) =>
      moduleBytes(logistic(rows, columns), precision)
    );
    const data = bytes * (12_800 - 128) * (columns + 1);
    // Addresses and lengths of segments take a few bytes more.
    assert.ok(Math.abs(many - few - data) < 200, `${many - few} bytes for ${data} of data`);
  }
});

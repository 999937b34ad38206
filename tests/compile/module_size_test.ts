import assert from "node:assert/strict";
import { compileStep } from "../../src/compile/ensemble.ts";
import { hmc } from "../../src/kernels/hmc.ts";
import type { GradientState } from "../../src/kernels/kernel.ts";
import type { Precision } from "../../src/tensor/functions/precision.ts";
import { density } from "../../src/target/density.ts";
import { key } from "../../src/tensor/random.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { lgamma, logNormalCdf } from "../../src/tensor/special_functions.ts";
import { exampleOf, traceTree } from "../../src/tensor/trace.ts";
import {
  dualMoon,
  eightSchools,
  gaussian,
  logistic,
  rosenbrock,
  type TestDensity,
} from "../targets/mod.ts";

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

for (const target of [dualMoon, rosenbrock, eightSchools]) {
  Deno.test(`HMC on ${target.name} is a module of less than 64 KB`, () => {
    const bytes = moduleBytes(target);
    assert.ok(bytes < 64 * 1024, `${bytes} bytes`);
  });
}

Deno.test("a dimension of thousands is no more code than one of a hundred", () => {
  const [few, many] = [100, 5000].map((dimension) => moduleBytes(gaussian(dimension)));
  // Data: three f64 numbers that come from each variance, and a word for each pair of normal numbers.
  assert.ok(many - few < 4900 * (3 * 8 + 2) + 2000, `${few} and ${many} bytes`);
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

Deno.test("special functions of forty data are hardly more code than those of eighty", () => {
  // Arrays of few elements are written out, but not what takes hundreds of instructions for each.
  const [few, many] = [40, 80].map((rows) =>
    moduleBytes({
      name: "counts",
      dimension: 2,
      logDensity: (x) => {
        const shape = tensor(Float64Array.from({ length: rows }, (_, i) => 1 + i % 7)).add(
          x.at(0).exp(),
        );
        return lgamma(shape).sum().sub(logNormalCdf(shape.mul(x.at(1))).sum());
      },
    })
  );
  assert.ok(few < 1.6 * many, `${few} and ${many} bytes`);
});

import assert from "node:assert/strict";
import { density, key, sample, type SampleOptions, startChains, vectorize } from "../../mod.ts";
import { connection } from "../../src/device/webgpu_connection.ts";
import { hmc } from "../../src/kernels/hmc.ts";
import { normal } from "../../src/tensor/random.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };
import { ON_GPU } from "../device/webgpu_adapter.ts";
import { drawsOf, zScore } from "../statistics/measure.ts";

/** Short runs: enough of every phase. */
const SHORT: SampleOptions = {
  device: "webgpu",
  chains: 24,
  schedule: { settleWindows: [5, 5], warmupWindows: [5, 5], trainCycles: 1 },
  stop: { maxDraws: 48 },
};

Deno.test(
  "sample() on a GPU: every mode of dual moon, its moments, log Z and R-hat are right",
  ON_GPU,
  async () => {
    const run = await sample(dualMoon, key(0), { device: "webgpu" });
    assert.deepEqual(run.warnings, []);
    assert.equal(run.state.ended, "converged");
    // Positions and densities are those of single precision.
    const { position, logDensity } = run.state.chains;
    for (const x of [...position.data, ...logDensity.data]) assert.equal(x, Math.fround(x));
    // Each |z| < 5 has a false-alarm rate of 6e-7: 5 moments, 4 weights and log Z, 6e-6 in all.
    const moments = golden.meanSquare.map((truth, i) =>
      zScore(drawsOf(run.draws.x, (x) => x[i] * x[i]), truth)
    );
    const weights = golden.modes.map(({ signs: [a, b], weight }) =>
      zScore(drawsOf(run.draws.x, (x) => Number(a * x[0] > 0 && b * x[1] > 0)), weight)
    );
    const evidence = run.logEvidence;
    assert.ok(evidence !== undefined && evidence.standardError <= 0.02);
    const z = (evidence.estimate - golden.logEvidence) / evidence.standardError;
    for (const score of [...moments, ...weights, z]) assert.ok(Math.abs(score) < 5, `z = ${score}`);
  },
);

Deno.test(
  "sample() on a GPU gives the same bits for the same key, and goes on from where it stopped",
  ON_GPU,
  async () => {
    const whole = await sample(dualMoon, key(7), { ...SHORT, stop: { maxDraws: 96 } });
    const again = await sample(dualMoon, key(7), { ...SHORT, stop: { maxDraws: 96 } });
    assert.deepEqual(again.draws, whole.draws);
    const { state } = await sample(dualMoon, key(7), SHORT);
    const resumed = await sample(dualMoon, key(7), {
      ...SHORT,
      stop: { maxDraws: 96 },
      resume: state,
    });
    assert.deepEqual(resumed.draws, whole.draws);
    assert.deepEqual(resumed.logEvidence, whole.logEvidence);
  },
);

Deno.test("a run in double precision is gone on with on a GPU", ON_GPU, async () => {
  const { state } = await sample(dualMoon, key(7), { ...SHORT, device: "wasm" });
  const resumed = await sample(dualMoon, key(7), {
    ...SHORT,
    stop: { maxDraws: 96 },
    resume: state,
  });
  assert.ok(resumed.logDensity.data.length >= 96);
});

Deno.test("sample() refuses double precision on a GPU", async () => {
  await assert.rejects(sample(dualMoon, key(1), { device: "webgpu", precision: "f64" }), {
    name: "RangeError",
    message: /Cannot run in the precision "f64" on the device "webgpu"/,
  });
});

Deno.test("vectorize() and startChains() run on a GPU", ON_GPU, async () => {
  const kernel = hmc({ leapfrogSteps: 3 });
  const position = normal(key(1), [70, dualMoon.dimension]);
  const [gpu, wasm] = await Promise.all(
    (["webgpu", "wasm"] as const).map(async (device) => {
      const options = { device, precision: "f32" } as const;
      const start = await startChains(dualMoon, kernel, options)(position);
      const advance = vectorize(kernel.step(dualMoon, { stepSize: 0.1 }), options);
      return await advance.collect(start, key(2), { steps: 2, thin: 1 });
    }),
  );
  const [actual, expected] = [gpu.draws["position"], wasm.draws["position"]];
  assert.deepEqual(actual.shape, [70, 2, dualMoon.dimension]);
  const far = actual.data.filter((x, i) => Math.abs(x - expected.data[i]) > 1e-3);
  // An acceptance turns with a chance below 10⁻³ a chain: not of three of 70.
  assert.ok(far.length < 3 * 2 * dualMoon.dimension, `${far.length} coordinates differ`);
});

Deno.test(
  "a run whose GPU is lost after some draws keeps them, and ends by WebAssembly",
  ON_GPU,
  async () => {
    const options = { ...SHORT, stop: { maxDraws: 96, effectiveSampleSize: 1e9 } };
    const whole = await sample(dualMoon, key(7), options);
    const cycles: string[] = [];
    const losing = connection();
    const { device } = await losing;
    let kept = 0;
    const run = await sample(dualMoon, key(7), {
      ...options,
      onProgress: ({ phase, cycle, draws }) => {
        cycles.push(`${phase} ${cycle}`);
        if (phase !== "production" || kept > 0) return;
        kept = draws / 24;
        device.destroy();
      },
    });
    assert.ok(kept > 0 && kept < 96);
    assert.equal(new Set(cycles).size, cycles.length);
    assert.deepEqual(run.device.fallbacks.map(({ from, to, kind }) => [from, to, kind]), [
      ["webgpu", "wasm", "lost"],
    ]);
    assert.equal(run.warnings.filter((text) => /the GPU device was lost/.test(text)).length, 1);
    // The draws before the loss are those of a run without one; after it floats have 64 bits.
    const [mine, other] = [run, whole].map(
      ({ draws: { x: { data, shape } } }) => (from: number, to: number) =>
        Array.from(
          { length: shape[0] },
          (_, chain) => data.slice(5 * (chain * shape[1] + from), 5 * (chain * shape[1] + to)),
        ),
    );
    assert.deepEqual(mine(0, kept), other(0, kept));
    assert.ok(mine(kept, 96).flatMap((row) => [...row]).some((x) => x !== Math.fround(x)));
    // The rounding is that of the draws in single precision alone.
    assert.equal(run.device.rounding?.draws, 24 * kept);
    assert.equal(whole.device.rounding?.draws, whole.logDensity.data.length);
    const again = await sample(dualMoon, key(7), SHORT);
    assert.deepEqual(again.device.fallbacks, []);
  },
);

Deno.test(
  "a log density of −1e7 leaves the GPU before any draw, and log Z is right",
  ON_GPU,
  async () => {
    const high = density(2, (x) => x.square().sum().mul(-0.5).sub(1e7));
    const run = await sample(high, key(1), { device: "webgpu" });
    assert.deepEqual([run.device.name, run.device.precision], ["wasm", "f64"]);
    assert.deepEqual(run.device.fallbacks.map(({ from, kind }) => [from, kind]), [
      ["webgpu", "precision"],
    ]);
    assert.equal(run.device.rounding, undefined);
    assert.equal(run.warnings.length, 1);
    assert.match(run.warnings[0], /log densities of about -1\.0e\+7 are off by 0\.\d+ in single/);
    assert.equal(run.state.ended, "converged");
    // |z| < 5 has a false-alarm rate of 6e-7.
    const { estimate, standardError } = run.logEvidence ?? { estimate: NaN, standardError: NaN };
    const z = (estimate + 1e7 - Math.log(2 * Math.PI)) / standardError;
    assert.ok(Math.abs(z) < 5 && standardError < 0.01, `z = ${z}`);
  },
);

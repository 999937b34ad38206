import assert from "node:assert/strict";
import {
  density,
  differentialEvolution,
  hmc,
  key,
  mala,
  mixture,
  repeat,
  repeatLoop,
  rwm,
  sample,
  stack,
} from "../../mod.ts";
import type { Progress, SampleOptions, Tensor } from "../../mod.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import { eightSchools } from "../../examples/eight_schools.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };
import { drawsOf, meanOf, zScore } from "../statistics/measure.ts";

/** Short runs: enough of every phase. */
const SHORT: SampleOptions = {
  chains: 24,
  schedule: { warmupWindows: [20, 20], trainCycles: 2 },
  stop: { maxDraws: 48 },
};

const plane = density(2, (x) => x.square().sum().mul(-0.5));

Deno.test("sample() on dual moon: every mode, moments, log Z and R-hat are right", async () => {
  const run = await sample(dualMoon, key(0));
  assert.deepEqual(run.warnings, []);
  assert.equal(run.state.ended, "converged");
  assert.ok(run.convergence.bulk >= 2500);
  assert.ok(run.acceptance.global >= 0.5);
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
});

Deno.test("sample() gives the same bits for the same key and others for another", async () => {
  const [a, b, c] = [
    await sample(dualMoon, key(7), SHORT),
    await sample(dualMoon, key(7), SHORT),
    await sample(dualMoon, key(8), SHORT),
  ];
  assert.deepEqual(a.draws, b.draws);
  assert.deepEqual(a.logDensity, b.logDensity);
  assert.deepEqual(a.flow?.state, b.flow?.state);
  assert.deepEqual(a.logEvidence, b.logEvidence);
  const equal = a.draws.x.data.filter((x, i) => x === c.draws.x.data[i]);
  assert.equal(equal.length, 0);
});

Deno.test("sample() gives the same bits interpreted and compiled", async () => {
  const tiny: SampleOptions = {
    chains: 4,
    schedule: { warmupWindows: [6, 6], trainCycles: 1, trainLocalSteps: 4, localSteps: 5 },
    stop: { maxDraws: 10 },
  };
  const compiled = await sample(dualMoon, key(3), { ...tiny, device: "wasm" });
  const interpreted = await sample(dualMoon, key(3), { ...tiny, device: "interpreter" });
  assert.deepEqual(compiled.draws, interpreted.draws);
  assert.deepEqual(compiled.logDensity, interpreted.logDensity);
});

Deno.test("sample() gives the same bits with one worker and with several", async () => {
  // Slow enough a density that runs are shared out.
  const slow = density(
    3,
    (x) => repeatLoop(300, (y: Tensor) => y.mul(1.01).sin(), x).sub(x).square().sum().neg(),
  );
  const [alone, shared] = [
    await sample(slow, key(5), { ...SHORT, flow: "none", workers: 1 }),
    await sample(slow, key(5), { ...SHORT, flow: "none", workers: 3 }),
  ];
  assert.deepEqual(shared.draws, alone.draws);
  assert.deepEqual(shared.logDensity, alone.logDensity);
});

Deno.test("sample() in single precision: draws are floats of 32 bits, moments and log Z are right", async () => {
  const run = await sample(dualMoon, key(2), { precision: "f32" });
  assert.deepEqual(run.warnings, []);
  assert.ok(run.draws.x.data.every((x) => x === Math.fround(x)));
  // Six scores; each |z| < 5 has a false-alarm rate of 6e-7.
  const moments = golden.meanSquare.map((truth, i) =>
    zScore(drawsOf(run.draws.x, (x) => x[i] * x[i]), truth)
  );
  const evidence = run.logEvidence;
  assert.ok(evidence !== undefined);
  const z = (evidence.estimate - golden.logEvidence) / evidence.standardError;
  for (const score of [...moments, z]) assert.ok(Math.abs(score) < 5, `z = ${score}`);
});

Deno.test("sample() does not depend on what else runs at the time", async () => {
  const alone = await sample(dualMoon, key(5), SHORT);
  const [a, , b] = await Promise.all([
    sample(dualMoon, key(5), SHORT),
    sample(plane, key(6), SHORT),
    sample(dualMoon, key(5), SHORT),
  ]);
  assert.deepEqual(a.draws, alone.draws);
  assert.deepEqual(b.draws, alone.draws);
});

Deno.test("draws of a posterior have the parameters' names, shapes and ranges", async () => {
  const run = await sample(eightSchools, key(1), SHORT);
  assert.deepEqual(Object.keys(run.draws), ["mu", "tau", "effect", "theta"]);
  const [chains, draws] = run.draws.mu.shape;
  assert.equal(chains, 24);
  assert.deepEqual(run.draws.theta.shape, [chains, draws, 8]);
  assert.deepEqual(run.logDensity.shape, [chains, draws]);
  assert.ok(run.draws.tau.data.every((tau) => tau > 0));
  const { mu, tau, effect, theta } = run.draws;
  theta.data.forEach((value, i) => {
    const row = Math.floor(i / 8);
    assert.equal(value, mu.data[row] + tau.data[row] * effect.data[i]);
  });
  const rows = run.summary().rows.map(({ name }) => name);
  assert.deepEqual(rows.slice(0, 3), ["mu", "tau", "effect[0]"]);
  assert.equal(rows.length, 18);
});

Deno.test("the log density of every draw is that of the target at its position", async () => {
  const run = await sample(dualMoon, key(2), SHORT);
  for (let i = 0; i < run.logDensity.data.length; i += 7) {
    const x = run.draws.x.data.slice(5 * i, 5 * i + 5);
    assert.equal(run.logDensity.data[i], dualMoon.logDensity(x));
  }
});

Deno.test("a run that has not converged says so, and gives its draws", async () => {
  const apart = density(1, (x) => {
    const from = stack([x.at(0).sub(30), x.at(0).add(30)]).square().mul(-0.5);
    return from.max();
  });
  const initial = Array.from({ length: 8 }, (_, i) => [i % 2 === 0 ? 30 : -30]);
  const run = await sample(apart, key(1), { initial, flow: "none", stop: { maxDraws: 200 } });
  assert.match(run.warnings[0], /^The chains have not converged: the largest R-hat is \d+\.\d+/);
  assert.equal(run.draws.x.shape[1], 200);
  assert.equal(run.logEvidence, undefined);
  assert.ok(Number.isNaN(run.acceptance.global));
});

Deno.test("a run ends at its budget with a warning that names the effective sample size", async () => {
  const run = await sample(plane, key(1), {
    flow: "none",
    stop: { maxDraws: 40, effectiveSampleSize: 1e6, rHat: 1.5 },
  });
  assert.equal(run.state.ended, "budget");
  assert.ok(run.warnings.some((text) => /budget|R-hat|effective sample size/.test(text)));
  assert.equal(run.draws.x.shape[1], 40);
});

Deno.test("stop.maxSeconds ends a run with the draws that there are", async () => {
  const run = await sample(dualMoon, key(1), { stop: { maxSeconds: 0.05 } });
  assert.ok(run.draws.x.shape[1] > 0);
  assert.ok(run.warnings.length > 0);
});

Deno.test("a flow of an earlier run is used without more training", async () => {
  const first = await sample(dualMoon, key(1));
  assert.ok(first.flow !== undefined);
  const phases = new Set<string>();
  const again = await sample(dualMoon, key(2), {
    flow: first.flow,
    onProgress: ({ phase }) => phases.add(phase),
  });
  assert.deepEqual([...phases], ["warmup", "production", "done"]);
  assert.deepEqual(again.flow?.state, first.flow.state);
  assert.ok(again.acceptance.global >= 0.5);
});

Deno.test("a trained flow draws points and gives their log density", async () => {
  const { flow } = await sample(dualMoon, key(1), SHORT);
  assert.ok(flow !== undefined);
  const drawn = await flow.sample(key(9), 50);
  assert.deepEqual(drawn.position.shape, [50, 5]);
  const again = await flow.logDensity(drawn.position);
  drawn.logDensity.data.forEach((value, i) => assert.ok(Math.abs(value - again.data[i]) < 1e-9));
});

Deno.test("progress runs through the phases and counts up", async () => {
  const seen: Progress[] = [];
  await sample(dualMoon, key(1), { ...SHORT, onProgress: (progress) => seen.push(progress) });
  const phases = seen.map(({ phase }) => phase);
  assert.deepEqual(
    phases.filter((phase, i) => phase !== phases[i - 1]),
    ["warmup", "train", "production", "done"],
  );
  const warmup = seen.filter(({ phase }) => phase === "warmup");
  assert.ok(warmup.length >= 4);
  warmup.forEach(({ cycle }, i) => assert.equal(cycle, i + 1));
  assert.equal(warmup.at(-1)?.cycles, warmup.length);
  seen.forEach(({ seconds, draws, acceptance }, i) => {
    assert.ok(i === 0 || seconds >= seen[i - 1].seconds);
    assert.ok(i === 0 || draws >= seen[i - 1].draws);
    // There is none while chains settle.
    const settles = Number.isNaN(acceptance.local) && seen[i].phase === "warmup";
    assert.ok(settles || acceptance.local > 0 && acceptance.local <= 1);
  });
  const settling = seen.filter(({ acceptance }) => Number.isNaN(acceptance.local)).length;
  assert.ok(settling >= 2 && settling <= warmup.length - 2);
  assert.ok(seen.slice(0, settling).every(({ acceptance }) => Number.isNaN(acceptance.local)));
  const last = seen.at(-1);
  assert.ok(last?.convergence !== undefined && last.drawsPerSecond > 0);
});

Deno.test("an abort ends a run with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  let cycles = 0;
  await assert.rejects(
    sample(dualMoon, key(1), {
      signal: controller.signal,
      onProgress: () => {
        if (++cycles === 3) controller.abort(reason);
      },
    }),
    reason,
  );
  assert.equal(cycles, 3);
  await assert.rejects(sample(dualMoon, key(1), { signal: AbortSignal.abort(reason) }), reason);
});

Deno.test("an abort stops a long run between slices, not only between cycles", async () => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("late")), 100);
  const started = performance.now();
  const run = sample(dualMoon, key(1), {
    chains: 1000,
    flow: "none",
    schedule: { warmupWindows: [4], localSteps: 1_000_000, thin: 1000 },
    signal: controller.signal,
  });
  await assert.rejects(run, /late/);
  // The whole cycle would take a minute.
  assert.ok(performance.now() - started < 2000);
  clearTimeout(timer);
});

for (const local of [rwm(), differentialEvolution(), mala(), hmc({ leapfrogSteps: 3 })]) {
  Deno.test(`sample() with ${local.name} alone finds the moments of a Gaussian`, async () => {
    const target = density(2, (x) => {
      const [a, b] = [x.at(0).sub(1), x.at(1).add(2).div(3)];
      return a.square().add(b.square()).mul(-0.5);
    });
    const run = await sample(target, key(0), {
      local: local as never,
      flow: "none",
      stop: { effectiveSampleSize: 4000 },
    });
    assert.deepEqual(run.warnings, []);
    // Four scores at |z| < 5: a false-alarm rate of 2.3e-6.
    [[1, 1], [-2, 9]].forEach(([mean, variance], i) => {
      const first = drawsOf(run.draws.x, (x) => x[i]);
      const second = drawsOf(run.draws.x, (x) => (x[i] - mean) ** 2);
      assert.ok(Math.abs(zScore(first, mean)) < 5, `mean ${meanOf(first)}`);
      assert.ok(Math.abs(zScore(second, variance)) < 5, `variance ${meanOf(second)}`);
    });
    // Dual averaging reaches what it aims at. HMC's acceptance drops to 0 within a few percent of the
    // step size where it becomes unstable, and the averaged step size stays on the safe side of that.
    const excess = run.acceptance.local - local.targetAcceptance;
    assert.ok(excess > -0.1 && (local.name === "hmc" || excess < 0.1), `${excess} off`);
  });
}

Deno.test("a custom local kernel, composed from others, is adapted like a built-in one", async () => {
  const [long, short] = [hmc({ leapfrogSteps: 6 }), mala()];
  const run = await sample(dualMoon, key(0), {
    local: {
      ...long,
      name: "long and short",
      step: (target, parameters) =>
        mixture([
          [2, long.step(target, parameters)],
          [1, repeat(short.step(target, parameters), 3)],
        ]),
    },
  });
  assert.deepEqual(run.warnings, []);
  const square = drawsOf(run.draws.x, (x) => x[1] * x[1]);
  // One score at |z| < 5: a false-alarm rate of 6e-7.
  assert.ok(Math.abs(zScore(square, golden.meanSquare[1])) < 5);
});

Deno.test("one chain and one coordinate are enough", async () => {
  const line = density(1, (x) => x.square().sum().mul(-0.5));
  const run = await sample(line, key(0), { chains: 1, stop: { effectiveSampleSize: 400 } });
  assert.deepEqual(run.draws.x.shape.slice(0, 1), [1]);
  // False-alarm rate 6e-7.
  assert.ok(Math.abs(zScore(drawsOf(run.draws.x, (x) => x[0]), 0)) < 5);
});

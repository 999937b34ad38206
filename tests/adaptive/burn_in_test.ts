import assert from "node:assert/strict";
import { density, key, normal, planFor, runAdaptive, splineFlow, type Tensor } from "../../mod.ts";
import { burnInSteps } from "../../src/adaptive/burn_in.ts";

Deno.test("six independent positions are left out before the first draw, fifty steps at most", () => {
  assert.deepEqual([1, 0.5, 0.3, 0.01, 0].map(burnInSteps), [6, 12, 20, 50, 50]);
});

Deno.test("the last cycle before production ends with steps that are left out", async () => {
  const bell = density(1, (x) => x.square().sum().mul(-0.5));
  for (const flow of ["none", splineFlow({ layers: 2 })] as const) {
    const plan = planFor(bell, {
      flow,
      schedule: { warmupWindows: [4], trainCycles: 1, trainLocalSteps: 7, localSteps: 5, thin: 1 },
      stop: { maxDraws: 15 },
    });
    const plain = { ...plan, mixing: () => ({ localSteps: 5, thin: 1, globalSteps: 0 }) };
    const steps: number[] = [];
    let before = 0;
    const start = await runAdaptive.start(plain)(normal(key(1), [20, 1]));
    for await (const state of runAdaptive.cycles(plain)(start, key(2))) {
      const { trajectories } = state.chains as unknown as { trajectories: Tensor };
      steps.push(trajectories.data[0] - before);
      before = trajectories.data[0];
    }
    const production = steps.splice(-3);
    assert.deepEqual(production, [5, 5, 5]);
    const last = steps.at(-1) ?? 0;
    const own = flow === "none" ? 4 : 7;
    assert.ok(last >= own + 6 && last <= own + 50, `${steps}`);
  }
});

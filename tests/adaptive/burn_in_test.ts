import assert from "node:assert/strict";
import { density, key, normal, planFor, runAdaptive, type Tensor } from "../../mod.ts";
import { burnInSteps } from "../../src/adaptive/burn_in.ts";

const progress = { loss: [], validation: [], stale: 0, acceptance: [] };

Deno.test("ten independent positions are left out before the first draw, a hundred steps at most", () => {
  const steps = (localEfficiency: number | undefined): number =>
    burnInSteps({ draws: [], progress: { ...progress, localEfficiency } });
  assert.deepEqual([1, 0.5, 0.3, 0.01, 0, undefined].map(steps), [10, 20, 34, 100, 100, 100]);
  const block = { position: normal(key(0), [2, 3, 1]), logDensity: normal(key(0), [2, 3]) };
  assert.equal(burnInSteps({ draws: [block], progress }), 0);
});

Deno.test("only the first cycle with draws begins with steps that are left out", async () => {
  const bell = density(1, (x) => x.square().sum().mul(-0.5));
  const plan = planFor(bell, {
    flow: "none",
    schedule: { warmupWindows: [4], localSteps: 5, thin: 1 },
    stop: { maxDraws: 15 },
  });
  const steps: number[] = [];
  let before = 0;
  const start = await runAdaptive.start(plan)(normal(key(1), [20, 1]));
  for await (const state of runAdaptive.cycles(plan)(start, key(2))) {
    const { trajectories } = state.chains as unknown as { trajectories: Tensor };
    if (state.draws.length > 0) steps.push(trajectories.data[0] - before);
    before = trajectories.data[0];
  }
  const [first, ...others] = steps;
  assert.ok(first >= 15 && first <= 105, `${steps}`);
  assert.deepEqual(others, [5, 5]);
});

/** A run gives its flow the workers of its device, and the result is the same to the bit. */
import assert from "node:assert/strict";
import { key, sample, splineFlow } from "../../mod.ts";
import { planFor } from "../../src/adaptive/default_plan.ts";
import { runtimeOf } from "../../src/adaptive/runtime.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import { withRecordedWorkers } from "../device/recorded_workers.ts";

const SHORT = {
  chains: 100,
  schedule: { warmupWindows: [20, 20], trainCycles: 3 },
  stop: { maxDraws: 400 },
};

Deno.test("a flow that learns and jumps over workers gives the bits of one thread", async () => {
  const alone = await sample(dualMoon, key(5), { ...SHORT, workers: 1 });
  await withRecordedWorkers(async ({ started }) => {
    const shared = await sample(dualMoon, key(5), { ...SHORT, workers: 3 });
    assert.ok(started.length > 0);
    assert.deepEqual(shared.draws, alone.draws);
    assert.deepEqual(shared.flow?.state, alone.flow?.state);
  });
});

Deno.test("only the run's own flow knows of workers and the signal: the plan keeps it as given", () => {
  const flow = splineFlow();
  const plan = planFor(dualMoon, { flow, workers: 2 });
  const runtime = runtimeOf(plan);
  assert.equal(plan.flow, flow);
  assert.notEqual(runtime.plan.flow, flow);
  assert.equal(plan.device.workers, 2);
});

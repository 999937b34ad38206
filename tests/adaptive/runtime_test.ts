/** A run gives its flow the workers of its device, and the result is the same to the bit. */
import assert from "node:assert/strict";
import {
  alternateHalves,
  type ChainState,
  differentialEvolution,
  key,
  normal,
  sample,
  splineFlow,
} from "../../mod.ts";
import { planFor } from "../../src/adaptive/default_plan.ts";
import { runtimeOf } from "../../src/adaptive/runtime.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import { assertSameBits } from "../tensor/bits.ts";
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

Deno.test("a run moves chains by their partners with the bits of alternateHalves()", async () => {
  const local = differentialEvolution();
  const plan = planFor(dualMoon, { local, flow: "none" });
  const runtime = runtimeOf(plan);
  const start = await runtime.start(normal(key(0), [11, 5]));
  const adaptation = plan.adaptation.start(5, { acceptance: 0.2, firstStepSize: 0.6 });
  const how = { thin: 2, firstStep: 3 };
  const actual = await runtime.local(start, adaptation, true, key(1), 6, how);
  const parameters = plan.adaptation.parameters(adaptation, true);
  const byHand = alternateHalves<ChainState>((partners) =>
    local.step(dualMoon, { ...parameters, partners })
  );
  const expected = await byHand.collect(start, key(1), { steps: 6, ...how });
  assertSameBits(actual.state.position, expected.state.position, "state");
  assertSameBits(actual.draws["position"], expected.draws["position"], "draws");
});

Deno.test("a run by differential evolution has the bits of one thread, and those after a stop", async () => {
  const options = { local: differentialEvolution(), flow: "none" } as const;
  const stop = (maxDraws: number) => ({ stop: { maxDraws, effectiveSampleSize: 1e9 } });
  const alone = await sample(dualMoon, key(5), { ...options, ...stop(60), workers: 1 });
  const shared = await sample(dualMoon, key(5), { ...options, ...stop(60), workers: 2 });
  assert.deepEqual(shared.draws, alone.draws);
  const part = await sample(dualMoon, key(5), { ...options, ...stop(20) });
  const rest = await sample(dualMoon, key(5), { ...options, ...stop(60), resume: part.state });
  assert.deepEqual(rest.draws, alone.draws);
});

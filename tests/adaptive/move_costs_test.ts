import assert from "node:assert/strict";
import {
  density,
  hmc,
  key,
  mala,
  normal,
  parallelTempering,
  splineFlow,
  startChains,
  vectorize,
} from "../../mod.ts";
import { jitteredHmc } from "../../src/kernels/jittered_hmc.ts";
import { localCost } from "../../src/adaptive/move_costs.ts";

const bell = density(3, (x) => x.square().sum().mul(-0.5));
const heavy = density(3, (x) => x.exp().sub(x).sum().neg().add(x.cos().sum()));
const flow = splineFlow().init(3, [0, 1]);
const none = {
  logDensity: normal(key(0), [4]),
  position: normal(key(0), [4, 3]),
  acceptance: normal(key(0), [4]),
};
const given = { before: none, after: none, steps: 10 };

Deno.test("a local step costs its gradients, a global one a pass through the flow", () => {
  const one = localCost(bell, { kernel: mala() as never, ...given }, flow);
  const ten = localCost(bell, { kernel: hmc({ leapfrogSteps: 10 }) as never, ...given }, flow);
  assert.ok(one > 0 && one < 0.01);
  assert.ok(Math.abs(ten / one - 10) < 1e-9);
  assert.ok(localCost(heavy, { kernel: mala() as never, ...given }, flow) > one);
  const wider = splineFlow({ hidden: [64, 64] }).init(3, [0, 1]);
  assert.ok(localCost(bell, { kernel: mala() as never, ...given }, wider) < one);
});

Deno.test("gradients that a kernel counts are counted", async () => {
  const kernel = jitteredHmc({ jitter: 0 });
  const before = await startChains(bell, kernel)(normal(key(1), [8, 3]));
  const step = kernel.step(bell, { stepSize: 0.25, trajectoryLength: 1.9 });
  const after = await vectorize(step)(before, key(2), { steps: 5 });
  const cost = localCost(bell, { kernel, before, after, steps: 5 }, flow);
  const one = localCost(bell, { kernel: mala() as never, ...given }, flow);
  assert.ok(Math.abs(cost / one - 8) < 1e-9, `${cost / one}`);
});

Deno.test("what a ladder of replicas costs is not known", () => {
  const kernel = parallelTempering() as never;
  assert.equal(localCost(bell, { kernel, ...given }, flow), Infinity);
});

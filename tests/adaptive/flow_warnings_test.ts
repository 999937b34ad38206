import assert from "node:assert/strict";
import { customFlow, density, key, sample, splineFlow, tensor, withWebGpu } from "../../mod.ts";
import { flowWarnings } from "../../src/adaptive/flow_warnings.ts";
import { customKinds, customState, sinhArcsinh } from "../flows/custom_kinds.ts";
import { onAdapter, withDevice } from "../flows/webgpu_device.ts";

/** Bent so much that its whitening is not enough: the flow has to learn. */
const bent = density(2, (x) => {
  const away = x.at(1).sub(x.at(0).square());
  return x.at(0).square().mul(-0.5).sub(away.square().mul(2));
});
const SHORT = {
  chains: 24,
  schedule: { warmupWindows: [20, 20], trainCycles: 3 },
  stop: { maxDraws: 48 },
};
const OFF =
  /^The flow sinh-arcsinh is not what it claims to be, so that draws by its jumps cannot be/;

/** Its log-determinant has the wrong sign. */
const wrong = customFlow({
  ...sinhArcsinh,
  forward: (parameters, x) => {
    const { value, logDeterminant } = sinhArcsinh.forward(parameters, x);
    return { value, logDeterminant: tensor(logDeterminant).neg() };
  },
});

Deno.test("a run warns of a user's flow with a wrong log-determinant, not of a right one", async () => {
  const [bad, good] = await Promise.all(
    [wrong, customFlow(sinhArcsinh)].map((flow) => sample(bent, key(1), { ...SHORT, flow })),
  );
  assert.equal(bad.warnings.filter((warning) => OFF.test(warning)).length, 1);
  assert.match(
    bad.warnings[0],
    /: the log-determinant is not that of the map: .* checkFlow\(\) tries t/,
  );
  assert.ok(!good.warnings.some((warning) => OFF.test(warning)));
});

Deno.test("no flow that is right is warned of", async () => {
  for (const flow of customKinds()) {
    for (const dimension of [1, 2, 5]) {
      assert.deepEqual(await flowWarnings(flow, customState(flow, dimension)), []);
    }
  }
  assert.deepEqual(await flowWarnings(undefined, undefined), []);
  assert.deepEqual(await flowWarnings(wrong, undefined), []);
});

Deno.test("flows that run on a GPU are not blamed for having 32 bits", onAdapter, async () => {
  await withDevice(async (device) => {
    const flow = withWebGpu(splineFlow({ layers: 2 }), device);
    const { warnings } = await sample(bent, key(1), { ...SHORT, flow });
    assert.ok(!warnings.some((warning) => warning.includes("not what it claims")), `${warnings}`);
    flow.destroy();
  });
});

Deno.test("only flows that users write are tried, and not those of very many coordinates", async () => {
  const refuse = (): never => assert.fail("it was tried");
  const spline = splineFlow();
  const state = spline.init(2, [1, 2]);
  assert.deepEqual(await flowWarnings({ ...spline, sample: refuse }, state), []);
  // Those of withWebGpu() have a check as well.
  assert.deepEqual(await flowWarnings({ ...spline, check: () => {}, sample: refuse }, state), []);
  const wide = customFlow(sinhArcsinh);
  assert.deepEqual(await flowWarnings({ ...wide, sample: refuse }, wide.init(101, [1, 2])), []);
  await assert.rejects(
    flowWarnings({ ...wide, sample: refuse }, wide.init(100, [1, 2])),
    /was tried/,
  );
});

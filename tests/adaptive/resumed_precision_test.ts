import assert from "node:assert/strict";
import {
  density,
  key,
  planFor,
  type RunState,
  sample,
  type SampleOptions,
  stateFromBytes,
  stateToBytes,
  type TrajectoryState,
} from "../../mod.ts";
import { inPrecisionOf } from "../../src/adaptive/device_changes.ts";

const SHORT: SampleOptions<TrajectoryState> = {
  chains: 16,
  schedule: { settleWindows: [6], warmupWindows: [6, 6], trainCycles: 2, trainLocalSteps: 10 },
  stop: { maxDraws: 40, effectiveSampleSize: 1e9 },
  workers: 1,
};
/** A normal distribution whose log densities are rounded by up to 1 in 32 bits: acceptances tell of it. */
const BELL = density(5, (x) => x.square().sum().mul(-0.5).sub(2e7));
const PLAN = planFor(BELL, SHORT);
const KEY = key(5);

type State = RunState<TrajectoryState>;

Deno.test("a run in single precision goes on in double precision, where nothing is left of the rounding", async () => {
  const single = await sample(BELL, KEY, { ...SHORT, precision: "f32" });
  const held = await stateFromBytes(stateToBytes(single.state)) as State;
  const state = await inPrecisionOf(PLAN, held);
  const { position, logDensity } = state.chains;
  logDensity.data.forEach((each, chain) =>
    assert.equal(each, BELL.logDensity(Float64Array.from(position.at(chain).data)))
  );
  const options = { ...SHORT, stop: { maxDraws: 80, effectiveSampleSize: 1e9 } };
  const whole = await sample(BELL, KEY, { ...options, resume: held });
  assert.equal(whole.device.precision, "f64");
  assert.deepEqual(whole.draws, (await sample(BELL, KEY, { ...options, resume: state })).draws);
});

Deno.test("what goes on in the precision that it had is not computed again", async () => {
  for (const precision of ["f32", "f64"] as const) {
    const options = { ...SHORT, precision };
    const { state } = await sample(BELL, KEY, options);
    assert.equal(await inPrecisionOf(planFor(BELL, options), state), state);
  }
});

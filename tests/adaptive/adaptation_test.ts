import assert from "node:assert/strict";
import {
  cheesAdaptation,
  density,
  ensembleAdaptation,
  jitteredHmc,
  key,
  normal,
  planFor,
  runAdaptive,
  startLength,
  type TrajectoryState,
  updateLength,
} from "../../mod.ts";
import { fromArray, type Tensor } from "../../src/tensor/tensor.ts";

const goal = { acceptance: 0.8, firstStepSize: 0.5 };
const number = (value: unknown): number => value as number;

Deno.test("trajectories are as long as the ensemble, but no longer than modes and a hundred steps", () => {
  const rule = ensembleAdaptation();
  const state = rule.start(2, goal);
  const lengthOf = (extent: number, logStepSize: number) => {
    const stepSize = { ...state.stepSize, logStepSize, logAverage: logStepSize };
    const metric = { ...state.metric, extent };
    return number(rule.parameters({ stepSize, metric }, true).trajectoryLength);
  };
  assert.ok(Math.abs(lengthOf(2, 0) - 3) < 1e-12);
  assert.ok(Math.abs(lengthOf(1000, 0) - 9) < 1e-12);
  assert.ok(Math.abs(lengthOf(2, Math.log(1e-4)) - 0.01) < 1e-12);
});

Deno.test("a window sets the metric, and the step size between what was found and a first guess", () => {
  const rule = ensembleAdaptation({ metric: "diagonal" });
  const before = rule.afterStep(rule.start(2, goal), { acceptance: 0.9, draws: {} }, goal);
  const position = normal(key(1), [100, 3, 2]).mul([1, 5]);
  const after = rule.afterWindow(before, { position, gradient: position.div([-1, -25]) }, goal);
  assert.ok(Math.abs(after.metric.inverseMass[1] / after.metric.inverseMass[0] - 25) < 1e-9);
  const found = number(rule.parameters(before, true).stepSize);
  const between = Math.sqrt(found * goal.firstStepSize);
  assert.ok(found !== goal.firstStepSize);
  assert.ok(Math.abs(number(rule.parameters(after, true).stepSize) - between) < 1e-12);
  assert.deepEqual(before.metric.inverseMass, Float64Array.of(1, 1));
});

Deno.test("where nearly all is to be accepted, an acceptance of all still lengthens steps as much as elsewhere", () => {
  const rule = ensembleAdaptation();
  const stepSizeAfter = (acceptance: number, wanted: number): number => {
    const aim = { ...goal, acceptance: wanted };
    return rule.afterStep(rule.start(2, aim), { acceptance, draws: {} }, aim).stepSize.logStepSize;
  };
  assert.ok(Math.abs(stepSizeAfter(1, 0.95) - stepSizeAfter(1, 0.8)) < 1e-12);
  assert.ok(stepSizeAfter(1, 0.8) > Math.log(goal.firstStepSize));
  // Below what is wanted nothing is amplified.
  assert.ok(Math.abs(stepSizeAfter(0.85, 0.95) - stepSizeAfter(0.7, 0.8)) < 1e-12);
});

const step = (slopes: readonly number[]) => {
  const chains = slopes.length;
  const leaf = (data: Float64Array): Tensor =>
    fromArray({ dtype: "f64", shape: [chains, 1], data });
  return {
    acceptance: 1,
    draws: {
      acceptance: leaf(new Float64Array(chains).fill(1)),
      lengthSlope: leaf(Float64Array.from(slopes)),
      position: normal(key(2), [chains, 1, 3]),
    },
  };
};

Deno.test("a length goes where trajectories lead further, past chains whose slope is no number", () => {
  for (const [slopes, sign] of [[[1, 3, NaN], 1], [[-2, -1, Infinity], -1]] as const) {
    let state = startLength(1.5, 3);
    for (let i = 0; i < 5; i++) state = updateLength(state, step(slopes));
    assert.equal(Math.sign(state.logLength - Math.log(1.5)), sign);
    assert.ok(Number.isFinite(state.logAverage));
  }
  // The first step only finds the center.
  const first = updateLength(startLength(1.5, 3), step([5, 5, 5]));
  assert.equal(first.logLength, Math.log(1.5));
  assert.ok(first.center.some((x) => x !== 0));
});

for (const [length, least, most] of [[0.15, 0.4, 3], [12, 0.4, 6]] as const) {
  Deno.test(`ChEES leads from ${length} towards the length that a normal distribution wants`, async () => {
    const target = density(8, (x) => x.square().sum().mul(-0.5)) as ReturnType<
      typeof density
    > as never;
    const rule = cheesAdaptation();
    const plan = {
      ...planFor<TrajectoryState>(target, {
        flow: "none",
        local: jitteredHmc(),
        schedule: { settleWindows: [], warmupWindows: [60, 60] },
        stop: { maxDraws: 20 },
      }),
      adaptation: {
        ...rule,
        start: (dimension: number, aim: typeof goal) => ({
          ...rule.start(dimension, aim),
          length: startLength(length, dimension),
        }),
      },
    };
    const start = await runAdaptive.start(plan)(normal(key(3), [200, 8]));
    const { adaptation } = await runAdaptive(plan)(start, key(4));
    const found = Math.exp(adaptation.length?.logAverage ?? NaN);
    // The criterion is 2d (1 − sin 4T/4T) for lengths uniform in (0, 2T): largest at T = 1.12.
    assert.ok(found > least && found < most, `${found}`);
  });
}

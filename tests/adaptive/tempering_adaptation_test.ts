import assert from "node:assert/strict";
import { ensembleAdaptation, parallelTempering, type Tensor, tensor } from "../../mod.ts";
import {
  temperingAdaptation,
  type TemperingAdaptationState,
} from "../../src/adaptive/tempering_adaptation.ts";

const GOAL = { acceptance: 0.65, firstStepSize: 0.5 };
const { ladder: LADDER } = parallelTempering({ rungs: 3 });
assert.ok(LADDER !== undefined);
const rule = temperingAdaptation(LADDER);

/** Two chains in one dimension with two hot rungs. */
function step(
  { positions = [[[1], [10]], [[3], [30]]], acceptance = [0.9, 0.2], rejection = [0.1, 0.3] } = {},
) {
  const both = (values: readonly number[]): Tensor => tensor([[[...values]], [[...values]]]);
  return {
    acceptance: 0.65,
    draws: {
      "hot.position": tensor(positions).reshape([2, 1, 2, 1]),
      "hot.acceptance": both(acceptance),
      swapRejection: both(rejection),
    },
  };
}

const WINDOW = { position: tensor([[[1], [2]], [[3], [6]]]), gradient: undefined };

function numbersOf(parameters: object, name: string): number[] {
  return Array.from(tensor((parameters as Record<string, never>)[name]).data as Float64Array);
}

Deno.test("temperingAdaptation() starts with the kernel's ladder, and gives a row for each rung", () => {
  const parameters = rule.parameters(rule.start(2, GOAL), false);
  assert.deepEqual(numbersOf(parameters, "inverseTemperatures"), [1, 0.125, 0]);
  assert.ok(numbersOf(parameters, "stepSize").every((each) => Math.abs(each - 0.5) < 1e-12));
  assert.deepEqual(tensor(parameters.inverseMass as Tensor).shape, [3, 2]);
  assert.deepEqual(numbersOf(parameters, "referenceScale"), [2, 2]);
});

Deno.test("temperingAdaptation() adapts each hot rung's step size by its own acceptance", () => {
  let state = rule.start(1, GOAL);
  for (let i = 0; i < 20; i++) state = rule.afterStep(state, step(), GOAL);
  const [cold, first, second] = numbersOf(rule.parameters(state, true), "stepSize");
  assert.ok(first > 2 * cold && second < cold / 2, `${[cold, first, second]}`);
  // Adapting goes by the current step size, production by the averaged one.
  const { stepSizes } = (state as TemperingAdaptationState).ladder;
  const current = numbersOf(rule.parameters(state, false), "stepSize");
  stepSizes.forEach(({ logStepSize, logAverage }, rung) => {
    assert.ok(Math.abs(Math.log(current[rung + 1]) - logStepSize) < 1e-12);
    assert.ok(Math.abs(Math.log([first, second][rung]) - logAverage) < 1e-12);
    assert.ok(Math.abs(logStepSize - logAverage) > 1e-3);
  });
  // Where replicas are drawn anew there is no acceptance, and nothing to adapt.
  let drawn = rule.start(1, GOAL);
  drawn = rule.afterStep(drawn, step({ acceptance: [0.9, NaN] }), GOAL);
  const last = numbersOf(rule.parameters(drawn, false), "stepSize")[2];
  assert.ok(Math.abs(last - 0.5) < 1e-12);
});

Deno.test("temperingAdaptation() sets ladder, metrics and reference after a window", () => {
  let state = rule.start(1, GOAL);
  for (let i = 0; i < 3; i++) state = rule.afterStep(state, step(), GOAL);
  const next = rule.afterWindow(state, WINDOW, GOAL) as TemperingAdaptationState;
  const { ladder } = next;
  // Rejections of 0.1 and 0.3: half of 0.4 is a third of the way down the second pair.
  const root = 0.5 * 2 / 3;
  assert.ok(Math.abs(ladder.inverseTemperatures[1] - root ** 3) < 1e-12);
  // Variances 1 and 100 of the hot rungs, a third of the way between them in logarithms.
  assert.ok(Math.abs(ladder.inverseMass[0] - 100 ** (1 / 3)) < 1e-9);
  assert.ok(Math.abs(ladder.inverseMass[1] - 100) < 1e-9);
  const masses = numbersOf(rule.parameters(next, true), "inverseMass");
  assert.deepEqual(masses, [...next.metric.inverseMass, ...ladder.inverseMass]);
  // The cold draws 1, 2, 3, 6.
  assert.ok(Math.abs(ladder.referenceMean[0] - 3) < 1e-12);
  assert.ok(Math.abs(ladder.referenceScale[0] - Math.sqrt(3.5)) < 1e-12);
  assert.deepEqual([ladder.steps, ladder.positions.weight, ladder.rejection.weight], [0, 0, 0]);
});

Deno.test("temperingAdaptation() counts later steps of a window more", () => {
  let state = rule.start(1, GOAL);
  state = rule.afterStep(state, step({ rejection: [0.4, 0.4] }), GOAL);
  state = rule.afterStep(state, step({ rejection: [0.1, 0.1] }), GOAL);
  const { rejection } = (state as TemperingAdaptationState).ladder;
  assert.ok(Math.abs(rejection.mean[0] - (0.4 + 2 * 0.1) / 3) < 1e-12);
});

Deno.test("a fitted reference reaches the modes of few chains, and is not ruled by one far out", () => {
  const state = rule.afterStep(rule.start(1, GOAL), step(), GOAL);
  const scaleOf = (positions: number[]): number =>
    (rule.afterWindow(state, {
      position: tensor(positions).reshape([positions.length, 1, 1]),
      gradient: undefined,
    }, GOAL) as TemperingAdaptationState).ladder.referenceScale[0];
  const near = Array.from({ length: 90 }, (_, i) => (i - 44.5) / 30);
  const modes = [...near, ...Array.from({ length: 10 }, () => 8)];
  assert.ok(scaleOf(modes) > 2 && scaleOf(modes) < 3, `${scaleOf(modes)}`);
  assert.ok(scaleOf([...near, 1e8]) < 2, `${scaleOf([...near, 1e8])}`);
});

Deno.test("temperingAdaptation() composes with another rule for the cold replicas", () => {
  const base = ensembleAdaptation();
  const composed = temperingAdaptation(LADDER, {
    ...base,
    parameters: (state, frozen) => ({ ...base.parameters(state, frozen), trajectory: 3 } as never),
  });
  assert.equal(numbersOf(composed.parameters(composed.start(1, GOAL), true), "trajectory")[0], 3);
});

Deno.test("temperingAdaptation() refuses a kernel that shows it no replicas", () => {
  const state = rule.start(1, GOAL);
  assert.throws(
    () => rule.afterStep(state, { acceptance: 0.5, draws: {} }, GOAL),
    /Cannot adapt a ladder without hot\.acceptance: .* parallelTempering\(\)/,
  );
});

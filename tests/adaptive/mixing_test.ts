import assert from "node:assert/strict";
import {
  density,
  key,
  type LocalSteps,
  logSumExp,
  mixByQuality,
  type ProposalQuality,
  runAdaptive,
  sample,
  splineFlow,
  trainInCycles,
} from "../../mod.ts";
import { planFor } from "../../src/adaptive/default_plan.ts";
import { tensor } from "../../src/tensor/tensor.ts";

const rule = mixByQuality();
const { schedule } = planFor(density(1, (x) => x.square().sum().mul(-0.5)));

const quality = (effectiveSampleFraction: number, acceptance: number): ProposalQuality => ({
  effectiveSampleFraction,
  acceptance,
  paretoShape: 0.4,
});

Deno.test("production jumps more the better the flow is, and never less than scheduled", () => {
  const { localSteps, thin, globalSteps } = schedule;
  assert.deepEqual([localSteps, thin, globalSteps], [10, 5, 10]);
  assert.deepEqual(rule(schedule, undefined), { localSteps, thin, globalSteps });
  assert.deepEqual(rule(schedule, quality(0.4, 0.3)), { localSteps, thin, globalSteps });
  // Of a schedule with few jumps: 5 of 20 by the acceptance, 7 by 2f/(1 + f), and half at most.
  const few = { localSteps: 18, thin: 5, globalSteps: 2 };
  assert.deepEqual(rule(few, quality(0.02, 0.3)), few);
  assert.deepEqual(rule(few, quality(0.3, 0.25)), { localSteps: 15, thin: 5, globalSteps: 5 });
  assert.deepEqual(rule(few, quality(0.2, 0.5)), { localSteps: 13, thin: 5, globalSteps: 7 });
  assert.deepEqual(rule(few, quality(0.9, 0.9)), { localSteps: 10, thin: 5, globalSteps: 10 });
});

Deno.test("local steps are kept as far apart as they need to tell something new", () => {
  const few = { localSteps: 18, thin: 5, globalSteps: 2 };
  const kept = (efficiency: number): number =>
    rule(few, quality(0.9, 0.9), { efficiency, cost: Infinity }).thin;
  assert.deepEqual([0, 0.1, 0.16, 0.3, 0.75, 0.8].map(kept), [5, 5, 5, 3, 1, 1]);
});

Deno.test("local steps that are cheap or worth more than jumps are three for each of the schedule", () => {
  const steps = (local: LocalSteps, ...flow: [number, number]): readonly number[] => {
    const { localSteps, thin, globalSteps } = rule(schedule, quality(...flow), local);
    return [localSteps, thin, globalSteps];
  };
  // Three times as many cost half of the jumps where each costs a sixth of one.
  assert.deepEqual(steps({ efficiency: 0.01, cost: 0.16 }, 0.9, 0.9), [30, 15, 10]);
  assert.deepEqual(steps({ efficiency: 0.01, cost: 0.17 }, 0.9, 0.9), [20, 10, 10]);
  assert.deepEqual(steps({ efficiency: 0.01, cost: 0.26 }, 0.9, 0.9), [10, 5, 10]);
  assert.deepEqual(steps({ efficiency: 0.01, cost: Infinity }, 0.9, 0.9), [10, 5, 10]);
  // Dear ones that move chains further than jumps that are accepted at 0.3.
  assert.deepEqual(steps({ efficiency: 0.31, cost: 4 }, 0.9, 0.3), [30, 3, 10]);
  assert.deepEqual(steps({ efficiency: 0.29, cost: 4 }, 0.9, 0.3), [10, 3, 10]);
});

Deno.test("with a flow that is no good, or without jumps in the schedule, there are none", () => {
  const { localSteps, thin } = schedule;
  assert.deepEqual(rule(schedule, quality(0.009, 0.5)), { localSteps, thin: 1, globalSteps: 0 });
  assert.deepEqual(rule(schedule, quality(NaN, NaN)), { localSteps, thin: 1, globalSteps: 0 });
  const bold = mixByQuality({ leastFraction: 0 });
  assert.equal(bold(schedule, quality(0.001, 0.001)).globalSteps, schedule.globalSteps);
  const alone = { localSteps, thin, globalSteps: 0 };
  assert.deepEqual(rule(alone, quality(0.9, 0.9)), alone);
});

const bells = density(
  2,
  (x) => logSumExp(x.at(0).sub([-4, 4]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)),
);

Deno.test("a flow of another target is left out, with a warning, and log Z with it", async () => {
  const elsewhere = density(2, (x) => x.sub([300, -200]).square().sum().mul(-50));
  const { flow } = await sample(elsewhere, key(1), {
    initial: Array.from({ length: 100 }, () => [300, -200]),
    stop: { effectiveSampleSize: 400 },
  });
  assert.ok(flow !== undefined);
  const run = await sample(bells, key(2), { flow, stop: { maxDraws: 50 } });
  assert.ok(Number.isNaN(run.acceptance.global));
  assert.equal(run.logEvidence, undefined);
  assert.ok((run.flowQuality?.effectiveSampleFraction ?? 1) < 0.01);
  assert.ok(run.warnings.some((each) => each.startsWith("The flow could not be used")));
});

Deno.test("a flow that was trained before is judged before production, and one of this target is used", async () => {
  const first = await sample(bells, key(3), { stop: { effectiveSampleSize: 500 } });
  assert.ok(first.flow !== undefined);
  const run = await sample(bells, key(4), { flow: first.flow, stop: { effectiveSampleSize: 500 } });
  assert.ok(run.acceptance.global > 0.3);
  const quality = run.state.best?.quality;
  assert.ok(quality !== undefined && quality.effectiveSampleFraction > 0.2);
  // What it says of acceptance is what production finds.
  assert.ok(Math.abs(quality.acceptance - run.acceptance.global) < 0.1);
  const found = run.flowQuality?.acceptance ?? NaN;
  assert.ok(Math.abs(found - run.acceptance.global) < 0.05);
});

Deno.test("a flow is judged by enough proposals, however few chains there are", async () => {
  // Of 4 proposals one at least carries the weight: a share of 1/4, however bad the flow is.
  const far = density(8, (x) => x.sub(6).mul(30).square().sum().mul(-0.5));
  const wide: typeof splineFlow = () => ({
    ...splineFlow({ layers: 1 }),
    // A flow of another target.
    whiten: (state) => state,
  });
  const run = await sample(far, key(2), {
    chains: 4,
    flow: wide(),
    schedule: { warmupWindows: [40, 60], trainCycles: 2, trainGlobalSteps: 1 },
    stop: { maxDraws: 200 },
  });
  assert.ok(run.state.best !== undefined);
  assert.ok(run.state.best.quality.effectiveSampleFraction < 0.01);
  assert.equal(run.state.logWeights.length, 0);
  assert.ok(run.warnings.some((warning) => warning.startsWith("The flow could not be used")));
});

Deno.test("the rule of a plan decides what production holds", async () => {
  const plan = {
    ...planFor(bells, { flow: splineFlow({ layers: 2 }), stop: { maxDraws: 20 } }),
    mixing: () => ({ localSteps: 3, thin: 1, globalSteps: 2 }),
  };
  const shapes: (readonly number[])[] = [];
  const start = await runAdaptive.start(plan)(tensor(new Float64Array(40)).reshape([20, 2]));
  for await (const { draws } of runAdaptive.cycles(plan)(start, key(5))) {
    if (draws.length > 0) {
      shapes.push(...draws.slice(0, 2).map(({ logDensity }) => logDensity.shape));
    }
    if (shapes.length > 1) break;
  }
  assert.deepEqual(shapes.slice(0, 2), [[20, 3], [20, 2]]);
});

Deno.test("a rule by which production would keep nothing is refused", async () => {
  const refused: [mixture: unknown, message: RegExp][] = [
    [{ localSteps: 5, thin: 10, globalSteps: 0 }, /^RangeError: .*`schedule\.thin` 10 above/],
    [{ localSteps: 5, thin: 1, globalSteps: 0.5 }, /^RangeError: .*`schedule\.globalSteps` 0\.5: /],
    [{ steps: 5 }, /^TypeError: .*unknown option `schedule\.steps`/],
    [
      undefined,
      /^TypeError: Cannot mix moves by a rule that gives undefined: return \{ localSteps/,
    ],
  ];
  for (const [mixture, message] of refused) {
    const plan = {
      ...planFor(bells, { flow: "none", stop: { maxDraws: 20 } }),
      mixing: () => mixture as never,
    };
    const start = await runAdaptive.start(plan)(tensor(new Float64Array(40)).reshape([20, 2]));
    const cycles = runAdaptive.cycles(plan)(start, key(5));
    const some = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await cycles.next();
    };
    await assert.rejects(some(), message);
  }
});

Deno.test("proposals enter the replay buffer with their weights where they have a share of it", async () => {
  const plan = {
    ...planFor(bells, { flow: splineFlow({ layers: 2 }), stop: { maxDraws: 20 } }),
    train: trainInCycles({ importance: 0.5, updates: 20 }),
    trained: () => true,
  };
  const start = await runAdaptive.start(plan)(tensor(new Float64Array(40)).reshape([20, 2]));
  const { replay } = await runAdaptive(plan)(start, key(6));
  const weighted = [...replay.logWeight.keys()].filter((row) =>
    !Number.isNaN(replay.logWeight[row])
  );
  // Two cycles of training with ten proposals for each of 20 chains.
  assert.equal(weighted.length, 400);
  assert.equal(replay.importance, 0.5);
  // ln p − ln q is that of a density that is nearly normalised: its mean weight is Z = 4π.
  const mean = weighted.reduce((sum, row) => sum + Math.exp(replay.logWeight[row]) / 400, 0);
  assert.ok(Math.abs(mean / (4 * Math.PI) - 1) < 0.5, `${mean}`);
});

import assert from "node:assert/strict";
import {
  density,
  key,
  logSumExp,
  normal,
  planFor,
  runAdaptive,
  sample,
  tensor,
  uniform,
} from "../../mod.ts";
import { runtimeOf } from "../../src/adaptive/runtime.ts";
import { nextStepSize, settle } from "../../src/adaptive/settling.ts";

/** A valley that bends, far from where chains start. */
const far = density(3, (x) => {
  const bend = x.at(1).sub(x.at(0).square().mul(0.1));
  return x.at(0).sub(30).square().mul(-0.5).sub(bend.square().mul(2)).sub(
    x.at(2).div(100).square(),
  );
});

Deno.test("chains settle where the density is, in the windows of the schedule or fewer", async () => {
  const plan = planFor(far, { flow: "none" });
  const start = await runAdaptive.start(plan)(uniform(key(0), [100, 3]));
  const first = start.chains.logDensity.mean().item();
  assert.ok(first < -200);
  let windows = 0;
  for await (const state of runAdaptive.cycles(plan)(start, key(1))) {
    windows++;
    if (state.settled === undefined) continue;
    assert.equal(state.settled, windows);
    assert.ok(windows >= 2 && windows <= plan.schedule.settleWindows.length);
    // E log p = −3/2 for draws of the target.
    const settled = state.chains.logDensity.mean().item();
    assert.ok(settled > -4, `${settled}`);
    assert.deepEqual(state.draws, []);
    break;
  }
});

Deno.test("settling leaves no trace in draws: they are those of an exact kernel", async () => {
  const { draws } = await sample(far, key(2), {
    flow: "none",
    stop: { effectiveSampleSize: 2000 },
  });
  const { data } = draws.x;
  let [mean, square] = [0, 0];
  for (let i = 0; i < data.length; i += 3) mean += 3 * data[i] / data.length;
  for (let i = 0; i < data.length; i += 3) square += 3 * (data[i] - mean) ** 2 / data.length;
  // Five standard errors of 2,000 effective draws: once in a million keys.
  assert.ok(Math.abs(mean - 30) < 5 / Math.sqrt(2000));
  assert.ok(Math.abs(square - 1) < 5 * Math.sqrt(2 / 2000));
});

Deno.test("targets without a gradient or of one coordinate do not settle", () => {
  const line = planFor(density(1, (x) => x.square().sum().neg()), {});
  assert.deepEqual(line.schedule.settleWindows, []);
  assert.ok(planFor(far).schedule.settleWindows.length > 0);
});

Deno.test("scouts find the other of two distant modes where all chains start in one", async () => {
  const modes = density(
    3,
    (x) =>
      logSumExp(x.at(0).sub([0, 10]).square().mul(-0.5)).sub(x.slice(1).square().sum().mul(0.5)),
  );
  const there = async (hottest: number): Promise<number> => {
    const plan = planFor(modes, { flow: "none", schedule: { hottest } });
    const start = await runAdaptive.start(plan)(uniform(key(0), [100, 3]).sub(0.5).mul(4));
    let found = 0;
    for await (const { settled, chains } of runAdaptive.cycles(plan)(start, key(1))) {
      if (settled === undefined) continue;
      chains.position.data.forEach((x, i) => found += i % 3 === 0 && x > 5 ? 1 : 0);
      break;
    }
    return found;
  };
  // Of 20 scouts a fifth crosses; that none does has a probability of 1 %.
  assert.ok(await there(0.02) >= 1);
  assert.equal(await there(1), 0);
});

Deno.test("a window of settling moves all chains and tells of all but scouts", async () => {
  const plan = planFor(far, { flow: "none" });
  const { chains, adaptation } = await runAdaptive.start(plan)(uniform(key(0), [20, 3]));
  const { position, visited, gradient } = await settle(runtimeOf(plan), chains, adaptation, {
    ...{ steps: 6, hottest: 0.1, key: key(1) },
    scouts: [4, 9],
  });
  assert.deepEqual(position.shape, [20, 3]);
  assert.deepEqual([visited.shape, gradient.shape], [[18, 3, 3], [18, 3, 3]]);
  const last = visited.slice(2, 3, { axis: 1 }).reshape([18, 3]).toArray() as number[][];
  const others = (position.toArray() as number[][]).filter((_, chain) => ![4, 9].includes(chain));
  assert.deepEqual(last, others);
});

const moving = (change: readonly number[]) => ({
  position: normal(key(3), [change.length, 2]),
  gradient: normal(key(3), [change.length, 2]).neg(),
  energyChange: tensor([...change]),
});

Deno.test("the step size of settling follows the error of the energy", () => {
  const errors = (size: number) =>
    Array.from({ length: 400 }, (_, i) => i % 2 === 0 ? size : -size);
  const large = nextStepSize(0.5, moving(errors(10)));
  const small = nextStepSize(0.5, moving(errors(1e-4)));
  assert.ok(large < 0.5 && small > 0.5);
  // By no more than a factor of 3 at once, and never beyond what is stable.
  assert.ok(large >= 0.5 / 3 - 1e-12 && small <= 1.5 + 1e-12);
  assert.equal(nextStepSize(1.9, moving(errors(1e-9))), 2);
  // Far out, where the ensemble is much longer than a unit of the metric, by the ensemble.
  assert.ok(nextStepSize(30, moving(errors(1e-9)), 100) === 50);
  // Energies that are not finite halve it, unless they are those of single chains.
  const most = errors(0.1);
  assert.ok(nextStepSize(0.5, moving([...most.slice(0, 390), ...Array(10).fill(NaN)])) !== 0.25);
  assert.equal(nextStepSize(0.5, moving([...most.slice(0, 350), ...Array(50).fill(NaN)])), 0.25);
  assert.equal(nextStepSize(0.5, moving([0.1, NaN, 0.2])), 0.25);
  assert.equal(nextStepSize(0.5, moving([0.1, Infinity, 0.2])), 0.25);
});

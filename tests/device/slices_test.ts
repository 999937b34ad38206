import assert from "node:assert/strict";
import { type Slice, type SlicePlan, slices } from "../../src/device/slices.ts";
import { fastCheck as fc } from "../deps.ts";

const PLAN: SlicePlan = {
  blocks: 1000,
  blockBytes: 64,
  groups: 1,
  draws: 5000,
  drawBytes: 128,
  mostKept: 4,
  firstStep: 0,
  steps: 10,
  thin: 1,
  milliseconds: 4,
  perSlice: 1,
};

/** All slices of a run whose calls take so many milliseconds a step. */
function all(plan: SlicePlan, perStep: (call: number) => number): Slice[] {
  const found: Slice[] = [];
  const run = slices(plan);
  let spent = 0;
  for (let next = run.next(); !next.done; next = run.next(spent)) {
    found.push(next.value);
    if (!("call" in next.value)) continue;
    const [, , draws, thin] = next.value.call;
    spent = draws * thin * perStep(found.length);
  }
  return found;
}

const plans = fc.record({
  groups: fc.integer({ min: 1, max: 5 }),
  steps: fc.integer({ min: 1, max: 300 }),
  thin: fc.integer({ min: 1, max: 40 }),
  mostKept: fc.integer({ min: 1, max: 9 }),
  firstStep: fc.integer({ min: 0, max: 2 ** 31 }),
  perSlice: fc.integer({ min: 1, max: 500 }),
}).map((given): SlicePlan => ({ ...PLAN, ...given }));
const clocks = fc.array(fc.constantFrom(0, 1e-6, 0.01, 0.3, 5, 1000), { minLength: 1 });

Deno.test("slices() takes every step of every group once and in order, whatever the clock says", () => {
  fc.assert(
    fc.property(plans, clocks, (plan, clock) => {
      const taken = new Array<number>(plan.groups).fill(0);
      let turn = 0;
      for (const slice of all(plan, (n) => clock[n % clock.length])) {
        if ("call" in slice) {
          const { call: [block, firstStep, draws, thin], group } = slice;
          assert.equal(group, turn++ % plan.groups);
          assert.equal(block, plan.blocks + group * plan.blockBytes);
          assert.equal(firstStep, plan.firstStep + taken[group]);
          assert.ok(draws >= 1 && thin >= 1);
          taken[group] += draws * thin;
        } else {
          assert.deepEqual(taken, taken.map(() => slice.at));
        }
      }
      assert.deepEqual(taken, taken.map(() => plan.steps));
    }),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("slices() keeps a draw after every thin-th step and no other, as many as there is room for", () => {
  fc.assert(
    fc.property(plans, clocks, (plan, clock) => {
      const kept: number[] = [];
      let last: readonly number[] = [];
      let before = 0;
      for (const slice of all(plan, (n) => clock[n % clock.length])) {
        if ("call" in slice) {
          const { call, group } = slice;
          const [, , draws, , drawsBase, drawStride] = call;
          assert.ok(draws <= plan.mostKept);
          assert.equal(drawsBase, plan.draws + group * plan.drawBytes);
          assert.equal(drawStride, plan.groups * plan.drawBytes);
          last = call;
          continue;
        }
        if (slice.draws > 0) {
          // One is written after each `thin` steps of the call, which ends with the last of them.
          assert.equal(slice.draws, last[2]);
          for (let i = slice.draws - 1; i >= 0; i--) kept.push(slice.at - i * last[3]);
        } else {
          // What the call wrote in place of a draw is none.
          assert.equal(last[2], 1);
          assert.ok(Math.floor(slice.at / plan.thin) === Math.floor(before / plan.thin));
        }
        before = slice.at;
      }
      const expected = Array.from(
        { length: Math.floor(plan.steps / plan.thin) },
        (_, i) => (i + 1) * plan.thin,
      );
      assert.deepEqual(kept, expected);
    }),
    { seed: 1, numRuns: 500 },
  );
});

/** Steps of a group in each look. */
function lengths(found: readonly Slice[]): number[] {
  const at = found.flatMap((slice) => "call" in slice ? [] : [slice.at]);
  return at.map((steps, i) => steps - (at[i - 1] ?? 0));
}

Deno.test("slices() come to take the time that they should, from either side, and grow 8-fold at most", () => {
  const plan = { ...PLAN, steps: 100000, thin: 100000, groups: 3 };
  for (const first of [1, 50000]) {
    const taken = lengths(all({ ...plan, perSlice: first }, () => 0.01));
    // 4 ms are 400 steps; the last slice is what is left.
    assert.deepEqual(taken.slice(5, -1), taken.slice(5, -1).map(() => 400));
    taken.slice(1).forEach((steps, i) => assert.ok(steps <= 8 * taken[i]));
  }
  assert.deepEqual(lengths(all({ ...PLAN, steps: 600, thin: 600 }, () => 0)), [1, 8, 64, 512, 15]);
  // A slow step is a slice of its own.
  assert.deepEqual(lengths(all({ ...PLAN, steps: 4, thin: 4 }, () => 1000)), [1, 1, 1, 1]);
});

Deno.test("slices() of a fast step take at most 2²⁴ steps, which the arguments of a call hold", () => {
  const taken = lengths(
    all({ ...PLAN, steps: 2 ** 28, thin: 2 ** 28, perSlice: 2 ** 20 }, () => 0),
  );
  assert.equal(Math.max(...taken), 2 ** 24);
});

Deno.test("slices() needs nothing but its arguments, as its text is run elsewhere", () => {
  const again = new Function(`return (${slices});`)() as typeof slices;
  const run = (make: typeof slices): Slice[] => {
    const found: Slice[] = [];
    const steps = make({ ...PLAN, steps: 100, thin: 7 });
    for (let next = steps.next(); !next.done; next = steps.next(0.1)) found.push(next.value);
    return found;
  };
  assert.deepEqual(run(again), run(slices));
});

import assert from "node:assert/strict";
import { stopTraining, stopWhenConverged } from "../../mod.ts";

const good = { draws: 500, rHat: 1.005, bulk: 12_000, tail: 11_000 };

Deno.test("a run ends when R-hat and both effective sample sizes are good, not before", () => {
  const { decide } = stopWhenConverged();
  const at = (convergence: typeof good | undefined) =>
    decide({ draws: 500, convergence, seconds: 1 });
  assert.equal(at(good), "converged");
  assert.equal(at(undefined), undefined);
  assert.equal(at({ ...good, rHat: 1.02 }), undefined);
  assert.equal(at({ ...good, bulk: 9000 }), undefined);
  assert.equal(at({ ...good, tail: 9000 }), undefined);
  assert.equal(at({ ...good, rHat: NaN }), undefined);
  assert.equal(at({ ...good, bulk: NaN }), undefined);
});

Deno.test("a run ends at its budgets", () => {
  const { decide, timeIsUp } = stopWhenConverged({ maxDraws: 100, maxSeconds: 2 });
  assert.equal(decide({ draws: 99, convergence: undefined, seconds: 1 }), undefined);
  assert.equal(decide({ draws: 100, convergence: undefined, seconds: 1 }), "budget");
  assert.equal(decide({ draws: 50, convergence: undefined, seconds: 2 }), "budget");
  assert.ok(timeIsUp(2) && !timeIsUp(1.9));
});

Deno.test("looks at convergence are few: each is at 1.25 to 3 times the draws of the last", () => {
  const { nextLook } = stopWhenConverged();
  assert.equal(nextLook(undefined), 100);
  for (
    const last of [good, { ...good, bulk: 10 }, { ...good, rHat: 1.1 }, { ...good, bulk: NaN }]
  ) {
    const next = nextLook(last) / last.draws;
    assert.ok(next >= 1.25 && next <= 3, `${next}`);
  }
  // What is missing half of the sample size is looked at when twice the draws, and a margin, are there.
  assert.equal(nextLook({ ...good, tail: 5000 }), 1100);
  assert.equal(stopWhenConverged({ maxDraws: 600 }).nextLook({ ...good, tail: 5000 }), 600);
});

Deno.test("training ends when global moves are accepted often, or no better than before", () => {
  const enough = stopTraining();
  const after = (...acceptance: number[]) =>
    enough({ loss: [], validation: [], stale: 99, acceptance });
  assert.ok(after(0.1, 0.51));
  assert.ok(after(0.51, 0.4));
  assert.ok(!after(0.1, 0.49));
  assert.ok(!after());
  assert.ok(after(0.40, 0.41, 0.405, 0.41, 0.41));
  assert.ok(!after(0.40, 0.41, 0.405, 0.41));
  assert.ok(!after(0.30, 0.34, 0.38, 0.40, 0.43));
  // A flow that is still finding its way is not given up.
  assert.ok(!after(0.01, 0.011, 0.012, 0.013, 0.014));
});

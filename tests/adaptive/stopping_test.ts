import assert from "node:assert/strict";
import {
  type Convergence,
  convergence,
  type Draws,
  monteCarloStandardError,
  stopTraining,
  stopWhenConverged,
} from "../../mod.ts";
import type { KeyWords } from "../../src/random/words.ts";
import { autoregressive, replications } from "../diagnostics/series.ts";

const good = { chains: 100, draws: 500, rHat: 1.005, nestedRHat: NaN, bulk: 12_000, tail: 11_000 };

Deno.test("a run ends when R-hat and both effective sample sizes are good, not before", () => {
  const { decide } = stopWhenConverged();
  const at = (convergence: typeof good | undefined) =>
    decide({ draws: 500, convergence, seconds: 1 });
  assert.equal(at(good), "converged");
  assert.equal(at(undefined), undefined);
  assert.equal(at({ ...good, rHat: 1.02 }), undefined);
  assert.equal(at({ ...good, bulk: 3900 }), undefined);
  assert.equal(at({ ...good, tail: 3900 }), undefined);
  assert.equal(at({ ...good, rHat: NaN }), undefined);
  // R-hat alone decides as long as 100 chains could satisfy it.
  assert.equal(at({ ...good, bulk: 9000, rHat: 1.02, nestedRHat: 1.005 }), undefined);
  assert.equal(at({ ...good, bulk: 9000, chains: 1000, rHat: 1.02, nestedRHat: 1.005 }), undefined);
  // Many short chains are judged by nested R-hat; here they are 200, of 60 effective draws each.
  const short = { ...good, chains: 200, rHat: 1.03 };
  assert.equal(at({ ...short, nestedRHat: 1.009 }), "converged");
  assert.equal(at({ ...short, nestedRHat: 1.011 }), undefined);
  // Of chains of 120 each R-hat can be asked for.
  assert.equal(at({ ...good, rHat: 1.03, nestedRHat: 1.009 }), undefined);
  assert.equal(at({ ...good, rHat: 1.005, nestedRHat: 1.02 }), "converged");
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
  assert.equal(nextLook(undefined), 150);
  for (
    const last of [good, { ...good, bulk: 10 }, { ...good, rHat: 1.1 }, { ...good, bulk: NaN }]
  ) {
    const next = nextLook(last) / last.draws;
    assert.ok(next >= 1.25 && next <= 3, `${next}`);
  }
  // What is missing half of the sample size is looked at when twice the draws, and a margin, are there.
  assert.equal(nextLook({ ...good, tail: 2000 }), 1100);
  assert.equal(stopWhenConverged({ maxDraws: 600 }).nextLook({ ...good, tail: 2000 }), 600);
});

/** The squares of slow chains up to where the rule ends them, of 10 draws in each cycle. */
function stoppedSquares(key: KeyWords): { readonly draws: Draws; readonly looks: number } {
  const [chains, most] = [20, 2000];
  const { data } = autoregressive(key, [chains, most], 0.9);
  const { nextLook, decide } = stopWhenConverged({ effectiveSampleSize: 1200, maxDraws: most });
  let last: Convergence | undefined;
  for (let [count, looks] = [0, 0];;) {
    count += 10;
    if (count < nextLook(last)) continue;
    looks++;
    const draws = {
      data: Float64Array.from({ length: chains * count }, (_, i) => {
        const x = data[Math.floor(i / count) * most + i % count];
        return x * x;
      }),
      shape: [chains, count],
    };
    const [{ rHat, nestedRHat, ...size }] = convergence(draws);
    const [bulk, tail] = [size.effectiveSampleSize, size.effectiveSampleSizeTail];
    last = { chains, draws: count, rHat, nestedRHat, bulk, tail };
    if (decide({ draws: count, convergence: last, seconds: 0 }) !== undefined) {
      return { draws, looks };
    }
  }
}

Deno.test("stopping biases neither a mean nor its standard error", () => {
  const runs = replications(41, 200).map(stoppedSquares);
  assert.ok(runs.every(({ looks }) => looks >= 2 && looks <= 8));
  const scores = runs.map(({ draws }) => {
    const mean = draws.data.reduce((sum, x) => sum + x, 0) / draws.data.length;
    return (mean - 1) / (monteCarloStandardError(draws) as number);
  });
  const mean = scores.reduce((sum, z) => sum + z, 0) / scores.length;
  const square = scores.reduce((sum, z) => sum + z * z, 0) / scores.length;
  // Of 200 scores the mean errs by 0.07 and the root of the mean square by 0.06. Over 300 others they were
  // −0.1 and 1.09, nearly those of a fixed number of draws (squares are skewed), so that each of these
  // fails by chance in fewer than 1 of 2,000 runs.
  assert.ok(Math.abs(mean) < 0.4, `${mean}`);
  assert.ok(square > 0.8 ** 2 && square < 1.3 ** 2, `${square}`);
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
  // One that local moves beat twice over is, after three cycles.
  const beside = (localEfficiency: number, ...acceptance: number[]) =>
    enough({ loss: [], validation: [], stale: 0, acceptance, localEfficiency });
  assert.ok(beside(0.3, 0.01, 0.05, 0.1));
  assert.ok(!beside(0.3, 0.01, 0.1));
  assert.ok(!beside(0.3, 0.01, 0.05, 0.16));
  // The whitening alone is enough where nothing speaks against it.
  const first = (acceptance: number, effectiveSampleFraction: number, localEfficiency: number) =>
    enough({
      ...{ loss: [], validation: [], stale: 0, acceptance: [acceptance] },
      ...{ effectiveSampleFraction, localEfficiency },
    });
  assert.equal(first(0.65, 0.5, 0.4), "now");
  assert.equal(first(0.55, 0.5, 0.4), true);
  assert.equal(first(0.65, 0.3, 0.4), true);
  assert.equal(first(0.65, 0.5, 0.2), true);
  // A flow that is still finding its way is not given up.
  assert.ok(!after(0.01, 0.011, 0.012, 0.013, 0.014));
});

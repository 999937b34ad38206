import assert from "node:assert/strict";
import { independence } from "../../src/global/independence.ts";
import { isir } from "../../src/global/isir.ts";
import type { Proposal } from "../../src/global/proposal.ts";
import type { GradientState } from "../../src/kernels/kernel.ts";
import { density } from "../../src/target/density.ts";
import { logSumExp, where } from "../../src/tensor/operations.ts";
import { key, normal, split, uniform } from "../../src/tensor/random.ts";
import { leaves } from "../../src/tensor/tree.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { gaussianProposal, numbers, rows, startPlainly } from "./proposals.ts";

const bells = density(
  2,
  (x) =>
    logSumExp(x.at(0).add([2, -2]).square().mul(-0.5).add([0, Math.log(3)]))
      .sub(x.at(1).square().mul(0.5)),
);
const start = startPlainly(bells);
const proposal = gaussianProposal(2.5);
const CHAINS = 7;
const STEPS = 4;

const startState = (seed = 1): Promise<GradientState> =>
  start(normal(key(seed), [CHAINS, 2]).mul(2));

Deno.test("isir() picks among the chain and its proposals by their weights, in plain numbers", async () => {
  for (const proposals of [1, 3, 16]) {
    const move = isir({ proposal, start, proposals });
    for (let seed = 0; seed < 5; seed++) {
      const state = await startState(seed);
      const result = await move.collect(state, key(seed), { steps: STEPS });
      const [forProposals, forChoice] = split(key(seed));
      const proposed = await proposal.sample(forProposals, CHAINS * STEPS * proposals);
      const points = rows(proposed.position);
      const chances = uniform(forChoice, [CHAINS * STEPS]).data;
      const here = (await proposal.logDensity(state.position)).data;
      const probabilities: number[] = [];
      rows(state.position).forEach((first, chain) => {
        let [position, weight] = [first, Math.exp(state.logDensity.data[chain] - here[chain])];
        for (let step = 0; step < STEPS; step++) {
          const from = (chain * STEPS + step) * proposals;
          const weights = points.slice(from, from + proposals).map((point, i) =>
            Math.exp(bells.logDensity(point) - proposed.logDensity.data[from + i])
          );
          const sum = weights.reduce((a, b) => a + b);
          probabilities.push(sum / (sum + weight));
          let rest = chances[chain * STEPS + step] * (sum + weight);
          const taken = weights.findIndex((each) => {
            rest -= each;
            return rest < 0;
          });
          if (taken >= 0) [position, weight] = [points[from + taken], weights[taken]];
          const at = result.draws["position"].at(chain).at(step).data;
          assert.deepEqual([...at], position);
        }
      });
      const mean = probabilities.reduce((a, b) => a + b) / probabilities.length;
      assert.ok(Math.abs(result.acceptance - mean) < 1e-12);
      assert.deepEqual(result.logWeights.shape, [CHAINS, STEPS * proposals]);
      const lastRows = rows(result.state.position);
      lastRows.forEach((row, chain) => {
        assert.equal(result.state.logDensity.data[chain], bells.logDensity(row));
        assert.deepEqual([...result.state.gradient.at(chain).data], [...bells.gradient(row)]);
      });
    }
  }
});

Deno.test("more proposals move chains more often", async () => {
  const state = await start(normal(key(2), [200, 2]).mul(2));
  const acceptance = async (proposals: number): Promise<number> =>
    (await isir({ proposal, start, proposals }).collect(state, key(3), { steps: 20 })).acceptance;
  const [one, eight] = [await acceptance(1), await acceptance(8)];
  const metropolis = (await independence({ proposal, start })
    .collect(state, key(3), { steps: 20 })).acceptance;
  assert.ok(one < metropolis && metropolis < eight, `${one}, ${metropolis}, ${eight}`);
  assert.equal(
    await acceptance(8),
    (await isir({ proposal, start })
      .collect(state, key(3), { steps: 20 })).acceptance,
  );
});

/** A target that is 0 left of −1, +∞ right of 3 and NaN in between on the lower half. */
const broken = density(2, (x) => {
  const right = where(x.at(0).greater(3), Infinity, x.square().sum().mul(-0.5));
  const left = where(x.at(0).less(-1), -Infinity, right);
  return where(x.at(1).less(-1), NaN, left);
});

Deno.test("proposals whose weight is no number are never taken, and a lost chain takes any other", async () => {
  const there = startPlainly(broken);
  const state = await there(numbers([-5, 0, -5, 0, 1, -5, 0.5, 0.5], [4, 2]));
  const move = isir({ proposal, start: there, proposals: 5 });
  const { draws, acceptance } = await move.collect(state, key(4), { steps: 200 });
  const points = rows(draws["position"].reshape([800, 2]));
  // All but those at the start, before the first usable proposal.
  const outside = points.filter(([x, y]) => !(x >= -1 && x <= 3 && y >= -1));
  assert.ok(outside.length < 12, `${outside.length}`);
  assert.ok(acceptance > 0.1);
  points.slice(-200).forEach(([x, y]) => assert.ok(x >= -1 && x <= 3 && y >= -1));
});

Deno.test("a chain where q is 0 stays, and so does one without any usable proposal", async () => {
  const nowhere: Proposal = {
    sample: proposal.sample,
    logDensity: ({ shape: [n] }) => Promise.resolve(numbers(new Array(n).fill(-Infinity), [n])),
  };
  const state = await startState();
  const stuck = await isir({ proposal: nowhere, start }).collect(state, key(5), { steps: 3 });
  assert.deepEqual(stuck.state.position.data, state.position.data);
  assert.equal(stuck.acceptance, 0);
  const useless: Proposal = {
    sample: async (at, n) => {
      const { position } = await proposal.sample(at, n);
      return { position, logDensity: numbers(new Array(n).fill(NaN), [n]) };
    },
    logDensity: proposal.logDensity,
  };
  const unmoved = await isir({ proposal: useless, start }).collect(state, key(5), { steps: 3 });
  assert.deepEqual(unmoved.state.position.data, state.position.data);
});

Deno.test("the same key gives the same bits", async () => {
  const move = isir({ proposal, start });
  const state = await startState();
  const [once, again] = [await move(state, key(6)), await move(state, key(6))];
  leaves(once).forEach(({ name, value }, i) => assertSameBits(leaves(again)[i].value, value, name));
  assert.notDeepEqual((await move(state, key(7))).position.data, once.position.data);
});

Deno.test("isir() refuses what makes no sense", () => {
  for (const proposals of [0, 2.5, NaN]) {
    assert.throws(
      () => isir({ proposal, start, proposals }),
      /^RangeError: Cannot resample with `proposals` .*: expected a positive whole number$/,
    );
  }
  assert.throws(
    () => isir({ proposal, start, draws: 3 } as never),
    /^TypeError: Cannot resample with the unknown option `draws`/,
  );
});

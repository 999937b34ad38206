import assert from "node:assert/strict";
import { globalMove, type GlobalStep } from "../../src/global/global_move.ts";
import { independence } from "../../src/global/independence.ts";
import type { Proposal } from "../../src/global/proposal.ts";
import type { GradientState } from "../../src/kernels/kernel.ts";
import { density } from "../../src/target/density.ts";
import { key, normal, split } from "../../src/tensor/random.ts";
import { fromArray, type Tensor } from "../../src/tensor/tensor.ts";
import { gaussianProposal, rows, startPlainly } from "./proposals.ts";

const bell = density(2, (x) => x.square().sum().mul(-0.5));
const start = startPlainly(bell);
const CHAINS = 100;
/** More points than are proposed at once. */
const STEPS = 1200;

Deno.test("a long call goes through blocks of steps, of bounded size, and gives all of them", async () => {
  const sizes: number[] = [];
  const inner = gaussianProposal(1.5);
  const proposal: Proposal = {
    sample(at, n) {
      sizes.push(n);
      return inner.sample(at, n);
    },
    logDensity: inner.logDensity,
  };
  const state = await start(normal(key(1), [CHAINS, 2]));
  const move = independence({ proposal, start });
  const long = await move.collect(state, key(2), { steps: STEPS });
  assert.deepEqual(sizes, [50_000, 50_000, 20_000]);
  assert.deepEqual(long.draws["position"].shape, [CHAINS, STEPS, 2]);
  assert.deepEqual(long.draws["logDensity"].shape, [CHAINS, STEPS]);
  assert.deepEqual(long.logWeights.shape, [CHAINS, STEPS]);
  // The first block is a call of its own.
  const first = await move.collect(state, key(2), { steps: 500 });
  const part = (
    of: Tensor,
    from: number,
    to: number,
  ): number[] => [...of.slice(from, to, { axis: 1 }).data];
  assert.deepEqual(part(long.draws["position"], 0, 500), [...first.draws["position"].data]);
  assert.deepEqual(part(long.logWeights, 0, 500), [...first.logWeights.data]);
  assert.notDeepEqual(part(long.logWeights, 500, 1000), [...first.logWeights.data]);
  // Log densities belong to positions, and the state is the last draw.
  const points = rows(long.draws["position"].reshape([CHAINS * STEPS, 2]));
  for (let i = 0; i < points.length; i += 997) {
    assert.equal(long.draws["logDensity"].data[i], bell.logDensity(points[i]));
  }
  assert.deepEqual(part(long.draws["position"], STEPS - 1, STEPS), [...long.state.position.data]);
  // The mean over all steps, from the weights.
  assert.ok(long.acceptance > 0.4 && long.acceptance < 0.9);
  assert.notEqual(long.acceptance, first.acceptance);
});

Deno.test("a rule of one's own decides where chains go", async () => {
  const proposal = gaussianProposal(1);
  const state = await start(normal(key(1), [3, 2]));
  const second = globalMove({ proposal, start }, {
    proposals: 2,
    choose: () => ({ taken: 1, probability: 0.25 }),
  });
  const { draws, acceptance, logWeights } = await second.collect(state, key(2), { steps: 2 });
  assert.equal(acceptance, 0.25);
  assert.deepEqual(logWeights.shape, [3, 4]);
  const stays = globalMove({ proposal, start }, {
    proposals: 1,
    choose: () => ({ taken: -1, probability: 0 }),
  });
  assert.deepEqual((await stays(state, key(2))).position.data, state.position.data);
  assert.notDeepEqual([...draws["position"].data.slice(0, 2)], [
    ...state.position.data.slice(0, 2),
  ]);
});

Deno.test("where chains are kept in single precision, weights are those of where they come to be", async () => {
  const inner = gaussianProposal(1.5);
  let evaluated = 0;
  const proposal: Proposal = {
    sample: inner.sample,
    logDensity(position) {
      evaluated += position.shape[0];
      return inner.logDensity(position);
    },
  };
  const rounded = (position: Tensor): Tensor =>
    fromArray({
      dtype: "f64",
      shape: position.shape,
      data: Float64Array.from(position.data, Math.fround),
    });
  const move = (begin: typeof start): GlobalStep<GradientState> =>
    independence({ proposal, start: begin });
  const state = await start(rounded(normal(key(1), [CHAINS, 2])));
  const { draws, logWeights } = await move((position) => start(rounded(position)))
    .collect(state, key(2));
  const positions = draws["position"].reshape([CHAINS, 2]);
  const here = (await inner.logDensity(positions)).data;
  const moved = rows(positions).flatMap((point, chain) =>
    point[0] === state.position.data[2 * chain] ? [] : [chain]
  );
  assert.ok(moved.length > CHAINS / 4);
  for (const chain of moved) {
    assert.equal(logWeights.data[chain], draws["logDensity"].data[chain] - here[chain]);
  }
  // Otherwise no proposal goes through twice.
  evaluated = 0;
  await move(start).collect(state, key(2));
  assert.equal(evaluated, CHAINS);
});

Deno.test("no block of a long call draws from a key that another has used", async () => {
  const keys: string[] = [];
  const inner = gaussianProposal(1.5);
  const proposal: Proposal = {
    sample(at, n) {
      keys.push(at.data.join());
      return inner.sample(at, n);
    },
    logDensity: inner.logDensity,
  };
  // A block is one step of so many chains.
  const state = await start(normal(key(1), [30_000, 2]));
  await independence({ proposal, start }).collect(state, key(2), { steps: 3 });
  assert.equal(keys.length, 3);
  // split() and foldIn() share their numbers: the second block must not be split from the key by which
  // the first one chose.
  const [, forChoice] = split(key(2));
  assert.ok(!keys.includes(split(forChoice)[0].data.join()));
  assert.equal(new Set(keys).size, 3);
});

import assert from "node:assert/strict";
import type { GlobalResult } from "../../src/global/global_move.ts";
import { independence } from "../../src/global/independence.ts";
import type { Proposal } from "../../src/global/proposal.ts";
import type { ChainState, GradientState } from "../../src/kernels/kernel.ts";
import { density } from "../../src/target/density.ts";
import { logSumExp, where } from "../../src/tensor/operations.ts";
import { foldIn, type Key, key, normal, split, uniform } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { leaves } from "../../src/tensor/tree.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { gaussianProposal, numbers, rows, startPlainly } from "./proposals.ts";

/** Two bells of weights ¼ and ¾ at −2 and 2 on the first coordinate, normalised up to a constant. */
const bells = density(
  2,
  (x) =>
    logSumExp(x.at(0).add([2, -2]).square().mul(-0.5).add([0, Math.log(3)]))
      .sub(x.at(1).square().mul(0.5)),
);
const start = startPlainly(bells);
const proposal = gaussianProposal(2.5);

const CHAINS = 7;
const STEPS = 5;

function startState(seed = 1): Promise<GradientState> {
  return start(normal(key(seed), [CHAINS, 2]).mul(2));
}

/** The rule in plain numbers, chain by chain. */
async function byTheBook(
  of: Proposal,
  state: GradientState,
  at: Key,
): Promise<{ positions: number[][][]; logWeights: number[][]; probabilities: number[][] }> {
  const [forProposals, forAcceptance] = split(at);
  const proposed = await of.sample(forProposals, CHAINS * STEPS);
  const points = rows(proposed.position);
  const chances = uniform(forAcceptance, [CHAINS * STEPS]).data;
  const here = (await of.logDensity(state.position)).data;
  const logWeights: number[][] = [];
  const probabilities: number[][] = [];
  const positions = rows(state.position).map((first, chain) => {
    let [position, weight] = [first, Math.exp(state.logDensity.data[chain] - here[chain])];
    [logWeights[chain], probabilities[chain]] = [[], []];
    return Array.from({ length: STEPS }, (_, step) => {
      const i = chain * STEPS + step;
      const logWeight = bells.logDensity(points[i]) - proposed.logDensity.data[i];
      const probability = Math.min(1, Math.exp(logWeight) / weight);
      logWeights[chain].push(logWeight);
      probabilities[chain].push(probability);
      if (chances[i] < probability) [position, weight] = [points[i], Math.exp(logWeight)];
      return position;
    });
  });
  return { positions, logWeights, probabilities };
}

function close(actual: ArrayLike<number>, expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((each, i) => assert.ok(Math.abs(actual[i] - each) < 1e-12, `element ${i}`));
}

/** Logs, gradients and positions of the state belong together. */
function assertConsistent({ position, logDensity, gradient }: GradientState): void {
  rows(position).forEach((point, chain) => {
    assert.equal(logDensity.data[chain], bells.logDensity(point));
    assert.deepEqual([...gradient.data.subarray(2 * chain, 2 * chain + 2)], [
      ...bells.gradient(point),
    ]);
  });
}

Deno.test("independence() is the rule of Metropolis and Hastings in plain numbers", async () => {
  const move = independence({ proposal, start });
  for (let seed = 0; seed < 20; seed++) {
    const state = await startState(seed);
    const expected = await byTheBook(proposal, state, key(seed));
    const result = await move.collect(state, key(seed), { steps: STEPS });
    assert.deepEqual(result.draws["position"].toArray(), expected.positions);
    close(result.logWeights.data, expected.logWeights.flat());
    const probabilities = expected.probabilities.flat();
    close([result.acceptance], [probabilities.reduce((a, b) => a + b) / probabilities.length]);
    close(result.state.acceptance.data, expected.probabilities.map((each) => each[STEPS - 1]));
    assert.deepEqual(
      rows(result.state.position),
      expected.positions.map((each) => each[STEPS - 1]),
    );
    assertConsistent(result.state);
  }
});

Deno.test("draws have a position and a log density for each chain and step", async () => {
  const state = await startState();
  const { draws, logWeights, state: last } = await independence({ proposal, start })
    .collect(state, key(3), { steps: 10 });
  assert.deepEqual(Object.keys(draws), ["position", "logDensity"]);
  assert.deepEqual(draws["position"].shape, [CHAINS, 10, 2]);
  assert.deepEqual(draws["logDensity"].shape, [CHAINS, 10]);
  assert.deepEqual(logWeights.shape, [CHAINS, 10]);
  assert.deepEqual(draws["position"].slice(9, 10, { axis: 1 }).data, last.position.data);
  const points = draws["position"].reshape([CHAINS * 10, 2]);
  rows(points).forEach((point, i) =>
    assert.equal(draws["logDensity"].data[i], bells.logDensity(point))
  );
  leaves(state).forEach(({ value }, i) =>
    assert.deepEqual(leaves(last)[i].value.shape, value.shape)
  );
});

Deno.test("the same key gives the same bits, and the state that is given does not change", async () => {
  const move = independence({ proposal, start });
  const state = await startState();
  const before = leaves(state).map(({ value }) => value.data.slice());
  const first = await move.collect(state, key(3), { steps: 4 });
  const again = await move(state, key(3), { steps: 4 });
  const other = await move(state, key(4), { steps: 4 });
  leaves(first.state).forEach(({ name, value }, i) =>
    assertSameBits(leaves(again)[i].value, value, name)
  );
  assert.notDeepEqual(other.position.data, again.position.data);
  leaves(state).forEach(({ value }, i) => assert.deepEqual(value.data, before[i]));
  assert.deepEqual(
    (await move(state, key(3))).position,
    (await move(state, key(3), { steps: 1 })).position,
  );
});

/** Proposals at given points with given log densities; log q of chains is `here`. */
function scripted(points: readonly number[][], logs: readonly number[], here: number): Proposal {
  return {
    sample: (_, n) =>
      Promise.resolve({
        position: numbers(points.slice(0, n).flat(), [n, 2]),
        logDensity: numbers(logs.slice(0, n), [n]),
      }),
    logDensity: ({ shape: [n] }) => Promise.resolve(numbers(Array<number>(n).fill(here), [n])),
  };
}

/** 0 where the first coordinate is negative, NaN where the second is, else the bells. */
const cliff = density(2, (x) => {
  const value = x.square().sum().mul(-0.5);
  const broken = where(x.at(1).less(0), NaN, value);
  return where(x.at(0).less(0), -Infinity, broken);
});

/** One chain from a point through scripted proposals. */
function walk(
  from: readonly number[],
  points: readonly number[][],
  { logs = points.map(() => 0), here = 0 }: { logs?: readonly number[]; here?: number } = {},
): Promise<GlobalResult<GradientState>> {
  const begin = startPlainly(cliff);
  const move = independence({ proposal: scripted(points, logs, here), start: begin });
  return begin(numbers(from, [1, 2])).then((state) =>
    move.collect(state, key(1), { steps: points.length })
  );
}

Deno.test("proposals where log p is −∞ or NaN are rejected", async () => {
  const { draws, acceptance } = await walk([1, 1], [[-1, 1], [1, -1], [-1, -1]]);
  assert.deepEqual(draws["position"].toArray(), [[[1, 1], [1, 1], [1, 1]]]);
  assert.equal(acceptance, 0);
});

Deno.test("proposals where log q is not finite are rejected", async () => {
  const points = [[0, 0], [0, 0], [0, 0]];
  const { draws, acceptance } = await walk([1, 1], points, { logs: [NaN, -Infinity, Infinity] });
  assert.deepEqual(draws["position"].toArray(), [[[1, 1], [1, 1], [1, 1]]]);
  assert.equal(acceptance, 0);
});

Deno.test("a chain outside of the support takes the first proposal inside", async () => {
  for (const outside of [[-1, 1], [1, -1]]) {
    // The proposal is so likely under q that no chain inside would take it.
    const { draws } = await walk(outside, [[-2, 0], [3, -3], [2, 2]], { logs: [0, 0, 1e5] });
    assert.deepEqual(draws["position"].toArray(), [[outside, outside, [2, 2]]]);
  }
});

Deno.test("a chain where q is 0 or cannot be told stays", async () => {
  for (const here of [-Infinity, NaN]) {
    const { draws, acceptance } = await walk([1, 1], [[0, 0], [0.5, 0]], { here });
    assert.deepEqual(draws["position"].toArray(), [[[1, 1], [1, 1]]]);
    assert.equal(acceptance, 0);
  }
});

Deno.test("a proposal of larger weight is taken, and counts as accepted with probability 1", async () => {
  const { draws, acceptance, logWeights } = await walk([3, 3], [[0, 0], [0, 0]]);
  assert.deepEqual(draws["position"].toArray(), [[[0, 0], [0, 0]]]);
  assert.equal(acceptance, 1);
  assert.ok(logWeights.data.every((weight) => weight === 0));
});

Deno.test("steps that are no positive integer are refused", async () => {
  const state = await startState();
  for (const steps of [0, -1, 1.5, NaN]) {
    await assert.rejects(
      independence({ proposal, start })(state, key(1), { steps }),
      /^RangeError: .*`steps` must be a whole number from 1$/,
    );
  }
});

/** Chains that start from exact draws. */
const EXACT = 20_000;

/** The bells in plain numbers, for many points: what `start` gives, without the gradient. */
function startQuickly(position: Tensor): Promise<ChainState> {
  const points = rows(position);
  const logs = points.map(([x, y]) =>
    Math.log(Math.exp(-((x + 2) ** 2) / 2) + 3 * Math.exp(-((x - 2) ** 2) / 2)) - y * y / 2
  );
  return Promise.resolve({
    position,
    logDensity: numbers(logs, [points.length]),
    acceptance: numbers(points.map(() => 1), [points.length]),
  });
}

/** Exact draws of the bells. */
function exactState(at: Key): Promise<ChainState> {
  const left = uniform(foldIn(at, 0), [EXACT, 1]).less(0.25);
  const centre = where(left, -2, 2).mul([1, 0]);
  return startQuickly(normal(foldIn(at, 1), [EXACT, 2]).add(centre));
}

/**
 * Scores of means over chains that started exact: of both coordinates, their squares and the left
 * bell. That one of five passes 4.8 by chance has a probability of 8e-6.
 */
const LARGEST_SCORE = 4.8;

async function scoresAfter(of: Proposal, steps: number): Promise<number[]> {
  const state = await exactState(key(5));
  const move = independence({ proposal: of, start: startQuickly });
  const points = rows((await move(state, key(6), { steps })).position);
  // E x₀ = ¾·2 − ¼·2, Var x₀ = 1 + 4 − 1; fourth moments of N(±2, 1): 16 + 24 + 3.
  const known: [of: (x: number[]) => number, mean: number, variance: number][] = [
    [([x]) => x, 1, 4],
    [([x]) => x * x, 5, 43 - 25],
    [([, y]) => y, 0, 1],
    [([, y]) => y * y, 1, 2],
  ];
  const left = 0.25 * 0.9772498680518208 + 0.75 * 0.022750131948179195;
  known.push([([x]) => Number(x < 0), left, left * (1 - left)]);
  return known.map(([f, mean, variance]) => {
    const sum = points.reduce((total, point) => total + f(point), 0);
    return (sum / EXACT - mean) / Math.sqrt(variance / EXACT);
  });
}

function worst(scores: readonly number[]): number {
  return Math.max(...scores.map(Math.abs));
}

Deno.test("chains that start from the target stay with it", async () => {
  for (const steps of [1, 3]) {
    const scores = await scoresAfter(proposal, steps);
    assert.ok(worst(scores) < LARGEST_SCORE, `scores ${scores}`);
  }
});

Deno.test("a proposal whose density is forgotten or wrong leads chains away", async () => {
  const changed = (change: (log: number) => number): Proposal => ({
    sample: async (at, n) => {
      const { position, logDensity } = await proposal.sample(at, n);
      return { position, logDensity: numbers(Array.from(logDensity.data, change), [n]) };
    },
    logDensity: async (position) => {
      const { data, shape } = await proposal.logDensity(position);
      return numbers(Array.from(data, change), shape);
    },
  });
  assert.ok(worst(await scoresAfter(changed(() => 0), 3)) > LARGEST_SCORE, "forgotten");
  assert.ok(worst(await scoresAfter(changed((log) => 1.2 * log), 3)) > LARGEST_SCORE, "too narrow");
  const lopsided = { ...proposal, logDensity: changed((log) => log + 0.3).logDensity };
  assert.ok(worst(await scoresAfter(lopsided, 3)) > LARGEST_SCORE, "not the same both times");
});

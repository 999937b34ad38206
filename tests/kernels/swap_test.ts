import assert from "node:assert/strict";
import { key, split, tensor } from "../../mod.ts";
import { swapNeighbours } from "../../src/kernels/swap.ts";

const LADDER = [1, 0.5, 0.2, 0.05, 0];

function swapsOf(logLikelihoods: readonly number[], turn: number, seed = 0) {
  return swapNeighbours(key(seed), {
    inverseTemperatures: tensor(LADDER),
    logLikelihoods: tensor([...logLikelihoods]),
    turn: tensor(turn),
  });
}

Deno.test("swapNeighbours() accepts by the ratio of the joint densities", () => {
  const values = [-1, -4, -2.5, -9, 3];
  const { probability } = swapsOf(values, 0);
  for (let pair = 0; pair < 4; pair++) {
    const joint = (of: readonly number[]): number =>
      LADDER.reduce((sum, beta, rung) => sum + beta * of[rung], 0);
    const swapped = values.with(pair, values[pair + 1]).with(pair + 1, values[pair]);
    const expected = Math.min(1, Math.exp(joint(swapped) - joint(values)));
    assert.ok(Math.abs(probability.at(pair).item() - expected) < 1e-12);
    // Detailed balance: what flows forth flows back.
    const back = swapsOf(swapped, 0).probability.at(pair).item();
    const flow = Math.exp(joint(values)) * expected - Math.exp(joint(swapped)) * back;
    assert.ok(Math.abs(flow) < 1e-12 * Math.exp(joint(values)));
  }
});

Deno.test("swapNeighbours() swaps every other pair in turns, and nothing else", () => {
  // The hotter the likelier: all swaps are certain.
  const values = [1, 2, 3, 4, 5];
  const rows = tensor([[0, 10], [1, 11], [2, 12], [3, 13], [4, 14]]);
  const [even, odd] = [0, 1].map((turn) => swapsOf(values, turn));
  assert.deepEqual(even.move(tensor([0, 1, 2, 3, 4])).toArray(), [1, 0, 3, 2, 4]);
  assert.deepEqual(odd.move(tensor([0, 1, 2, 3, 4])).toArray(), [0, 2, 1, 4, 3]);
  assert.deepEqual(even.move(rows).toArray(), [[1, 11], [0, 10], [3, 13], [2, 12], [4, 14]]);
});

Deno.test("swapNeighbours() swaps as often as it says", () => {
  // Two pairs of probability e^(−½) and e^(−0.3): in 4,000 tries each is ± 0.0078; six of these.
  const values = [0, -1, 0, -2, 0];
  const counts = [0, 0];
  const keys = split(key(5), 4000);
  for (const each of keys) {
    const moved = swapNeighbours(each, {
      inverseTemperatures: tensor(LADDER),
      logLikelihoods: tensor(values),
      turn: tensor(0),
    }).move(tensor([0, 1, 2, 3, 4])).toArray() as number[];
    if (moved[0] === 1) counts[0]++;
    if (moved[2] === 3) counts[1]++;
  }
  [Math.exp(-0.5), Math.exp(-0.3)].forEach((expected, i) =>
    assert.ok(Math.abs(counts[i] / keys.length - expected) < 0.047, `${counts}`)
  );
});

Deno.test("swapNeighbours() lets no replica in whose density is none, and out of where there is none", () => {
  for (const broken of [NaN, Infinity, -Infinity]) {
    assert.equal(swapsOf([-1, broken, -1, -1, -1], 0).probability.at(0).item(), 0, `${broken}`);
    assert.equal(swapsOf([broken, -1, -1, -1, -1], 0).probability.at(0).item(), 1, `${broken}`);
  }
  const both = swapsOf([-Infinity, -Infinity, -1, -1, -1], 0);
  assert.equal(both.probability.at(0).item(), 0);
});

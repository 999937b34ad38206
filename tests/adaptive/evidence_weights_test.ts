import assert from "node:assert/strict";
import { weightsOfDraws, weightsOfProposals } from "../../src/adaptive/evidence_weights.ts";
import type { Proposal } from "../../src/global/proposal.ts";
import { fromArray } from "../../src/tensor/tensor.ts";
import { foldIn, key, normal, type Tensor, tensor } from "../../mod.ts";

/** −‖x‖², for p, and −‖x‖²/8, for q: what they are does not matter. */
function quadratic(scale: number) {
  return (position: Tensor): Promise<Tensor> =>
    Promise.resolve(position.square().sum(1).mul(scale));
}

/** q, which notes the rows of each call. */
function recorded() {
  const rows: number[][] = [];
  const proposal: Proposal = {
    async sample(key, n) {
      const position = normal(key, [n, 2]).mul(2);
      return { position, logDensity: await quadratic(-1 / 8)(position) };
    },
    logDensity(position) {
      rows.push(...position.toArray() as number[][]);
      return quadratic(-1 / 8)(position);
    },
  };
  return { proposal, rows };
}

const compared = { logDensity: quadratic(-1), proposal: recorded().proposal, signal: undefined };

Deno.test("weights of proposals are ln p − ln q at draws of q, a key for each slice of 1,000", async () => {
  const found = await weightsOfProposals(compared, 2300, key(3));
  const expected = [1000, 1000, 300].flatMap((rows, slice) => {
    const position = normal(foldIn(key(3), slice), [rows, 2]).mul(2);
    return [...position.square().sum(1).mul(-1).sub(position.square().sum(1).mul(-1 / 8)).data];
  });
  assert.deepEqual([...found], expected);
  assert.deepEqual(await weightsOfProposals(compared, 1100, key(3)), found.slice(0, 1100));
});

function drawsFrom(position: Tensor) {
  return { position, logDensity: position.square().sum(2).mul(-1) };
}

Deno.test("weights of draws are ln p − ln q at each of them", async () => {
  const draws = drawsFrom(normal(key(4), [30, 50, 2]));
  const { data, shape } = await weightsOfDraws(compared, draws, 1500);
  assert.deepEqual(shape, [30, 50]);
  assert.deepEqual([...data], [...draws.position.square().sum(2).mul(-7 / 8).data]);
});

Deno.test("log q of a draw that rejections repeat is computed once", async () => {
  const position = tensor([[[1, 2], [1, 2], [1, 2], [1, 3]], [[1, 3], [5, 6], [1, 3], [1, 3]]]);
  const { proposal, rows } = recorded();
  const found = await weightsOfDraws({ proposal, signal: undefined }, drawsFrom(position), 100);
  assert.deepEqual(rows, [[1, 2], [1, 3], [5, 6], [1, 3]]);
  assert.deepEqual([...found.data], [...position.square().sum(2).mul(-7 / 8).data]);
});

Deno.test("more draws than are wanted are thinned, to 20 of each chain at least", async () => {
  const draws = drawsFrom(normal(key(5), [4, 90, 2]));
  const log = [...draws.position.square().sum(2).mul(-7 / 8).data];
  for (const [most, stride] of [[360, 1], [359, 2], [120, 3], [10, 4]]) {
    const { data, shape } = await weightsOfDraws(compared, draws, most);
    const kept = Math.floor(90 / stride);
    assert.deepEqual(shape, [4, kept]);
    const expected = log.filter((_, i) => i % 90 % stride === stride - 1 && i % 90 < kept * stride);
    assert.deepEqual([...data], expected);
  }
  const few = drawsFrom(fromArray({ dtype: "f64", shape: [1, 3, 2], data: new Float64Array(6) }));
  assert.deepEqual((await weightsOfDraws(compared, few, 1)).shape, [1, 3]);
});

Deno.test("a signal ends the work on weights", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  const draws = drawsFrom(normal(key(6), [2, 30, 2]));
  await assert.rejects(weightsOfProposals({ ...compared, signal }, 10, key(1)), /enough/);
  await assert.rejects(weightsOfDraws({ ...compared, signal }, draws, 100), /enough/);
});

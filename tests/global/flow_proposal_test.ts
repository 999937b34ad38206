import assert from "node:assert/strict";
import { chooseDevice } from "../../src/device/choose.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { flowProposal } from "../../src/global/flow_proposal.ts";
import { normalVectors } from "../../src/global/normals.ts";
import type { Proposal } from "../../src/global/proposal.ts";
import { key } from "../../src/tensor/random.ts";
import { correlated, largestDifference, perturbed } from "../flows/reference.ts";
import { assertSameBits } from "../tensor/bits.ts";

const flow = splineFlow({ layers: 4 });
const normals = normalVectors(3, chooseDevice());
const init = flow.whiten(flow.init(3, [1, 1]), correlated([1, 2], 300, 3));
const state = perturbed(init, [1, 3]);
const proposal: Proposal = flowProposal(flow, state, normals);

Deno.test("flowProposal() draws the flow's transforms of normal vectors", async () => {
  const { position, logDensity } = await proposal.sample(key(1), 100);
  assert.deepEqual([position.shape, logDensity.shape], [[100, 3], [100]]);
  const base = (await normals(key(1), 100)).data as Float64Array;
  const expected = await flow.sample(state, base);
  assert.deepEqual(position.data, expected.position);
  assert.deepEqual(logDensity.data, expected.logDensity);
});

Deno.test("flowProposal() finds the density at its points that it gave with them", async () => {
  const { position, logDensity } = await proposal.sample(key(2), 500);
  const found = await proposal.logDensity(position);
  assert.deepEqual(found.shape, [500]);
  assert.ok(largestDifference(found.data, logDensity.data) < 1e-9);
});

Deno.test("flowProposal() gives each row the same bits however many are drawn", async () => {
  const all = await proposal.sample(key(3), 60);
  for (const n of [1, 17, 59]) {
    const { position, logDensity } = await proposal.sample(key(3), n);
    assertSameBits(position, all.position.slice(0, n), "position");
    assertSameBits(logDensity, all.logDensity.slice(0, n), "logDensity");
  }
});

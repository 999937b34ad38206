import assert from "node:assert/strict";
import { addToReplay, emptyReplay } from "../../src/adaptive/replay.ts";
import { tensor } from "../../mod.ts";

/** Two chains, two draws, one coordinate: chain c at draw t is at 10c + t. */
const positions = tensor([[[0], [1]], [[10], [11]]]);

Deno.test("the replay buffer holds steps in their order, chains side by side", () => {
  const replay = addToReplay(emptyReplay(1), positions, 100);
  assert.deepEqual([...replay.data], [0, 10, 1, 11]);
});

Deno.test("the oldest rows leave a full replay buffer", () => {
  let replay = addToReplay(emptyReplay(1), positions, 3);
  assert.deepEqual([...replay.data], [10, 1, 11]);
  replay = addToReplay(replay, tensor([[[2]], [[12]]]), 3);
  assert.deepEqual([...replay.data], [11, 2, 12]);
});

Deno.test("rows that are not finite do not enter the replay buffer", () => {
  const broken = tensor([[[NaN], [1]], [[10], [Infinity]]]);
  assert.deepEqual([...addToReplay(emptyReplay(1), broken, 9).data], [10, 1]);
});

Deno.test("adding to a replay buffer leaves the one before as it was", () => {
  const before = addToReplay(emptyReplay(1), positions, 4);
  const copy = before.data.slice();
  addToReplay(before, positions, 4);
  assert.deepEqual(before.data, copy);
});

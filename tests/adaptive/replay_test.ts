import assert from "node:assert/strict";
import {
  addToReplay,
  emptyReplay,
  type Replay,
  type ReplayDraws,
  rowsOf,
} from "../../src/adaptive/replay.ts";
import { type Tensor, tensor, zeros } from "../../mod.ts";

/** Two chains, two draws, one coordinate: chain c at draw t is at 10c + t. */
const positions = tensor([[[0], [1]], [[10], [11]]]);

/** Draws whose log weight is a tenth of their position. */
function drawsOf(position: Tensor): ReplayDraws {
  const [chains, draws] = position.shape;
  return { position, logWeight: position.reshape([chains, draws]).mul(0.1) };
}

function added(replay: Replay, position: Tensor, capacity: number, cycle = 0): Replay {
  return addToReplay(replay, drawsOf(position), { cycle, capacity });
}

Deno.test("the replay buffer holds steps in their order, chains side by side", () => {
  const replay = added(emptyReplay(1), positions, 100);
  assert.deepEqual([...replay.data], [0, 10, 1, 11]);
  assert.deepEqual([...replay.logWeight], [0, 1, 0.1, 1.1]);
});

Deno.test("the oldest rows leave a full replay buffer, with all that is known of them", () => {
  let replay = added(emptyReplay(1), positions, 3);
  assert.deepEqual([...replay.data], [10, 1, 11]);
  replay = added(replay, tensor([[[2]], [[12]]]), 3, 5);
  assert.deepEqual([...replay.data], [11, 2, 12]);
  assert.deepEqual([...replay.logWeight], [1.1, 0.2, 1.2000000000000002]);
  assert.deepEqual([...replay.cycle], [0, 5, 5]);
  assert.equal(replay.held.length, 3);
});

Deno.test("rows that are not finite do not enter the replay buffer", () => {
  const broken = tensor([[[NaN], [1]], [[10], [Infinity]]]);
  assert.deepEqual([...added(emptyReplay(1), broken, 9).data], [10, 1]);
});

Deno.test("adding to a replay buffer leaves the one before as it was", () => {
  const before = added(emptyReplay(1), positions, 4);
  const copy = before.data.slice();
  added(before, positions, 4);
  assert.deepEqual(before.data, copy);
});

Deno.test("a buffer with gradients holds NaN where none are known", () => {
  const gradient = positions.mul(-1);
  let replay = addToReplay(
    emptyReplay(1, { withGradient: true }),
    { ...drawsOf(positions), gradient },
    { cycle: 0, capacity: 5 },
  );
  replay = added(replay, tensor([[[7]], [[8]]]), 5);
  assert.deepEqual([...replay.data], [10, 1, 11, 7, 8]);
  assert.deepEqual([...replay.gradient ?? []], [-10, -1, -11, NaN, NaN]);
  assert.equal(added(emptyReplay(1), positions, 5).gradient, undefined);
});

/** Chains c = 0, 1, … at 100c + t. */
function chains(count: number, draws: number, from = 0): Tensor {
  const rows = Array.from(
    { length: count },
    (_, c) => Array.from({ length: draws }, (_, t) => [100 * c + t + from]),
  );
  return tensor(rows);
}

Deno.test("a chain that is held out is never trained on, in any cycle", () => {
  let replay = emptyReplay(1);
  for (let cycle = 0; cycle < 5; cycle++) {
    replay = added(replay, chains(20, 7, 7 * cycle), 400, cycle);
  }
  const chainsOf = (wanted: "held" | "trained"): number[] => [
    ...new Set([...rowsOf(replay, wanted)].map((row) => Math.floor(replay.data[row] / 100))),
  ];
  assert.deepEqual(chainsOf("held").sort((a, b) => a - b), [7, 15]);
  assert.equal(chainsOf("trained").length, 18);
  assert.equal(rowsOf(replay, "held").length + rowsOf(replay, "trained").length, 400);
});

Deno.test("with few chains every eighth step is held out", () => {
  const replay = added(emptyReplay(1), chains(2, 16), 400);
  const held = [...rowsOf(replay, "held")].map((row) => replay.data[row]);
  assert.deepEqual(held, [7, 107, 15, 115]);
});

Deno.test("with few chains every eighth step is held out, however few there are in a cycle", () => {
  let replay = emptyReplay(1);
  for (let cycle = 0; cycle < 40; cycle++) {
    replay = added(replay, chains(2, 3, 3 * cycle), 400, cycle);
  }
  assert.equal(rowsOf(replay, "held").length, 240 / 8);
  // Single draws, as of one global step in a cycle.
  let single = emptyReplay(1);
  for (let cycle = 0; cycle < 16; cycle++) single = added(single, chains(2, 1, cycle), 400, cycle);
  assert.deepEqual([...rowsOf(single, "held")].map((row) => single.data[row]), [7, 107, 15, 115]);
});

Deno.test("a place where a chain stays is held out as a whole or not at all", () => {
  // A chain that is accepted at 0.3, in a pattern, and one that always moves.
  const walk = Array.from({ length: 200 }, (_, t) => [Math.floor(0.3 * t)]);
  const replay = added(emptyReplay(1), tensor([walk, chains(1, 200, 1000).at(0).toArray()]), 400);
  const placesOf = (wanted: "held" | "trained"): Set<number> =>
    new Set([...rowsOf(replay, wanted)].map((row) => replay.data[row]).filter((x) => x < 1000));
  const [held, trained] = [placesOf("held"), placesOf("trained")];
  assert.ok(held.size >= 5 && held.size <= 9, `${held.size}`);
  assert.ok([...held].every((place) => !trained.has(place)));
  // Stretches of 200/32 steps, rounded up.
  const moving = [...rowsOf(replay, "held")].map((row) => replay.data[row]).filter((x) =>
    x >= 1000
  );
  const stretches = [7, 15, 23].flatMap((n) =>
    Array.from({ length: 7 }, (_, i) => 1000 + 7 * n + i)
  );
  assert.deepEqual(moving, stretches);
});

Deno.test("an empty buffer has no rows", () => {
  assert.equal(rowsOf(emptyReplay(3), "held").length, 0);
  const none = addToReplay(emptyReplay(1), {
    position: tensor([[[NaN]]]),
    logWeight: zeros([1, 1]),
  }, { cycle: 0, capacity: 4 });
  assert.equal(none.data.length, 0);
});

Deno.test("weights of 0 and those that are none leave their rows out, and states of chains have none", () => {
  const position = tensor([[[1], [2]], [[3], [4]]]);
  const logWeight = tensor([[0.5, -Infinity], [NaN, -2]]);
  const how = { cycle: 0, capacity: 9 };
  const replay = addToReplay(emptyReplay(1, { importance: 0.3 }), { position, logWeight }, how);
  assert.deepEqual([...replay.data], [1, 4]);
  assert.deepEqual([...replay.logWeight], [0.5, -2]);
  assert.equal(replay.importance, 0.3);
  const more = addToReplay(replay, { position }, how);
  assert.deepEqual([...more.logWeight], [0.5, -2, NaN, NaN, NaN, NaN]);
});

Deno.test("a chain that has not moved since the call before keeps its mark", () => {
  let replay = emptyReplay(1);
  // Three chains, of which the first never moves and the others always do.
  for (let call = 0; call < 40; call++) {
    const rows = [0, 1, 2].map((chain) =>
      [0, 1, 2].map((draw) => [chain === 0 ? 5 : 1000 * chain + 3 * call + draw])
    );
    const again = [0, 1, 2].map((chain) => [[chain === 0 ? 5 : rows[chain][2][0]]]);
    const how = { cycle: call, capacity: 1000 };
    replay = addToReplay(replay, { position: tensor(rows) }, how);
    replay = addToReplay(replay, { position: tensor(again) }, how);
  }
  const held = new Set([...rowsOf(replay, "held")].map((row) => replay.data[row]));
  const trained = new Set([...rowsOf(replay, "trained")].map((row) => replay.data[row]));
  assert.ok(held.size > 5);
  assert.deepEqual([...held].filter((each) => trained.has(each)), []);
});

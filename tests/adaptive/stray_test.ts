import assert from "node:assert/strict";
import { gatherStrays, lostScouts, strayChains } from "../../src/adaptive/stray.ts";
import { key, normal, tensor } from "../../mod.ts";

Deno.test("a chain far below all others is a stray, one with a broken density too", () => {
  const logDensity = Array.from({ length: 50 }, (_, i) => -3 - i / 10);
  assert.deepEqual(strayChains(tensor(logDensity)), []);
  assert.deepEqual(strayChains(tensor([...logDensity, -1000, NaN, -Infinity])), [50, 51, 52]);
});

Deno.test("draws of distributions in many dimensions, and modes of small weight, are no strays", () => {
  for (const d of [1, 10, 100]) {
    const logDensity = normal(key(d), [200, d]).square().sum(1).mul(-0.5);
    assert.deepEqual(strayChains(logDensity), []);
  }
  // One chain in a mode a hundred times less likely and a hundred times as wide.
  const ordinary = Array.from(normal(key(0), [99, 2]).square().sum(1).mul(-0.5).data);
  assert.deepEqual(strayChains(tensor([...ordinary, Math.log(0.01 / 100) - 1])), []);
});

Deno.test("a scout is lost far below all others, not in a mode like theirs", () => {
  const others = Array.from({ length: 20 }, (_, i) => -3 - i / 4);
  const logDensity = tensor([...others, -9, -12, -13, NaN]);
  // The others differ by 4.75 at most and end at −7.75: lost from −12.5 on.
  assert.deepEqual(lostScouts(logDensity, [20, 21, 22, 23]), [22, 23]);
  assert.deepEqual(lostScouts(logDensity, []), []);
  assert.deepEqual(lostScouts(tensor([-1, -2]), [0, 1]), []);
});

Deno.test("strays go to where another chain is, with all of its state; others stay", () => {
  const rows = Array.from({ length: 8 }, (_, i) => i);
  const chains = {
    position: tensor(rows.map((i) => i === 2 ? [900, 900] : [i, i + 0.5])),
    logDensity: tensor(rows.map((i) => i === 2 ? -1e6 : -1 - i / 8)),
  };
  const state = { ...chains, acceptance: tensor(rows.map((i) => i / 10)) };
  const moved = gatherStrays(state, key(1));
  const row = ({ position, logDensity, acceptance }: typeof state, i: number): string =>
    [position, logDensity, acceptance].map((leaf) => leaf.at(i)).join();
  const others = rows.filter((i) => i !== 2);
  for (const i of others) assert.equal(row(moved, i), row(state, i));
  assert.ok(others.some((i) => row(moved, 2) === row(state, i)));
  assert.equal(state.position.data[4], 900);
  const fine = { ...state, logDensity: tensor(rows.map((i) => -1 - i / 8)) };
  assert.equal(gatherStrays(fine, key(1)), fine);
});

import assert from "node:assert/strict";
import { weightOverlap } from "../../src/diagnostics/weight_overlap.ts";
import { assertClose } from "./golden.ts";
import { normals, replications } from "./series.ts";

/** The same pair by pair. */
function byPairs(draws: readonly number[], proposals: readonly number[]) {
  const usable = proposals.map((log) => log < Infinity && log > -Infinity ? log : -Infinity);
  let sum = 0;
  for (const from of draws) {
    for (const to of usable) sum += to === -Infinity ? 0 : Math.min(1, Math.exp(to - from));
  }
  const weights = usable.map(Math.exp);
  const all = weights.reduce((total, w) => total + w, 0);
  const beyond = weights.reduce(
    (total, w, i) => total + (usable[i] > Math.max(...draws) ? w : 0),
    0,
  );
  return { acceptance: sum / draws.length / proposals.length, unvisited: beyond / all };
}

Deno.test("weightOverlap() is what it is pair by pair", () => {
  for (const [i, key] of replications(61, 20).entries()) {
    const all = [...normals(key, 60)].map((z) => 2 * z + i);
    const draws = all.slice(0, 25).map((x) => x - (i % 3));
    const proposals = [...all.slice(25), -Infinity, NaN, Infinity, draws[3]];
    const found = weightOverlap(Float64Array.from(draws), Float64Array.from(proposals));
    const expected = byPairs(draws, proposals);
    assertClose(found.acceptance, expected.acceptance, 1e-12);
    assert.ok(Math.abs(found.unvisited - expected.unvisited) < 1e-12);
  }
});

Deno.test("weightOverlap() of a draw where the proposal's density is 0, and of nothing", () => {
  const of = (draws: number[], proposals: number[]) =>
    weightOverlap(Float64Array.from(draws), Float64Array.from(proposals));
  assert.deepEqual(of([Infinity, 0], [0, 1]), { acceptance: 0.5, unvisited: 0 });
  assert.deepEqual(of([0], [-Infinity, NaN]), { acceptance: 0, unvisited: 0 });
  assert.deepEqual(of([], [1]), { acceptance: 0, unvisited: 0 });
});

Deno.test("the share of weight beyond all of n draws is 1/(n + 1) on average", () => {
  // q = N(0, 1) and p = N(0, 0.8²): ln w = −x² (1/0.64 − 1)/2, at most 0 at x = 0; turned round below.
  const [n, runs] = [20, 400];
  const shares = replications(62, runs).map((key) => {
    const z = normals(key, n + 2000);
    const log = (x: number): number => -0.5 * x * x * (1 / 0.64 - 1);
    const draws = z.subarray(0, n).map((each) => log(0.8 * each));
    return weightOverlap(draws, z.subarray(n).map(log)).unvisited;
  });
  const mean = shares.reduce((sum, share) => sum + share, 0) / runs;
  // Its standard deviation is that of a beta distribution, 1/21, so that the mean errs by 0.0024.
  assert.ok(Math.abs(mean - 1 / 21) < 5 * 0.0024, `${mean}`);
});

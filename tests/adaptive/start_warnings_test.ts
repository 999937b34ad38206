/** Chains that do not get to where the others are: counted, and reported. */
import assert from "node:assert/strict";
import { hostDensity, key, rwm, sample, stateFromBytes, stateToBytes, tensor } from "../../mod.ts";
import { restartedChains, startWarnings } from "../../src/adaptive/start_warnings.ts";

/** Log densities of so many chains, some of them far below. */
function chainsOf(count: number, far: Readonly<Record<number, number>> = {}) {
  const logDensity = tensor(Array.from({ length: count }, (_, i) => far[i] ?? -1 - (i % 7) / 5));
  const position = tensor(Array.from({ length: count }, (_, i) => [i]));
  return { position, logDensity, acceptance: logDensity };
}

Deno.test("restarted chains are counted once each, from the second window on", () => {
  const first = { cycleInPhase: 0, chains: chainsOf(50, { 3: -1e6 }), restarted: [] };
  assert.deepEqual(restartedChains(first), []);
  const second = { ...first, cycleInPhase: 1 };
  assert.deepEqual(restartedChains(second), [3]);
  assert.deepEqual(
    restartedChains({ ...second, chains: chainsOf(50, { 1: NaN, 3: -1e6 }), restarted: [3, 12] }),
    [1, 3, 12],
  );
  const none = { ...second, chains: chainsOf(50), restarted: [3] };
  assert.equal(restartedChains(none), none.restarted);
});

Deno.test("chains that end far below the others are warned of, with the first and how far", () => {
  const [warning, ...rest] = startWarnings({
    chains: chainsOf(100, { 17: -1e5, 40: -3e6, 99: NaN }),
    restarted: [],
  });
  assert.deepEqual(rest, []);
  assert.match(
    warning,
    /^3 of 100 chains \(the first is chain 17\) ended where the log density is 1\.0e\+5 below the others: .*`initial`/,
  );
  const [broken] = startWarnings({ chains: chainsOf(100, { 4: -Infinity }), restarted: [] });
  assert.match(broken, /^1 of 100 chains \(the first is chain 4\) ended .* is -Infinity: /);
  assert.deepEqual(startWarnings({ chains: chainsOf(100), restarted: [] }), []);
  // As far as that no chain is lost.
  assert.deepEqual(startWarnings({ chains: chainsOf(100, { 4: -60 }), restarted: [] }), []);
});

Deno.test("a notable share of restarted chains is warned of, fewer are not", () => {
  const chains = chainsOf(100);
  assert.deepEqual(startWarnings({ chains, restarted: [...Array(10).keys()] }), []);
  const [warning, ...rest] = startWarnings({
    chains,
    restarted: [9, ...Array(10).keys().map((i) => 20 + i)],
  });
  assert.deepEqual(rest, []);
  assert.match(
    warning,
    /^11 of 100 chains \(the first is chain 9\) were put beside others in the warm-up, .*`initial`/,
  );
});

/** A bell, and a plateau far out and far below, from which random walks do not find back. */
const plateau = hostDensity(1, ([x]) => Math.abs(x) < 40 ? -x * x / 2 : -1e6);
const initial = Array.from({ length: 40 }, (_, i) => [i % 5 === 2 ? 1e6 : i / 40]);
const options = { initial, local: rwm(), flow: "none", stop: { maxDraws: 200 } } as const;

Deno.test("a run whose chains were left behind says so, and its state knows which", async () => {
  const run = await sample(plateau, key(1), options);
  assert.deepEqual(run.state.restarted, [2, 7, 12, 17, 22, 27, 32, 37]);
  assert.deepEqual(stateFromBytes(stateToBytes(run.state)).restarted, [
    2,
    7,
    12,
    17,
    22,
    27,
    32,
    37,
  ]);
  const told = run.warnings.filter((each) => each.startsWith("8 of 40 chains"));
  assert.equal(told.length, 1);
  assert.match(told[0], /the first is chain 2\) were put beside others/);
  assert.ok(run.draws.x.data.every((x) => Math.abs(x) < 40));
});

Deno.test("a run that keeps draws of stray chains says which", async () => {
  // Without a second window none is put beside others.
  const run = await sample(plateau, key(1), { ...options, schedule: { warmupWindows: [20] } });
  assert.deepEqual(run.state.restarted, []);
  assert.ok(run.draws.x.data.some((x) => Math.abs(x) > 40));
  const told = run.warnings.filter((each) => each.startsWith("8 of 40 chains"));
  assert.equal(told.length, 1);
  assert.match(told[0], /chain 2\) ended where the log density is 1\.0e\+6 below the others/);
});

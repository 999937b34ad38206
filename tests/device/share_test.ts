import assert from "node:assert/strict";
import { isWorth, sharesOf } from "../../src/device/share.ts";
import type { WorkerPool } from "../../src/device/worker_pool.ts";
import { fastCheck as fc } from "../deps.ts";

Deno.test("sharesOf() cuts all groups into shares in order, none empty, whose sizes differ by one at most", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (groups, workers, milliseconds) => {
        const shares = sharesOf(groups, workers, milliseconds);
        assert.equal(shares[0].first, 0);
        assert.equal(shares[shares.length - 1].end, groups);
        shares.slice(1).forEach(({ first }, i) => assert.equal(first, shares[i].end));
        const sizes = shares.map(({ first, end }) => end - first);
        assert.ok(Math.min(...sizes) >= 1);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("sharesOf() gives each worker one share of short work, and up to four of long work", () => {
  const count = (milliseconds: number, groups = 100): number =>
    sharesOf(groups, 4, milliseconds).length;
  assert.deepEqual([0, 160, 161, 320, 321, 481, 1e9].map((time) => count(time)), [
    ...[4, 4, 8, 8, 12, 16, 16],
  ]);
  assert.equal(count(1e9, 3), 3);
});

Deno.test("isWorth() asks more of work for which workers must be started, and all of none that are not there", () => {
  const pool = (available: boolean, ready: boolean): WorkerPool =>
    ({ available, ready }) as unknown as WorkerPool;
  const times = [0, 4, 4.1, 40, 40.1];
  const worth = (available: boolean, ready: boolean): boolean[] =>
    times.map((time) => isWorth(pool(available, ready), time));
  assert.deepEqual(worth(true, true), [false, false, true, true, true]);
  assert.deepEqual(worth(true, false), [false, false, false, false, true]);
  assert.deepEqual(worth(false, true), times.map(() => false));
});

import assert from "node:assert/strict";
import { Pacing } from "../../src/device/pacing.ts";

/** Runs units at a speed, waiting when that is due; every wait costs something by itself. */
function simulate(
  { units, perUnit, waiting }: {
    readonly units: number;
    readonly perUnit: number;
    readonly waiting: number;
  },
  paces?: Pacing,
): { readonly longest: number; readonly waits: number; readonly unheard: number } {
  const pacing = paces ?? new Pacing(() => now);
  let [longest, waits, unheard, onTheWay] = [0, 0, 0, 0];
  for (let left = units; left > 0;) {
    const count = Math.min(left, pacing.units);
    longest = Math.max(longest, count * perUnit);
    onTheWay += count * perUnit;
    pacing.sent(count);
    left -= count;
    if (!pacing.due && left > 0) continue;
    unheard = Math.max(unheard, onTheWay);
    now += onTheWay + waiting;
    onTheWay = 0;
    waits++;
    pacing.done();
  }
  return { longest, waits, unheard };
}
let now = 0;

for (const perUnit of [0.0001, 0.01, 0.7, 3]) {
  for (const waiting of [0, 1, 10]) {
    Deno.test(`dispatches of units of ${perUnit} ms stay near 50 ms, with waits of ${waiting} ms`, () => {
      const units = Math.ceil(20_000 / perUnit);
      const { longest, waits, unheard } = simulate({ units, perUnit, waiting });
      // What waiting costs by itself is known to be 15 ms at most: that much longer a dispatch may be.
      assert.ok(longest <= 75, `${longest} ms`);
      assert.ok(unheard <= 300, `${unheard} ms without a wait`);
      // 20 seconds of work: a wait for each fifth of a second, and some to learn the speed.
      assert.ok(waits <= 20_000 / 100 + 12, `${waits} waits`);
    });
  }
}

Deno.test("a unit that takes longer than a dispatch should goes alone", () => {
  const pacing = new Pacing(() => now);
  const { waits, longest } = simulate({ units: 30, perUnit: 400, waiting: 10 }, pacing);
  assert.equal(longest, 400);
  assert.equal(pacing.units, 1);
  assert.ok(waits >= 30 / 5, `${waits} waits`);
});

Deno.test("short runs that end by waiting never make a later dispatch long", () => {
  const pacing = new Pacing(() => now);
  for (let run = 0; run < 50; run++) simulate({ units: 10, perUnit: 10, waiting: 10 }, pacing);
  assert.ok(pacing.units * 10 <= 75, `${pacing.units} units of 10 ms`);
});

Deno.test("work that becomes slower is cut shorter, and what was sent before a reset is forgotten", () => {
  const pacing = new Pacing(() => now);
  simulate({ units: 100_000, perUnit: 0.1, waiting: 1 }, pacing);
  assert.ok(pacing.units > 100);
  simulate({ units: 1000, perUnit: 5, waiting: 1 }, pacing);
  assert.ok(pacing.units <= 20, `${pacing.units} units of 5 ms`);
  pacing.sent(7);
  pacing.reset();
  assert.deepEqual([pacing.units, pacing.due], [1, false]);
  pacing.done();
  assert.equal(pacing.units, 1);
});

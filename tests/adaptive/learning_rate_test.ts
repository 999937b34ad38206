import assert from "node:assert/strict";
import {
  constantRate,
  cosineRate,
  plateauRate,
  type TrainingPlace,
} from "../../src/adaptive/learning_rate.ts";

const LATER: TrainingPlace = { update: 500, share: 0.25, last: false, stale: 0 };

function near(a: number, b: number): void {
  assert.ok(Math.abs(a - b) < 1e-12, `${a}, not ${b}`);
}

Deno.test("every rate rises over the first 20 updates", () => {
  for (const rate of [constantRate(2), plateauRate(2)]) {
    near(rate({ ...LATER, update: 0 }), 0.1);
    near(rate({ ...LATER, update: 9 }), 1);
    near(rate({ ...LATER, update: 19 }), 2);
    near(rate({ ...LATER, update: 20 }), 2);
  }
  near(cosineRate(2, 1e9)({ ...LATER, update: 9 }), 1);
});

Deno.test("a constant rate falls linearly in the last cycle alone", () => {
  const rate = constantRate(4);
  near(rate(LATER), 4);
  near(rate({ ...LATER, last: true }), 3);
  near(rate({ ...LATER, share: 0, last: true }), 4);
});

Deno.test("a cosine rate falls by half over half of the updates, to 0 at their end, and stays there", () => {
  const rate = cosineRate(6, 1000);
  near(rate(LATER), 3);
  near(rate({ ...LATER, update: 1000 }), 0);
  near(rate({ ...LATER, update: 3000 }), 0);
});

Deno.test("a plateau rate halves with every patience that is used up", () => {
  const rate = plateauRate(8, 3);
  assert.deepEqual([0, 2, 3, 5, 6].map((stale) => rate({ ...LATER, stale })), [8, 8, 4, 4, 2]);
  near(rate({ ...LATER, stale: 3, last: true }), 3);
});

import assert from "node:assert/strict";
import {
  density,
  hmc,
  type HmcOptions,
  key,
  normal,
  ones,
  startChains,
  vectorize,
} from "../../mod.ts";
import { uniformityProbability } from "../statistics/uniformity.ts";
import { assertSameBits } from "../tensor/bits.ts";

Deno.test("hmc() moves straight on where the density is flat, and always accepts", async () => {
  const flat = density(3, (x) => x.sum().mul(0));
  const position = normal(key(0), [50, 3]);
  const kernel = hmc({ leapfrogSteps: 6 });
  const state = await startChains(flat, kernel)(position);
  const advance = vectorize(kernel.step(flat, { stepSize: 0.2, inverseMass: [1, 4, 9] }));
  const one = await advance(state, key(1));
  const far = await vectorize(
    hmc({ leapfrogSteps: 12 }).step(flat, {
      stepSize: 0.2,
      inverseMass: [1, 4, 9],
    }),
  )(state, key(1));
  assert.ok(one.acceptance.data.every((p) => p === 1));
  const [way, twice] = [one, far].map((end) => end.position.sub(position));
  assert.ok(twice.sub(way.mul(2)).abs().max().item() < 1e-12);
});

Deno.test("hmc() draws step sizes between (1 − jitter) ε and ε, evenly", async () => {
  // On a flat density the way is proportional to the step size, which is the same for all coordinates.
  const flat = density(2, (x) => x.sum().mul(0));
  const position = normal(key(0), [10_000, 2]);
  const wayOf = async (jitter: number): Promise<Float64Array> => {
    const kernel = hmc({ leapfrogSteps: 3, jitter });
    const state = await startChains(flat, kernel)(position);
    const end = await vectorize(kernel.step(flat, { stepSize: 0.5 }))(state, key(1));
    return end.position.sub(position).data as Float64Array;
  };
  const [full, jittered] = [await wayOf(0), await wayOf(0.8)];
  const shares = Float64Array.from({ length: 10_000 }, (_, i) => jittered[2 * i] / full[2 * i]);
  shares.forEach((share, i) => {
    assert.ok(share > 0.2 - 1e-9 && share < 1 + 1e-9);
    assert.ok(Math.abs(jittered[2 * i + 1] / full[2 * i + 1] - share) < 1e-9);
  });
  // A false alarm has probability below 1e-9.
  const uniform = shares.map((share) => Math.min(1, Math.max(0, (1 - share) / 0.8)));
  assert.ok(uniformityProbability(uniform) > 1e-9);
});

Deno.test("hmc() rejects trajectories that diverge, whatever they end in", async () => {
  // With steps far too long the energy grows beyond 1000, to infinity, and to NaN.
  const steep = density(1, (x) => x.pow(4).sum().mul(-1));
  const position = ones([64, 1]).mul(2);
  for (const leapfrogSteps of [1, 2, 3, 4, 8, 50]) {
    const kernel = hmc({ leapfrogSteps });
    const state = await startChains(steep, kernel)(position);
    const end = await vectorize(kernel.step(steep, { stepSize: 2 }))(state, key(0));
    assert.ok(end.acceptance.data.every((p) => p === 0));
    for (const leaf of ["position", "logDensity", "gradient"] as const) {
      assertSameBits(end[leaf], state[leaf], leaf);
    }
  }
});

Deno.test("hmc() lets chains come in from far out, where they lose much energy at once", async () => {
  // From |x| = 60 a whole trajectory at a coarse step size is off by more than 1000, downwards.
  const bell = density(2, (x) => x.square().sum().mul(-0.5));
  const kernel = hmc({ leapfrogSteps: 1 });
  const state = await startChains(bell, kernel)(ones([32, 2]).mul(60));
  const end = await vectorize(kernel.step(bell, { stepSize: 1.3 }))(state, key(0));
  const lost = end.logDensity.sub(state.logDensity);
  assert.ok(lost.data.every((change) => change > 1000));
  assert.ok(end.acceptance.data.every((p) => p === 1));
});

const refused: readonly (readonly [string, unknown, RegExp])[] = [
  [
    "no leapfrog steps",
    { leapfrogSteps: 0 },
    /^RangeError: .*0 leapfrog steps: `leapfrogSteps` must/,
  ],
  ["half a leapfrog step", { leapfrogSteps: 2.5 }, /^RangeError: .*2\.5 leapfrog steps: /],
  ["leapfrog steps in words", { leapfrogSteps: "3" }, /^RangeError: .*3 leapfrog steps: /],
  ["a jitter of 1", { jitter: 1 }, /^RangeError: .*jitter 1: expected a number in \[0, 1\)$/],
  ["a negative jitter", { jitter: -0.1 }, /^RangeError: .*jitter -0\.1: /],
  ["a jitter that is NaN", { jitter: NaN }, /^RangeError: .*jitter NaN: /],
  [
    "an unknown option",
    { steps: 3 },
    /^TypeError: .*unknown option `steps`: .*leapfrogSteps, jitter$/,
  ],
  [
    "a number of steps in place of options",
    10,
    /^TypeError: Cannot make HMC with the options 10: give an object with some of leapfrogSteps, jitter$/,
  ],
  ["null in place of options", null, /^TypeError: Cannot make HMC with the options null: give an/],
  ["a list in place of options", [10], /^TypeError: Cannot make HMC with the options \[10\]: give/],
];

for (const [what, options, message] of refused) {
  Deno.test(`hmc() refuses ${what}`, () => {
    assert.throws(() => hmc(options as HmcOptions), message);
  });
}

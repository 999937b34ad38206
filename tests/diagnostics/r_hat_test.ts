import assert from "node:assert/strict";
import { potentialScale } from "../../src/diagnostics/potential_scale.ts";
import { rHat } from "../../src/diagnostics/r_hat.ts";
import { assertClose, drawsCases, drawsOf } from "./golden.ts";
import { independent, mapDraws, reorderChains, replications } from "./series.ts";

/** R-hat of draws of a scalar. */
function of(draws: Parameters<typeof rHat>[0]): number {
  const value = rHat(draws);
  assert.equal(typeof value, "number");
  return value as number;
}

Deno.test("rHat() agrees with ArviZ", () => {
  for (const { name, draws, rHat: expected } of drawsCases) {
    // ArviZ wants two chains; ours compares the halves of one.
    if (draws.shape[0] > 1) assertClose(of(draws), expected, 1e-12, name);
  }
});

Deno.test("rHat() of one chain compares its halves as if they were two", () => {
  // A chain of two equal halves looks like two chains that agree.
  const half = independent(replications(1, 1)[0], [1, 40]).data;
  const twice = { data: Float64Array.from([...half, ...half]), shape: [1, 80] };
  assertClose(of(twice), Math.sqrt(39 / 40), 1e-12);
  assert.ok(of(drawsOf("one slow chain")) > 1.3);
});

Deno.test("rHat() does not change under affine maps and reordered chains", () => {
  for (const { name, draws } of drawsCases) {
    const expected = of(draws);
    const order = Array.from({ length: draws.shape[0] }, (_, i) => draws.shape[0] - 1 - i);
    assertClose(of(reorderChains(draws, order)), expected, 1e-12, name);
    // Powers of two: a rounded map would separate ties.
    assertClose(of(mapDraws(draws, (x) => -4 * x)), expected, 1e-12, name);
  }
});

Deno.test("rHat() is infinite for chains that are stuck apart", () => {
  // The distances from the median, 1/2, are all equal; they must not hide the disagreement.
  const draws = { data: Float64Array.of(0, 0, 0, 0, 1, 1, 1, 1), shape: [2, 4] };
  assert.equal(of(draws), Infinity);
});

Deno.test("rHat() sees what parts of it would miss", () => {
  const trend = drawsOf("a trend");
  const wide = drawsOf("a wider chain");
  const [chains, draws] = trend.shape;
  // Unsplit chains share the trend; ranks of the draws alone do not see the width.
  assert.ok(potentialScale({ values: trend.data, chains, draws }) < 1.02);
  assert.ok(of(trend) > 1.2);
  const halves = { values: wide.data, chains: 8, draws: 25 };
  assert.ok(potentialScale(halves) < 1.05);
  assert.ok(of(wide) > 1.1);
});

Deno.test("rHat() gives a number for each scalar of a parameter", () => {
  const draws = independent(replications(2, 1)[0], [3, 30, 2, 5]);
  const all = rHat(draws);
  assert.ok(all instanceof Float64Array && all.length === 10);
  const data = draws.data.filter((_, i) => i % 10 === 7);
  assert.equal(all[7], rHat({ data, shape: [3, 30] }));
});

Deno.test("rHat() is not defined for fewer than 4 draws or an infinite median", () => {
  assert.equal(of({ data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }), NaN);
  const far = mapDraws(drawsOf("independent"), (x) => x > -0.5 ? Infinity : x);
  assert.equal(of(far), NaN);
});

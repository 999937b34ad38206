import assert from "node:assert/strict";
import type { Draws } from "../../src/diagnostics/draws.ts";
import {
  effectiveSampleSize,
  effectiveSampleSizeTail,
} from "../../src/diagnostics/effective_sample_size.ts";
import { assertClose, drawsCases, drawsOf } from "./golden.ts";
import { autoregressive, independent, mapDraws, reorderChains, replications } from "./series.ts";

function bulk(draws: Draws): number {
  return effectiveSampleSize(draws) as number;
}

function tail(draws: Draws): number {
  return effectiveSampleSizeTail(draws) as number;
}

function meanAndError(values: readonly number[]): [mean: number, error: number] {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / (values.length - 1) / values.length)];
}

Deno.test("effectiveSampleSize() agrees with ArviZ", () => {
  for (const one of drawsCases) assertClose(bulk(one.draws), one.bulk, 1e-10, one.name);
});

Deno.test("effectiveSampleSizeTail() agrees with ArviZ", () => {
  for (const one of drawsCases) assertClose(tail(one.draws), one.tail, 1e-10, one.name);
});

Deno.test("effective sample sizes do not change under increasing maps and reordered chains", () => {
  for (const { name, draws } of drawsCases) {
    const { size } = new Set(draws.data);
    const order = Array.from({ length: draws.shape[0] }, (_, i) => draws.shape[0] - 1 - i);
    const reordered = reorderChains(draws, order);
    assertClose(bulk(reordered), bulk(draws), 1e-10, name);
    assertClose(tail(reordered), tail(draws), 1e-10, name);
    const mapped = mapDraws(draws, Math.atan);
    // Rounding must not make ties.
    if (new Set(mapped.data).size < size) continue;
    assert.equal(bulk(mapped), bulk(draws), name);
    // A quantile between two draws stays between them.
    assert.equal(tail(mapped), tail(draws), name);
  }
});

Deno.test("effectiveSampleSize() of an autoregressive series is n (1 − φ) / (1 + φ)", () => {
  // The mean over 30 series must be the truth within 3 % for Geyer's truncation, which is biased, and
  // five standard errors: each of the four a false alarm at most once in 4e4 runs (t distribution with
  // 29 degrees of freedom).
  for (const coefficient of [-0.2, 0, 0.5, 0.8]) {
    const truth = 4 * 1500 * (1 - coefficient) / (1 + coefficient);
    const ratios = replications(11, 30)
      .map((key) => bulk(autoregressive(key, [4, 1500], coefficient)) / truth);
    const [mean, error] = meanAndError(ratios);
    assert.ok(Math.abs(mean - 1) < 0.03 + 5 * error, `${coefficient}: ${mean} ± ${error}`);
  }
});

Deno.test("effectiveSampleSize() of draws that come twice is half their number", () => {
  // As above: 3 % and five standard errors, a false alarm at most once in 4e4 runs.
  const ratios = replications(12, 30).map((key) => {
    const { data } = independent(key, [4, 500]);
    const twice = Float64Array.from({ length: 4000 }, (_, i) => data[i >> 1]);
    return bulk({ data: twice, shape: [4, 1000] }) / 2000;
  });
  const [mean, error] = meanAndError(ratios);
  assert.ok(Math.abs(mean - 1) < 0.03 + 5 * error, `${mean} ± ${error}`);
});

Deno.test("effectiveSampleSize() falls when chains disagree, which no chain knows", () => {
  assert.ok(bulk(drawsOf("a shifted chain")) < 15);
  assert.ok(bulk(drawsOf("a trend")) < 15);
  assert.ok(tail(drawsOf("a wider chain")) < bulk(drawsOf("a wider chain")) / 2);
});

Deno.test("effective sample sizes are given for each scalar of a parameter", () => {
  const draws = independent(replications(13, 1)[0], [2, 40, 11]);
  const [all, tails] = [effectiveSampleSize(draws), effectiveSampleSizeTail(draws)];
  assert.ok(all instanceof Float64Array && all.length === 11);
  assert.ok(tails instanceof Float64Array && tails.length === 11);
  const one = { data: draws.data.filter((_, i) => i % 11 === 9), shape: [2, 40] };
  assert.equal(all[9], bulk(one));
  assert.equal(tails[9], tail(one));
});

Deno.test("effective sample sizes need 4 draws a chain", () => {
  const short = { data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };
  assert.equal(bulk(short), NaN);
  assert.equal(tail(short), NaN);
});

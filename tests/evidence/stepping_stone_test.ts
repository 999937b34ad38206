/**
 * log Z by stepping stones, and whether its standard error covers the truth: on rungs that are Gaussian,
 * with draws that are correlated in time and between rungs, as swaps make them.
 */
import assert from "node:assert/strict";
import { type SteppingStoneEvidence, steppingStoneEvidence } from "../../src/evidence/mod.ts";
import { foldInWords, type KeyWords } from "../../src/random/words.ts";
import { autoregressive, normals, replications } from "../diagnostics/series.ts";
import { type Estimated, looksNormal, scoresOf } from "./scores.ts";

const LADDER = [1, 0.4, 0.1, 0];
const [CHAINS, DRAWS] = [8, 300];
/** Of r = N(0, 1) and ln L = −½ · 8x². */
const STRENGTH = 8;
const LOG_EVIDENCE = -0.5 * Math.log(1 + STRENGTH);

function likelihoods(white: (rung: number) => ArrayLike<number>): {
  data: Float64Array;
  shape: number[];
} {
  const rungs = LADDER.length;
  const data = new Float64Array(CHAINS * DRAWS * rungs);
  LADDER.forEach((beta, rung) => {
    const z = white(rung);
    for (let row = 0; row < CHAINS * DRAWS; row++) {
      data[row * rungs + rung] = -0.5 * STRENGTH * z[row] ** 2 / (1 + beta * STRENGTH);
    }
  });
  return { data, shape: [CHAINS, DRAWS, rungs] };
}

/** Slow in time, and each rung half the same as the others. */
function correlated(key: KeyWords): ReturnType<typeof likelihoods> {
  const series = (i: number): ArrayLike<number> =>
    autoregressive(foldInWords(key, i), [CHAINS, DRAWS], 0.9).data;
  const shared = series(99);
  return likelihoods((rung) => {
    const own = series(rung);
    return Float64Array.from(own, (x, i) => Math.SQRT1_2 * (x + shared[i]));
  });
}

function scores(of: (key: KeyWords) => Estimated): number[] {
  return scoresOf(replications(17, 300).map(of), LOG_EVIDENCE);
}

const options = { inverseTemperatures: LADDER };

Deno.test("steppingStoneEvidence() is the product of the means, whatever the scale", () => {
  const { data, shape } = likelihoods((rung) => normals([1, rung], CHAINS * DRAWS));
  let expected = 0;
  for (let rung = 1; rung < 4; rung++) {
    let sum = 0;
    for (let at = rung; at < data.length; at += 4) {
      sum += Math.exp((LADDER[rung - 1] - LADDER[rung]) * data[at]);
    }
    expected += Math.log(sum / (CHAINS * DRAWS));
  }
  const found = steppingStoneEvidence({ data, shape }, options);
  assert.ok(Math.abs(found.estimate - expected) < 1e-12);
  const shifted = steppingStoneEvidence({ data: data.map((x) => x - 1e5), shape }, options);
  assert.ok(Math.abs(shifted.estimate + 1e5 - expected) < 1e-9);
  assert.ok(Math.abs(shifted.standardError / found.standardError - 1) < 1e-6);
  assert.equal(found.relativeTo, "reference");
  assert.equal(
    steppingStoneEvidence({ data, shape }, { ...options, relativeTo: "prior" }).relativeTo,
    "prior",
  );
});

Deno.test("steppingStoneEvidence() covers the truth as often as it says, with slow chains", () => {
  assert.ok(looksNormal(scores((key) => steppingStoneEvidence(correlated(key), options))));
});

Deno.test("an error that takes rungs for independent of each other does not cover the truth", () => {
  // The same draws at each rung, shifted in time for all but the first: their sum cannot tell.
  const apart = (key: KeyWords): Estimated => {
    const { data, shape } = correlated(key);
    const { estimate } = steppingStoneEvidence({ data, shape }, options);
    const shifted = Float64Array.from(data, (_, at) => {
      const [row, rung] = [Math.floor(at / 4), at % 4];
      const other = (row + rung * 2 * DRAWS) % (CHAINS * DRAWS);
      return data[other * 4 + rung];
    });
    return { ...steppingStoneEvidence({ data: shifted, shape }, options), estimate };
  };
  assert.ok(!looksNormal(scores(apart)));
});

Deno.test("an error that takes draws for independent in time does not cover the truth", () => {
  const naive = (key: KeyWords): Estimated => {
    const found: SteppingStoneEvidence = steppingStoneEvidence(correlated(key), options);
    const factor = Math.sqrt(found.effectiveSampleSize / (CHAINS * DRAWS));
    return { ...found, standardError: found.standardError * factor };
  };
  assert.ok(!looksNormal(scores(naive)));
});

Deno.test("a mutant that takes the colder rung of each pair does not cover the truth", () => {
  const mutant = (key: KeyWords): Estimated => {
    const { data, shape } = correlated(key);
    const colder = data.map((_, at) => data[Math.max(at - 1, at - at % 4)]);
    return steppingStoneEvidence({ data: colder, shape }, options);
  };
  assert.ok(!looksNormal(scores(mutant)));
});

Deno.test("a likelihood of 0 at some draws is a weight of 0", () => {
  const data = Float64Array.from({ length: 4 * 8 * 2 }, (_, at) => at % 4 === 1 ? -Infinity : 0);
  const { estimate, standardError } = steppingStoneEvidence(
    { data, shape: [4, 8, 2] },
    { inverseTemperatures: [1, 0] },
  );
  assert.ok(Math.abs(estimate - Math.log(0.5)) < 1e-12 && standardError > 0);
});

Deno.test("steppingStoneEvidence() of few draws has no error", () => {
  const { estimate, standardError } = steppingStoneEvidence(
    { data: new Float64Array(2 * 3 * 2), shape: [2, 3, 2] },
    { inverseTemperatures: [1, 0] },
  );
  assert.deepEqual([estimate, standardError], [0, NaN]);
});

Deno.test("steppingStoneEvidence() refuses what it cannot use", () => {
  const data = new Float64Array(2 * 4 * 2);
  const of = (values: Float64Array, ladder: readonly number[], shape = [2, 4, 2]) => () =>
    steppingStoneEvidence({ data: values, shape }, { inverseTemperatures: ladder });
  assert.throws(of(data, [1, 0.5, 0]), /shape \[chains, draws, rungs\] .* got \[2, 4, 2\] and 3/);
  assert.throws(of(data, [1, 0.5]), /\[1, 0\.5\] must fall from 1 to 0/);
  assert.throws(of(data, [0, 1]), /must fall/);
  assert.throws(of(data, [1, 0], [16]), /must have the shape/);
  assert.throws(of(data.with(3, NaN), [1, 0]), /at rung 1: log weight 1 is NaN/);
  assert.throws(of(data.map(() => -Infinity), [1, 0]), /at rung 1: all 8 weights are zero/);
});

/**
 * Standard errors of bridge sampling from correlated chains: honest ones cover the truth as often as they
 * say, and mutants do not.
 */
import assert from "node:assert/strict";
import { bridgeEvidence } from "../../src/evidence/bridge.ts";
import type { Draws } from "../../src/diagnostics/draws.ts";
import { foldInWords, type KeyWords } from "../../src/random/words.ts";
import {
  autoregressive,
  mapDraws,
  normals,
  replications,
  uniforms,
} from "../diagnostics/series.ts";
import { type Estimated, looksNormal, scoresOf } from "./scores.ts";

const REPLICATIONS = 600;
/** Of p = exp(−x²/2). */
const LOG_EVIDENCE = Math.log(2 * Math.PI) / 2;

/** ln p − ln q at x; q is the normal distribution with a standard deviation. */
function logWeight(x: number, sd: number): number {
  return -x * x / 2 + x * x / (2 * sd ** 2) + Math.log(sd * Math.sqrt(2 * Math.PI));
}

/** ln p − ln q at independent draws of q. */
function proposed(key: KeyWords, size: number, sd: number): Float64Array {
  return normals(key, size).map((x) => logWeight(sd * x, sd));
}

/** Log weights at draws and at proposals. */
interface Sampled {
  readonly draws: Draws;
  readonly proposals: Float64Array;
}

/** Slow chains, whose squares have an autocorrelation of 0.81, and independent proposals. */
function slowChains(key: KeyWords): Sampled {
  return {
    draws: mapDraws(
      autoregressive(foldInWords(key, 0), [8, 300], 0.9),
      (x) => logWeight(x, 1.5),
    ),
    proposals: proposed(foldInWords(key, 1), 2400, 1.5),
  };
}

/**
 * Chains that independence Metropolis–Hastings moves, from a first draw of p; with the proposals that moved
 * them, or with others. The closer q is to p, the more of them are draws themselves: what both means err by
 * is then the same, and counted as if it were not.
 */
function movedChains(key: KeyWords, reuse: boolean): Sampled {
  const shape = [8, 100];
  const size = shape[0] * shape[1];
  const offered = proposed(foldInWords(key, 0), size, 1.1);
  const chance = uniforms(foldInWords(key, 1), size);
  const starts = normals(foldInWords(key, 2), shape[0]).map((x) => logWeight(x, 1.1));
  const data = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const here = i % shape[1] === 0 ? starts[i / shape[1]] : data[i - 1];
    data[i] = chance[i] < Math.exp(offered[i] - here) ? offered[i] : here;
  }
  const proposals = reuse ? offered : proposed(foldInWords(key, 3), size, 1.1);
  return { draws: { data, shape }, proposals };
}

function scores(
  sampled: (key: KeyWords) => Sampled,
  of: (sampled: Sampled) => Estimated = ({ draws, proposals }) => bridgeEvidence(draws, proposals),
): number[] {
  return scoresOf(replications(71, REPLICATIONS).map((key) => of(sampled(key))), LOG_EVIDENCE);
}

Deno.test("bridgeEvidence() covers the truth as often as its standard error says, with slow chains", () => {
  assert.ok(looksNormal(scores(slowChains)));
});

Deno.test("bridgeEvidence() covers the truth as often as it says, with chains that repeat draws", () => {
  assert.ok(looksNormal(scores((key) => movedChains(key, false))));
});

Deno.test("a standard error that takes the draws for independent does not cover the truth", () => {
  // The draws in any order are as good as independent to who looks at them.
  const shuffled = ({ draws: { data, shape }, proposals }: Sampled): Estimated => {
    const [chains, perChain] = shape;
    const apart = Float64Array.from(data, (_, i) => {
      const [chain, draw] = [Math.floor(i / perChain), i % perChain];
      return data[((chain + draw) % chains) * perChain + (draw * 7919) % perChain];
    });
    return bridgeEvidence({ data: apart, shape }, proposals);
  };
  assert.ok(!looksNormal(scores(slowChains, shuffled)));
});

Deno.test("proposals that moved the chains do not cover the truth", () => {
  assert.ok(!looksNormal(scores((key) => movedChains(key, true))));
});

Deno.test("a proposal density that is not normalised does not cover the truth", () => {
  // A tenth of ln √2π.
  const lost = ({ draws, proposals }: Sampled): Estimated =>
    bridgeEvidence(mapDraws(draws, (w) => w + 0.09), proposals.map((w) => w + 0.09));
  assert.ok(!looksNormal(scores(slowChains, lost)));
});

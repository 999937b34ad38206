/**
 * The evidence by bridge sampling.
 *
 * @module
 */
import { checkShape, type Draws } from "../diagnostics/draws.ts";
import { meanSize } from "../diagnostics/effective_sample_size.ts";
import { logLargestOf, type LogWeights } from "../diagnostics/log_weights.ts";
import { memory } from "../diagnostics/memory.ts";
import { moments } from "../diagnostics/moments.ts";
import { LEAST_DRAWS } from "../diagnostics/scalar.ts";
import { splitChains } from "../diagnostics/split_chains.ts";
import { exp, log } from "../tensor/functions/scalar_math.ts";
import type { BridgeEvidence } from "./evidence.ts";

const ACTION = "estimate the evidence";

/** The balance is found when it is known so closely: relative to Z, or to ln Z where that is large. */
const TOLERANCE = 1e-12;
/** Most steps; 3 to 6 are the rule, and of 60,000 random inputs of all scales none took over 80. */
const MOST_STEPS = 300;

/** Weights by their logarithms, relative to a reference, with the largest and the smallest that is not 0. */
interface Side {
  readonly logWeights: Float64Array;
  readonly logLargest: number;
  readonly logSmallest: number;
}

/** Shares w / (w + eᶜ) of weights w. */
interface Shares {
  /** The shares in units of the largest weight's or of 1, which do not matter for relative errors. */
  readonly each: Float64Array;
  /** ln of their mean. */
  readonly logMean: number;
  /** How that changes with c: from −1 to 0. */
  readonly slope: number;
}

/** The shares at a c, whose mean keeps its digits however far c is from all weights. */
function sharesAt({ logWeights, logLargest }: Side, c: number): Shares {
  const logUnit = Math.min(0, logLargest - c);
  let sum = 0;
  let change = 0;
  const each = logWeights.map((logWeight) => {
    const x = logWeight - c;
    const small = exp(-Math.abs(x));
    const share = (x > 0 ? 1 : logUnit === 0 ? small : exp(x - logUnit)) / (1 + small);
    sum += share;
    change -= share * (x > 0 ? small : 1) / (1 + small);
    return share;
  });
  return { each, logMean: logUnit + log(sum / each.length), slope: change / sum };
}

/** Weights w = p/q at proposals and 1/w at draws, with how many of each there are. */
interface Bridge {
  readonly proposals: Side;
  readonly draws: Side;
}

/**
 * The c at which N₂ · mean of w / (w + eᶜ) over proposals equals N₁ · mean of eᶜ / (w + eᶜ) over draws: where
 * the difference of the logarithms is 0. It falls with c, with a slope between −2 and 0, so that Newton's
 * method is at home; where that leaves the interval of the solution, the interval is halved. (Meng and
 * Wong's own step is the difference itself: it gains a digit in a few steps where p and q overlap well, and
 * in hundreds where they do not.)
 *
 * @param bridge The weights.
 * @param ratio N₁ / N₂.
 * @param first Where to begin.
 * @returns c.
 */
function balance({ proposals, draws }: Bridge, ratio: number, first: number): number {
  const logRatio = log(ratio);
  // Beyond all weights by so much, one side of the balance is certain to be the heavier one.
  const margin = 1 + Math.abs(logRatio) + log(proposals.logWeights.length) +
    log(draws.logWeights.length);
  let low = Math.min(proposals.logSmallest, -draws.logLargest) - margin;
  let high = Math.max(proposals.logLargest, -draws.logSmallest) + margin;
  let c = first;
  for (let step = 0; step < MOST_STEPS; step++) {
    const [up, down] = [sharesAt(proposals, c), sharesAt(draws, -c)];
    const difference = up.logMean - down.logMean - logRatio;
    if (difference > 0) low = c;
    else high = c;
    const newton = c - difference / (up.slope + down.slope);
    if (Math.abs(newton - c) <= TOLERANCE * Math.max(1, Math.abs(c))) return newton;
    c = newton > low && newton < high ? newton : low + (high - low) / 2;
    if (high - low <= TOLERANCE * Math.max(1, Math.abs(c))) return c;
  }
  throw new RangeError(
    `Cannot ${ACTION}: bridge sampling has not converged after ${MOST_STEPS} steps; the log weights ` +
      "are not those of draws of the target and of the proposal: check both log densities",
  );
}

/** Relative variance of a mean of so many independent numbers. */
function relativeVariance(values: Float64Array, size: number): number {
  const { mean, variance } = moments(values);
  return variance / (size * mean * mean);
}

function sideOf(logWeights: Float64Array): Side {
  return {
    logWeights,
    logLargest: logLargestOf(ACTION, logWeights),
    logSmallest: logWeights.reduce(
      (least, x) => x > -Infinity ? Math.min(least, x) : least,
      Infinity,
    ),
  };
}

/** 1/w at the draws of the target, relative to a reference. */
function inverseWeights({ data, shape }: Draws, reference: number): Side {
  const place = data.findIndex((logWeight) => !(logWeight > -Infinity));
  if (place >= 0) {
    const [chain, draw] = [Math.floor(place / shape[1]), place % shape[1]];
    throw new RangeError(
      `Cannot ${ACTION}: the log weight of chain ${chain}, draw ${draw} is ${data[place]}; ` +
        "the target has a positive density at its draws, so check both log densities there",
    );
  }
  if (data.every((logWeight) => logWeight === Infinity)) {
    throw new RangeError(
      `Cannot ${ACTION}: the proposal's density is zero at all ${data.length} draws; it must be ` +
        "positive where the target draws",
    );
  }
  return sideOf(data.map((logWeight) => reference - logWeight));
}

function checkDraws({ data, shape }: Draws): void {
  checkShape(ACTION, { data, shape });
  if (shape.length === 2) return;
  throw new TypeError(
    `Cannot ${ACTION}: the log weights of draws must have the shape [chains, draws], got ` +
      `[${shape.join(", ")}]`,
  );
}

/**
 * Estimates the evidence of a density p by bridge sampling between draws of p and draws of a normalised
 * density q. It is the Z that solves
 *
 * Z = mean over proposals of p / (s₁ p + s₂ Z q) / mean over draws of q / (s₁ p + s₂ Z q),
 *
 * with the shares s₁ = N₁ / (N₁ + N₂) and s₂ = N₂ / (N₁ + N₂): of all functions that could bridge p and
 * q, the one with the least error. Both means are of bounded functions, so that their variances are
 * finite even where q is too narrow and importance weights have none.
 *
 * Draws of a chain are correlated: N₁ is their effective sample size for the function that is averaged
 * over them, and so it is in the standard error, by the delta method √(Var f₂ / (N₂ f̄₂²) + Var f₁ /
 * (N₁ f̄₁²)), where f₂ and f₁ are the two functions.
 *
 * Source: Meng & Wong (1996), Statistica Sinica 6, equations 2.2 and 4.1; Bennett (1976) for the form that
 * is solved; the standard error by Frühwirth-Schnatter (2004), Econometrics Journal 7, as in Gronau et al.
 * (2017), "A tutorial on bridge sampling", Journal of Mathematical Psychology 81, appendix A, with
 * {@linkcode effectiveSampleSize}'s estimate in place of a spectral density at 0.
 *
 * @param draws ln p(x) − ln q(x) of draws x of p by Markov chains that have converged, chains × draws, with
 * ln q normalised; +∞ where q vanishes. Draws that repeat after rejections belong to it.
 * @param proposals ln p(x) − ln q(x) of independent draws x of q; −∞ where p vanishes. They must be
 * independent of the chains as well: those that the chains were offered as jumps will not do, since the
 * chains are where the best of them were, and the standard error would be too small.
 * @returns The estimate in natural logarithms. For fewer than 4 draws of each chain, N₁ is their number and
 * the standard error NaN; it is NaN for a single proposal too.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If there are no draws or proposals, one of their log weights is NaN, p is zero or
 * infinite where it must not be, all weights of one kind are zero, or the two hardly overlap.
 *
 * @example The area of a bell
 * ```ts
 * import { bridgeEvidence, key, normal } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * // p = exp(−x²/2); q is the normal distribution with standard deviation 2.
 * const logWeight = (x: number) => -x * x / 2 + x * x / 8 + Math.log(2 * Math.sqrt(2 * Math.PI));
 * const draws = Float64Array.from(normal(key(1), [4, 1000]).data, logWeight);
 * const proposals = Float64Array.from(normal(key(2), [4000]).data, (x) => logWeight(2 * x));
 * const { estimate, standardError } = bridgeEvidence({ data: draws, shape: [4, 1000] }, proposals);
 * assert(Math.abs(estimate - Math.log(2 * Math.PI) / 2) < 5 * standardError);
 * ```
 */
export function bridgeEvidence(draws: Draws, proposals: LogWeights): BridgeEvidence {
  checkDraws(draws);
  // Relative to the largest weight of a proposal, of which ln is 0 then, so that no digits are lost.
  const reference = logLargestOf(ACTION, proposals);
  const bridge = {
    proposals: sideOf(Float64Array.from(proposals, (logWeight) => logWeight - reference)),
    draws: inverseWeights(draws, reference),
  };
  const [chains, perChain] = draws.shape;
  const room = memory();
  const effective = (values: Float64Array): number =>
    perChain < LEAST_DRAWS
      ? values.length
      : meanSize(splitChains({ values, chains, draws: perChain }, room));
  const count = proposals.length;
  // Where the bridge for all draws stands, from the importance estimate of Z on, tells what they are worth.
  const all = chains * perChain / count;
  const { mean } = moments(bridge.proposals.logWeights.map(exp));
  const first = balance(bridge, all, log(mean) - log(all));
  const ratio = effective(sharesAt(bridge.draws, -first).each) / count;
  const c = balance(bridge, ratio, first);
  const [ofProposals, ofDraws] = [sharesAt(bridge.proposals, c), sharesAt(bridge.draws, -c)];
  const size = effective(ofDraws.each);
  const variance = relativeVariance(ofProposals.each, count) +
    relativeVariance(ofDraws.each, size);
  return {
    estimate: reference + c + log(ratio),
    standardError: perChain < LEAST_DRAWS ? NaN : Math.sqrt(variance),
    method: "bridge sampling",
    effectiveSampleSize: size,
    overlap: exp(ofProposals.logMean) * (1 + ratio) / ratio,
  };
}

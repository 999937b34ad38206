/**
 * The evidence by bridge sampling.
 *
 * @module
 */
import { checkShape, type Draws } from "../diagnostics/draws.ts";
import { meanSize } from "../diagnostics/effective_sample_size.ts";
import { type LogWeights, type ScaledWeights, scaledWeights } from "../diagnostics/log_weights.ts";
import { memory } from "../diagnostics/memory.ts";
import { moments } from "../diagnostics/moments.ts";
import { LEAST_DRAWS } from "../diagnostics/scalar.ts";
import { splitChains } from "../diagnostics/split_chains.ts";
import { exp, log } from "../tensor/functions/scalar_math.ts";
import type { BridgeEvidence } from "./evidence.ts";

const ACTION = "estimate the evidence";

/** Two steps that are as close, relative to Z, are one. */
const TOLERANCE = 1e-10;
/** Most steps; three to eight are the rule. */
const MOST_STEPS = 1000;

/** w / (w + eᶜ) of weights w: of each, the logarithm of the mean, and the slope of that in c. */
interface Shares {
  readonly logMean: number;
  readonly slope: number;
}

/** One side of the bridge: weights in units of the largest, whose logarithm is relative to a reference. */
type Side = ScaledWeights;

/**
 * The mean share w / (w + eᶜ), which falls with c. Both terms are divided by the larger one of eᶜ and
 * the largest weight, so that nothing overflows and the mean keeps its digits wherever c lies.
 */
function sharesAt({ logLargest, weights }: Side, c: number): Shares {
  const top = Math.max(logLargest, c);
  const [unit, other] = [exp(logLargest - top), exp(c - top)];
  let sum = 0;
  let slope = 0;
  for (const weight of weights) {
    // 0 / 0 where c is far below all weights.
    if (weight === 0) continue;
    const all = weight * unit + other;
    sum += weight / all;
    slope -= weight * other / (all * all);
  }
  return { logMean: logLargest - top + log(sum / weights.length), slope: slope / sum };
}

/** Each share, in units of eᵗᵒᵖ of {@linkcode sharesAt}: units do not matter for relative errors. */
function eachShare({ logLargest, weights }: Side, c: number): Float64Array {
  const top = Math.max(logLargest, c);
  const [unit, other] = [exp(logLargest - top), exp(c - top)];
  return weights.map((weight) => weight === 0 ? 0 : weight / (weight * unit + other));
}

/** Weights w = p/q at proposals and 1/w at draws, with how many of each there are. */
interface Bridge {
  readonly proposals: Side;
  readonly draws: Side;
}

/**
 * The c at which N₂ · mean of w / (w + eᶜ) over proposals equals N₁ · mean of eᶜ / (w + eᶜ) over draws,
 * by Newton's method on the difference of the logarithms. That difference falls with a slope between −2
 * and 0, and a step by the difference itself, which is Meng and Wong's, always comes closer: it is taken
 * where Newton's would leave the interval that is known to hold the solution.
 */
function balance({ proposals, draws }: Bridge, sizes: Sizes, first: number): number {
  const logRatio = log(sizes.proposals / sizes.draws);
  let [low, high] = [-Infinity, Infinity];
  let c = first;
  for (let step = 0; step < MOST_STEPS; step++) {
    const [up, down] = [sharesAt(proposals, c), sharesAt(draws, -c)];
    const difference = logRatio + up.logMean - down.logMean;
    if (difference > 0) low = c;
    else high = c;
    const newton = c - difference / (up.slope + down.slope);
    const next = newton > low && newton < high ? newton : c + difference;
    if (Math.abs(next - c) <= TOLERANCE * Math.max(1, Math.abs(c))) return next;
    c = next;
  }
  throw new RangeError(
    `Cannot ${ACTION}: bridge sampling has not converged after ${MOST_STEPS} steps, since target ` +
      "and proposal hardly overlap; use a proposal that is closer to the target",
  );
}

/** How many independent draws of the target and of the proposal there are. */
interface Sizes {
  readonly draws: number;
  readonly proposals: number;
}

/** Relative variance of a mean of so many independent numbers. */
function relativeVariance(values: Float64Array, size: number): number {
  const { mean, variance } = moments(values);
  return variance / (size * mean * mean);
}

/** 1/w at the draws of the target, relative to a reference. */
function inverseWeights({ data, shape }: Draws, reference: number): Side {
  const place = data.findIndex((logWeight) => !(logWeight > -Infinity));
  if (place >= 0) {
    const [chain, draw] = [Math.floor(place / shape[1]), place % shape[1]];
    throw new RangeError(
      `Cannot ${ACTION}: the log weight of chain ${chain}, draw ${draw} is ${
        data[place]
      }; a draw of ` +
        "the target has a positive density, so check both log densities there",
    );
  }
  if (data.every((logWeight) => logWeight === Infinity)) {
    throw new RangeError(
      `Cannot ${ACTION}: the proposal's density is zero at all ${data.length} draws; it must be ` +
        "positive where the target draws",
    );
  }
  return scaledWeights(ACTION, data.map((logWeight) => reference - logWeight));
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
  const direct = scaledWeights(ACTION, proposals);
  // Relative to the largest weight of a proposal, of which ln is 0 then.
  const reference = direct.logLargest;
  const bridge = {
    proposals: { logLargest: 0, weights: direct.weights },
    draws: inverseWeights(draws, reference),
  };
  const [chains, perChain] = draws.shape;
  const room = memory();
  const sizesAt = (c: number): Sizes => ({
    draws: perChain < LEAST_DRAWS ? chains * perChain : meanSize(
      splitChains({ values: eachShare(bridge.draws, -c), chains, draws: perChain }, room),
    ),
    proposals: proposals.length,
  });
  const all = { draws: chains * perChain, proposals: proposals.length };
  // The importance estimate of Z, at shares by number, is where to begin; then N₁ is known.
  const first = balance(
    bridge,
    all,
    log(moments(direct.weights).mean) + log(all.proposals / all.draws),
  );
  const sizes = sizesAt(first);
  const c = balance(bridge, sizes, first);
  const used = sizesAt(c);
  const logRatio = log(sizes.draws / sizes.proposals);
  const error = relativeVariance(eachShare(bridge.proposals, c), used.proposals) +
    relativeVariance(eachShare(bridge.draws, -c), used.draws);
  const share = sizes.draws / (sizes.draws + sizes.proposals);
  return {
    estimate: reference + c + logRatio,
    standardError: perChain < LEAST_DRAWS ? NaN : Math.sqrt(error),
    method: "bridge sampling",
    effectiveSampleSize: used.draws,
    overlap: exp(sharesAt(bridge.proposals, c).logMean) / share,
  };
}

/**
 * Rank-normalised nested R-hat.
 *
 * @module
 */
import { type Chains, checkShape, type Draws, mapScalars, perScalar } from "./draws.ts";
import { chainMoments } from "./moments.ts";
import { nestedScale } from "./nested_scale.ts";
import { spreadOf } from "./r_hat.ts";
import { rankNormaliser } from "./rank_normalise.ts";
import { bulkOf, LEAST_DRAWS, type Scalar, scalar } from "./scalar.ts";
import { LEAST_CHAINS, LEAST_HALF, startScale } from "./start_groups.ts";

/** Which chains make a superchain: the number of its superchain for each chain, or the chains of each. */
export type Superchains = ArrayLike<number> | readonly (readonly number[])[];

const ACTION = "compute nested R-hat";

/** Numbers of the superchains from 0, one for each chain. */
function numbersOf(
  superchains: Superchains,
  chains: number,
): { readonly numbers: Uint32Array; readonly count: number } {
  const given = typeof superchains === "object" && superchains !== null
    ? Array.from<unknown>(superchains as ArrayLike<unknown>)
    : [];
  const lists = given.some(Array.isArray);
  const of: unknown[] = lists ? new Array(chains).fill(undefined) : given;
  if (lists) {
    given.forEach((list, k) => {
      for (const chain of Array.isArray(list) ? list : [undefined]) {
        if (!(Number.isInteger(chain) && chain >= 0 && chain < chains && of[chain] === undefined)) {
          throw new RangeError(
            `Cannot ${ACTION}: superchain ${k} holds chain ${chain}; each chain from 0 to ` +
              `${chains - 1} must be in one superchain`,
          );
        }
        of[chain] = k;
      }
    });
  }
  const missing = of.findIndex((number) => typeof number !== "number" || Number.isNaN(number));
  if (of.length !== chains || missing >= 0) {
    throw new RangeError(
      `Cannot ${ACTION} of ${chains} chains: ` +
        (of.length === chains
          ? `chain ${missing} has no superchain`
          : `\`superchains\` has ${of.length} numbers; give one for each chain, or lists of chains`),
    );
  }
  const names = [...new Set(of)];
  if (names.length < 2) {
    throw new RangeError(`Cannot ${ACTION} with ${names.length} superchain: give at least 2`);
  }
  return { numbers: Uint32Array.from(of, (name) => names.indexOf(name)), count: names.length };
}

/**
 * Rank-normalised nested R-hat, for many chains that are too short for R-hat: how much wider superchains
 * are together than each by itself, in location (ranks) or in scale (ranks of distances from the median).
 * Chains of one superchain have started in the same place or near each other. R-hat asks each half chain
 * for 50 effective draws to be below 1.01; nested R-hat asks that of a superchain as a whole.
 *
 * It does not see what all superchains share: chains that all drift in the same way, or that all have
 * left out a part of the target.
 *
 * Source: Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari & Gelman, "Nested R-hat: assessing the
 * convergence of Markov chain Monte Carlo when running many short chains", Bayesian Analysis 2024,
 * equations 4 to 8; ranks and folding as in {@linkcode rHat}. Chains are cut in two as there, both halves
 * in one superchain.
 *
 * @param draws The draws, chains × draws × the shape of the parameter.
 * @param superchains The superchain of each chain, as `[0, 0, 1, 1]`, or the chains of each superchain, as
 * `[[0, 1], [2, 3]]`; best of equal size.
 * @returns A number for draws of the shape `[chains, draws]`; otherwise one number for each scalar of
 * the parameter, in row-major order. NaN where it is not defined: for fewer than 4 draws a chain, for a
 * scalar whose draws are all equal, or whose median is infinite.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If there are no draws, or a draw is NaN; if a chain has no superchain or two, or
 * there are fewer than two superchains.
 *
 * @example Many short chains
 * ```ts
 * import { key, nestedRHat, normal, rHat } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * // Chains of 20 independent values, each of them five times.
 * const values = normal(key(1), [100 * 20]).data;
 * const data = Float64Array.from({ length: 100 * 100 }, (_, i) => values[Math.floor(i / 5)]);
 * const draws = { data, shape: [100, 100] }; // chains × draws
 * const superchains = Array.from({ length: 100 }, (_, chain) => Math.floor(chain / 10));
 * assert(nestedRHat(draws, superchains) as number < 1.01);
 * // Half a chain has 10 independent values: √(1 + 1/10) = 1.05.
 * assert(rHat(draws) as number > 1.02);
 * ```
 */
export function nestedRHat(draws: Draws, superchains: Superchains): number | Float64Array {
  checkShape(ACTION, draws);
  const { numbers, count } = numbersOf(superchains, draws.shape[0]);
  const ofHalves = Array.from({ length: 2 * numbers.length }, (_, half) => numbers[half >> 1]);
  const scale = (halves: Chains): number => nestedScale(chainMoments(halves), ofHalves, count);
  return perScalar(
    draws,
    mapScalars(ACTION, draws, (memory) => {
      const normalise = rankNormaliser(memory);
      return (chains) => {
        if (chains.draws < LEAST_DRAWS) return NaN;
        const of = scalar(chains, memory);
        const spread = spreadOf(of, normalise, memory);
        return spread === undefined ? NaN : larger(bulkOf(of, normalise), spread, scale);
      };
    }),
  );
}

/** The larger number; that of the distances from the median may not be defined. */
function larger(bulk: Chains, spread: Chains, scale: (halves: Chains) => number): number {
  const [ofBulk, ofSpread] = [scale(bulk), scale(spread)];
  return ofSpread > ofBulk ? ofSpread : ofBulk;
}

/**
 * Nested R-hat of one scalar, with superchains by where its chains start; see `startScale`.
 *
 * @param scalar The scalar.
 * @param bulk Its rank-normalised halves.
 * @param spread The rank-normalised distances from the median; none if that is infinite.
 * @returns The larger one of bulk and spread; NaN for fewer than 16 chains or 6 draws of each.
 */
export function scalarNestedRHat(
  { chains, halves }: Scalar,
  bulk: Chains,
  spread: Chains | undefined,
): number {
  const enough = chains.chains >= LEAST_CHAINS && halves.draws >= LEAST_HALF;
  return enough && spread !== undefined ? larger(bulk, spread, startScale) : NaN;
}

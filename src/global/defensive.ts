/**
 * Defensive mixtures of proposals.
 *
 * @module
 */
import { split, uniform } from "../tensor/random.ts";
import { exp, log, log1p } from "../tensor/functions/scalar_math.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import type { Proposal, Proposed } from "./proposal.ts";

/** ln(eᵃ + eᵇ). */
function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return high === -Infinity ? high : high + log1p(exp(low - high));
}

function vector(data: Float64Array): Tensor {
  return fromArray({ dtype: "f64", shape: [data.length], data });
}

/**
 * The mixture (1 − w) main + w wide. Its density is nowhere below w · wide, so that weights p/q are
 * bounded where the tails of p are no heavier than those of `wide`: then importance sampling has a
 * finite variance, and independence moves are uniformly ergodic.
 *
 * Source: Hesterberg 1995, "Weighted average importance sampling and defensive mixture distributions";
 * on ergodicity, Mengersen & Tweedie 1996.
 *
 * @param main The distribution that most proposals come from.
 * @param wide A distribution with heavy tails.
 * @param weight w, the share of `wide`, in (0, 1); 0.1 by default.
 * @returns The mixture.
 * @throws {RangeError} If the weight is not in (0, 1).
 */
export function defensive(main: Proposal, wide: Proposal, weight = 0.1): Proposal {
  if (!(weight > 0 && weight < 1)) {
    throw new RangeError(`Cannot mix proposals with a weight of ${weight}: it must be in (0, 1)`);
  }
  const [logMain, logWide] = [log1p(-weight), log(weight)];
  const mixed = (ofMain: ArrayLike<number>, ofWide: ArrayLike<number>): Float64Array =>
    Float64Array.from(ofMain, (a, i) => logAdd(logMain + a, logWide + ofWide[i]));
  return {
    async sample(key, n): Promise<Proposed> {
      const [forChoice, forMain, forWide] = split(key, 3);
      const drawn = await main.sample(forMain, n);
      const choice = uniform(forChoice, [n]).data;
      const replaced = Array.from({ length: n }, (_, i) => i).filter((i) => choice[i] < weight);
      const position = Float64Array.from(drawn.position.data);
      const ofMain = Float64Array.from(drawn.logDensity.data);
      if (replaced.length > 0) {
        const other = (await wide.sample(forWide, replaced.length)).position;
        const there = (await main.logDensity(other)).data;
        const [, d] = other.shape;
        replaced.forEach((row, i) => {
          for (let j = 0; j < d; j++) position[row * d + j] = other.data[i * d + j];
          ofMain[row] = there[i];
        });
      }
      const points = fromArray({ dtype: "f64", shape: drawn.position.shape, data: position });
      const ofWide = (await wide.logDensity(points)).data;
      return { position: points, logDensity: vector(mixed(ofMain, ofWide)) };
    },
    async logDensity(position) {
      const [ofMain, ofWide] = [await main.logDensity(position), await wide.logDensity(position)];
      return vector(mixed(ofMain.data, ofWide.data));
    },
  };
}

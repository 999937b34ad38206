/**
 * What local moves are worth.
 *
 * @module
 */
import type { Tensor } from "../tensor/tensor.ts";

/**
 * How many independent positions each local step gives, (1 − ρ)/(1 + ρ) for chains that forget at the rate
 * of their first autocorrelation ρ, for the coordinate that is slowest. Means are over all chains: where
 * chains stay in modes of their own, ρ is near 1.
 *
 * @param positions chains × draws × d.
 * @param thin Steps from draw to draw.
 * @returns From 0 to 1; 0 where there are fewer than two draws or a coordinate does not vary.
 */
export function localEfficiency({ data, shape }: Tensor, thin: number): number {
  const [chains, draws, dimension] = shape;
  if (draws < 2) return 0;
  let least = 1;
  for (let i = 0; i < dimension; i++) {
    const at = (chain: number, draw: number) => data[(chain * draws + draw) * dimension + i];
    let mean = 0;
    for (let e = i; e < data.length; e += dimension) mean += data[e] / (chains * draws);
    let [square, product] = [0, 0];
    for (let chain = 0; chain < chains; chain++) {
      for (let draw = 0; draw < draws; draw++) {
        const x = at(chain, draw) - mean;
        square += x * x / draws;
        if (draw > 0) product += x * (at(chain, draw - 1) - mean) / (draws - 1);
      }
    }
    const correlation = Math.max(0, product / square);
    least = Math.min(least, (1 - correlation) / (1 + correlation));
  }
  return least > 0 ? least / thin : 0;
}

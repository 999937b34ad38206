/**
 * flowMC's own showcase: four modes on a ring in five dimensions, which local moves alone never mix.
 */
import { density, logSumExp, type Target, type Tensor } from "../mod.ts";

/** ln of the sum of two bells at ±3. */
function moon(coordinate: Tensor, width: number): Tensor {
  return logSumExp(coordinate.add([-3, 3]).div(width).square().mul(-0.5));
}

/** Dual moon; log Z = −3.68423, four modes of equal weight. */
export const dualMoon: Target<{ readonly x: Tensor }> = density(5, (x) => {
  const ring = x.norm().sub(2).div(0.1).square().mul(-0.5);
  return ring.add(moon(x.at(0), 0.8)).add(moon(x.at(1), 0.6));
});

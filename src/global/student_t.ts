/**
 * The multivariate Student-t distribution as a proposal: wide enough to reach what a flow has not seen.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Whitening } from "../flows/whitening.ts";
import { foldIn, type Key, normal, split, uniform } from "../tensor/random.ts";
import { log } from "../tensor/functions/scalar_math.ts";
import { fromArray, type Tensor, words } from "../tensor/tensor.ts";
import { trace } from "../tensor/trace.ts";
import type { Proposal } from "./proposal.ts";

/**
 * Degrees of freedom. With 4 the tails are heavy, the variance is finite (twice the scale matrix), and
 * a χ² variate is −2 ln(u₁u₂), exactly.
 */
const DEGREES = 4;
const LOG_PI = 1.1447298858494002;

/** ln Γ(n/2) for a whole n ≥ 1, from Γ(½) = √π, Γ(1) = 1 and Γ(x + 1) = xΓ(x). */
function logGammaOfHalf(n: number): number {
  let sum = n % 2 === 0 ? 0 : 0.5 * LOG_PI;
  for (let x = n / 2 - 1; x > 0; x--) sum += log(x);
  return sum;
}

/** The inverse of a lower triangular matrix, d × d. */
function inverseOf(lower: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let column = 0; column < d; column++) {
    for (let row = column; row < d; row++) {
      let sum = row === column ? 1 : 0;
      for (let k = column; k < row; k++) sum -= lower[row * d + k] * out[k * d + column];
      out[row * d + column] = sum / lower[row * d + row];
    }
  }
  return out;
}

/**
 * The multivariate Student-t distribution with 4 degrees of freedom around a mean, whose scale matrix is
 * a covariance: twice as wide as what the covariance was estimated from.
 *
 * ln t(x) = ln Γ((ν+d)/2) − ln Γ(ν/2) − (d/2) ln(νπ) − ln |L| − ((ν+d)/2) ln(1 + ‖L⁻¹(x − mean)‖²/ν).
 *
 * @param whitening The mean, and the Cholesky factor L of the scale matrix.
 * @param device Where it is drawn and evaluated.
 * @returns The distribution.
 */
export function studentT({ mean, cholesky }: Whitening, device: Device): Proposal {
  const d = mean.length;
  const matrix = (data: Float64Array): Tensor => fromArray({ dtype: "f64", shape: [d, d], data });
  const center = fromArray({ dtype: "f64", shape: [d], data: mean });
  const [factor, inverse] = [matrix(cholesky), matrix(inverseOf(cholesky, d))];
  let constant = logGammaOfHalf(DEGREES + d) - logGammaOfHalf(DEGREES) -
    0.5 * d * (log(DEGREES) + LOG_PI);
  for (let i = 0; i < d; i++) constant -= log(cholesky[i * d + i]);
  // For the squared distance of white coordinates.
  const logDensityAt = (square: Tensor): Tensor =>
    square.div(DEGREES).log1p().mul(-0.5 * (DEGREES + d)).add(constant);

  const vector = { dtype: "f64", shape: [d] } as const;
  const square = { dtype: "f64", shape: [d, d] } as const;
  const draw = device.map(
    trace((row, mean, factor, key) => {
      const [forDirection, forLength] = split(foldIn(key as Key, row));
      const chiSquare = uniform(forLength, [2]).neg().log1p().sum().mul(-2);
      const white = normal(forDirection, [d]).mul(chiSquare.div(DEGREES).reciprocal().sqrt());
      return [mean.add(factor.dot(white)), logDensityAt(white.square().sum())];
    }, [{ dtype: "u32", shape: [] }, vector, square, { dtype: "u32", shape: [2] }]),
    1,
  );
  const evaluate = device.map(
    trace((x, mean, inverse) => [
      logDensityAt(inverse.dot(x.sub(mean)).square().sum()),
    ], [vector, vector, square]),
    1,
  );
  return {
    async sample(key, n) {
      const rows = words(Uint32Array.from({ length: n }, (_, i) => i));
      const [position, logDensity] = await draw.run([rows], [center, factor, key]);
      return { position, logDensity };
    },
    logDensity: async (position) => (await evaluate.run([position], [center, inverse]))[0],
  };
}

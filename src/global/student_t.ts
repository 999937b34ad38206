/**
 * The multivariate Student-t distribution as a proposal: wide enough to reach what a flow has not seen.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { logDensityAtOrigin } from "../flows/base.ts";
import type { Whitening } from "../flows/whitening.ts";
import { TURN } from "../target/circle.ts";
import { where } from "../tensor/operations.ts";
import { foldIn, type Key, normal, split, uniform } from "../tensor/random.ts";
import { log } from "../tensor/functions/scalar_math.ts";
import { fromArray, type Tensor, tensor, words } from "../tensor/tensor.ts";
import { trace } from "../tensor/trace.ts";
import type { Proposal } from "./proposal.ts";

/**
 * Degrees of freedom. With 4 the tails are heavy, the variance is finite (twice the scale matrix), and
 * a χ² variate is −2 ln(u₁u₂), exactly.
 */
const DEGREES = 4;

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

/** Location and scale, and which coordinates are periodic with the period 2π; none by default. */
export interface StudentTShape extends Whitening {
  /** [d]. */
  readonly periodic?: readonly boolean[];
}

/**
 * The multivariate Student-t distribution with 4 degrees of freedom around a mean, whose scale matrix is
 * a covariance: twice as wide as what the covariance was estimated from.
 *
 * Periodic coordinates are independent of the others and uniform on the circle.
 *
 * ln t(x) = ln Γ((ν+d)/2) − ln Γ(ν/2) − (d/2) ln(νπ) − ln |L| − ((ν+d)/2) ln(1 + ‖L⁻¹(x − mean)‖²/ν).
 *
 * @param shape The mean, the Cholesky factor L of the scale matrix, and which coordinates are periodic.
 * @param device Where it is drawn and evaluated.
 * @returns The distribution.
 */
export function studentT(
  { mean, cholesky, periodic = [] }: StudentTShape,
  device: Device,
): Proposal {
  const d = mean.length;
  const turning = Array.from({ length: d }, (_, i) => periodic[i] === true);
  const lines = turning.map((each) => each ? 0 : 1);
  const power = -0.5 * (DEGREES + lines.filter((each) => each === 1).length);
  const matrix = (data: Float64Array): Tensor => fromArray({ dtype: "f64", shape: [d, d], data });
  const center = fromArray({ dtype: "f64", shape: [d], data: mean });
  const [factor, inverse] = [matrix(cholesky), matrix(inverseOf(cholesky, d))];
  let constant = logDensityAtOrigin({ degrees: DEGREES, periodic: turning });
  for (let i = 0; i < d; i++) constant -= log(cholesky[i * d + i]);
  const logDensityAt = (white: Tensor): Tensor => {
    const distance = (turning.includes(true) ? white.mul(lines) : white).square().sum();
    return distance.div(DEGREES).log1p().mul(power).add(constant);
  };

  const vector = { dtype: "f64", shape: [d] } as const;
  const square = { dtype: "f64", shape: [d, d] } as const;
  const draw = device.map(
    trace((row, mean, factor, key) => {
      const [forDirection, forLength, forAngles] = split(foldIn(key as Key, row), 3);
      const chiSquare = uniform(forLength, [2]).neg().log1p().sum().mul(-2);
      const white = normal(forDirection, [d]).mul(chiSquare.div(DEGREES).reciprocal().sqrt());
      const position = mean.add(factor.dot(white));
      if (!turning.includes(true)) return [position, logDensityAt(white)];
      const angles = uniform(forAngles, [d]).sub(0.5).mul(TURN);
      return [where(tensor(lines).equal(1), position, angles), logDensityAt(white)];
    }, [{ dtype: "u32", shape: [] }, vector, square, { dtype: "u32", shape: [2] }]),
    1,
  );
  const evaluate = device.map(
    trace((x, mean, inverse) => [
      logDensityAt(inverse.dot(x.sub(mean))),
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

/**
 * The path from a Student-t distribution to a density.
 *
 * @module
 */
import { expectGradient, type Target } from "../target/target.ts";
import { TURN } from "../target/circle.ts";
import { where } from "../tensor/operations.ts";
import { normal, split, uniform } from "../tensor/random.ts";
import { lgamma } from "../tensor/special_functions.ts";
import { log } from "../tensor/functions/scalar_math.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { applyProgram, trace } from "../tensor/trace.ts";
import { gradientInFirst, targetWith, type TemperedPath } from "./tempered_path.ts";

/** Degrees of freedom: heavy tails, and a χ² variate that is −2 ln(u₁u₂), exactly. */
const DEGREES = 4;

/** Where a reference is and how wide. */
export interface ReferenceShape {
  /** Its centre, [d]. */
  readonly mean: Tensor;
  /** Its scale along each coordinate, [d]. */
  readonly scale: Tensor;
}

/**
 * p_β ∝ r^(1−β) · p^β, where r is a multivariate Student-t distribution with 4 degrees of freedom and a
 * diagonal scale matrix, normalised and with a density everywhere; along periodic coordinates it is uniform
 * on the circle. With L = p/r that is r · L^β. At β = 0 it is drawn from exactly.
 *
 * @param target What is tempered.
 * @param shape Centre and scale.
 * @returns The path.
 */
export function studentTPath(target: Target, { mean, scale }: ReferenceShape): TemperedPath {
  const d = target.dimension;
  const lines = target.periodic.map((each) => each ? 0 : 1);
  const turns = lines.filter((each) => each === 0).length;
  const vector = { dtype: "f64", shape: [d] } as const;
  const scalar = { dtype: "f64", shape: [] } as const;
  const whole = DEGREES + d - turns;
  const constant = lgamma(whole / 2).sub(lgamma(DEGREES / 2)).item() -
    0.5 * (d - turns) * log(DEGREES * Math.PI) - turns * log(TURN);
  const logReference = (x: Tensor, mean: Tensor, scale: Tensor): Tensor =>
    x.sub(mean).div(scale).mul(lines).square().sum().div(DEGREES).log1p().mul(-0.5 * whole)
      .sub(scale.log().mul(lines).sum()).add(constant);
  const reference = trace((...inputs) => {
    const [x, mean, scale] = inputs;
    return [logReference(x, mean, scale)];
  }, [vector, vector, vector]);
  const between = (ofReference: Tensor, ofTarget: Tensor, inverseTemperature: Tensor): Tensor =>
    ofReference.mul(inverseTemperature.neg().add(1)).add(ofTarget.mul(inverseTemperature));
  const value = trace((x, inverseTemperature, mean, scale) => {
    const [logDensity] = applyProgram(target.value, [x]);
    return [between(logReference(x, mean, scale), logDensity, inverseTemperature)];
  }, [vector, scalar, vector, vector]);
  return {
    place(position, withGradient) {
      if (!withGradient) {
        return { position, logDensity: applyProgram(target.value, [position])[0], factors: {} };
      }
      const [logDensity, gradient] = applyProgram(expectGradient(target), [position]);
      return { position, logDensity, gradient, factors: {} };
    },
    target: (inverseTemperature) => targetWith(target, value, [inverseTemperature, mean, scale]),
    at({ position, logDensity, gradient }, inverseTemperature) {
      if (gradient === undefined) {
        const [ofReference] = applyProgram(reference, [position, mean, scale]);
        return { logDensity: between(ofReference, logDensity, inverseTemperature) };
      }
      const [ofReference, slope] = applyProgram(gradientInFirst(reference), [
        position,
        mean,
        scale,
      ]);
      return {
        logDensity: between(ofReference, logDensity, inverseTemperature),
        gradient: between(slope, gradient, inverseTemperature),
      };
    },
    logLikelihood: ({ position, logDensity }) =>
      logDensity.sub(applyProgram(reference, [position, mean, scale])[0]),
    draw(key) {
      const [forDirection, forLength, forAngles] = split(key, 3);
      const chiSquare = uniform(forLength, [2]).neg().log1p().sum().mul(-2);
      const white = normal(forDirection, [d]).mul(chiSquare.div(DEGREES).reciprocal().sqrt());
      const position = mean.add(scale.mul(white));
      if (turns === 0) return position;
      const angles = uniform(forAngles, [d]).sub(0.5).mul(TURN);
      return where(tensor(lines).equal(1), position, angles);
    },
  };
}

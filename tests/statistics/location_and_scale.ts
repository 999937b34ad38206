/** A Gaussian with unknown mean and scale, few data, and the conjugate prior. */
import { normal, type Parameter, positive, real, tensor } from "../../mod.ts";
import { mapRows, withFolds } from "./invariance_targets.ts";
import { type JointModel, logNormal, noise, plainLogNormal, targetsOf } from "./joint_models.ts";
import { normalCdf } from "./normal_cdf.ts";

/** What can be wrong with the targets. */
export type ModelFault =
  | "none"
  | "a Jacobian dropped"
  | "a prior that is too wide"
  | "a likelihood whose sd is too large";

/** A positive parameter whose change of variables forgets its Jacobian. */
export const positiveWithoutJacobian: Parameter = {
  ...positive(),
  constrain: (free) => ({ ...positive().constrain(free), logDeterminant: tensor(0) }),
};

/** 1/σ² ~ gamma(2, 2), μ ~ N(1, (2σ)²), two y ~ N(μ, σ²). */
const [SHAPE, RATE, MEAN, WIDTH, DATA] = [2, 2, 1, 2, 2];

/** P(X > x) for X ~ gamma(n, 1) with a whole n: that of fewer than n events, Σ xᵏe⁻ˣ/k!. */
function gammaAbove(n: number, x: number): number {
  let [term, sum] = [Math.exp(-x), 0];
  for (let k = 0; k < n; k++) {
    sum += term;
    term *= x / (k + 1);
  }
  return sum;
}

/**
 * The model.
 *
 * @param fault What is wrong with its targets, by 10 % where it is a matter of size.
 */
export function locationAndScale(fault: ModelFault = "none"): JointModel {
  const width = WIDTH * (fault === "a prior that is too wide" ? 1.1 : 1);
  const stretch = fault === "a likelihood whose sd is too large" ? 1.1 : 1;
  return {
    name: `location and scale${fault === "none" ? "" : ` with ${fault}`}`,
    ...targetsOf(DATA, {
      parameters: {
        mu: real(),
        sigma: fault === "a Jacobian dropped" ? positiveWithoutJacobian : positive(),
      },
      logPrior: ({ mu, sigma }) =>
        logNormal(mu, MEAN, sigma.mul(width))
          .sub(sigma.log().mul(2 * SHAPE + 1 + 1))
          .sub(sigma.square().reciprocal().mul(RATE)),
      logLikelihood: ({ mu, sigma }, { y }) =>
        logNormal(y, mu, sigma.mul(stretch)).sub(sigma.log().mul(DATA)),
    }),
    free: 2,
    sample: (key, n) =>
      mapRows(noise(key, n, 3, 2), ([z, a, b, u, v]) => {
        const logSigma = -0.5 * Math.log(-Math.log(u * v) / RATE);
        const sigma = Math.exp(logSigma);
        const mu = MEAN + WIDTH * sigma * z;
        return [mu, logSigma, mu + sigma * a, mu + sigma * b];
      }, 4),
    redraw: (theta, key) => normal(key, [DATA]).mul(theta.at(1).exp()).add(theta.at(0)),
    uniforms: ([mu, logSigma, ...y]) => {
      const sigma = Math.exp(logSigma);
      return withFolds([
        normalCdf((mu - MEAN) / (WIDTH * sigma)),
        gammaAbove(SHAPE, RATE / (sigma * sigma)),
        ...y.map((each) => normalCdf((each - mu) / sigma)),
      ]);
    },
    uniformCount: 6,
    values: ([mu, logSigma]: ArrayLike<number> & Iterable<number>) => ({
      mu: [mu],
      sigma: [Math.exp(logSigma)],
    }),
    logLikelihood: ({ mu, sigma }, y) =>
      plainLogNormal(y, y.map(() => mu[0]), y.map(() => sigma[0])) -
      y.length * Math.log(sigma[0]),
  };
}

/**
 * Uniform numbers for a draw of the posterior: its distribution functions, in closed form since the prior
 * is conjugate.
 */
export function posteriorUniforms(mu: number, sigma: number, y: readonly number[]): number[] {
  const precision = 1 / (WIDTH * WIDTH) + y.length;
  const sum = y.reduce((total, each) => total + each, 0);
  const center = (MEAN / (WIDTH * WIDTH) + sum) / precision;
  const squares = y.reduce((total, each) => total + (each - center) ** 2, 0) +
    ((MEAN - center) / WIDTH) ** 2;
  return [
    normalCdf((mu - center) * Math.sqrt(precision) / sigma),
    gammaAbove(SHAPE + y.length / 2, (RATE + squares / 2) / (sigma * sigma)),
  ];
}

/** A hierarchical model like that of the eight schools, with three schools. */
import { normal, positive, real } from "../../mod.ts";
import { mapRows, withFolds } from "./invariance_targets.ts";
import { type JointModel, logNormal, noise, plainLogNormal, targetsOf } from "./joint_models.ts";
import { type ModelFault, positiveWithoutJacobian } from "./location_and_scale.ts";
import { normalCdf } from "./normal_cdf.ts";

const ERRORS = [1, 0.5, 2];
const [MEAN_SD, SPREAD] = [2, 1.5];

/**
 * μ ~ N(0, 2²), τ ~ half-normal(1.5), three effects ~ N(0, 1), y ~ N(μ + τ·effect, s²): non-centred.
 *
 * @param fault What is wrong with its targets: a factor of 3 in the prior of τ, of 2 in the errors.
 */
export function hierarchical(fault: ModelFault = "none"): JointModel {
  const spread = SPREAD * (fault === "a prior that is too wide" ? 3 : 1);
  const stretch = fault === "a likelihood whose sd is too large" ? 2 : 1;
  return {
    name: `hierarchical model${fault === "none" ? "" : ` with ${fault}`}`,
    ...targetsOf(3, {
      parameters: {
        mu: real(),
        tau: fault === "a Jacobian dropped" ? positiveWithoutJacobian : positive(),
        effect: real(3),
      },
      logPrior: ({ mu, tau, effect }) =>
        logNormal(mu, 0, MEAN_SD).add(logNormal(tau, 0, spread)).add(logNormal(effect, 0, 1)),
      logLikelihood: ({ mu, tau, effect }, { y }) =>
        logNormal(y, tau.mul(effect).add(mu), ERRORS.map((each) => each * stretch)),
    }),
    free: 5,
    sample: (key, n) =>
      mapRows(noise(key, n, 8, 0), (z) => {
        const [mu, tau] = [MEAN_SD * z[0], SPREAD * Math.abs(z[1])];
        const effect = [...z.subarray(2, 5)];
        const y = effect.map((each, j) => mu + tau * each + ERRORS[j] * z[5 + j]);
        return [mu, Math.log(tau), ...effect, ...y];
      }),
    redraw: (theta, key) =>
      normal(key, [3]).mul(ERRORS).add(theta.slice(2).mul(theta.at(1).exp()).add(theta.at(0))),
    uniforms: (x) => {
      const [mu, tau] = [x[0], Math.exp(x[1])];
      const effect = [...x.subarray(2, 5)];
      return withFolds([
        2 * normalCdf(tau / SPREAD) - 1,
        normalCdf(mu / MEAN_SD),
        ...effect.map(normalCdf),
        ...effect.map((each, j) => normalCdf((x[5 + j] - mu - tau * each) / ERRORS[j])),
      ]);
    },
    uniformCount: 10,
    values: (x) => ({
      mu: [x[0]],
      tau: [Math.exp(x[1])],
      effect: [x[2], x[3], x[4]],
    }),
    logLikelihood: ({ mu, tau, effect }, y) =>
      plainLogNormal(y, effect.map((each) => mu[0] + tau[0] * each), ERRORS),
  };
}

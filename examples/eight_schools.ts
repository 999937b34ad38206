/**
 * Eight schools (Rubin 1981): the effect of coaching in eight experiments, partially pooled.
 */
import { positive, posterior, real, type Target, type Tensor } from "../mod.ts";

const HALF_LOG_TWO_PI = 0.9189385332046728;
const LOG_PI = 1.1447298858494002;

/** ln N(x; 0, 1), summed. */
function logNormal(x: Tensor): Tensor {
  return x.square().mul(-0.5).sub(HALF_LOG_TWO_PI).sum();
}

/** What draws hold: the mean effect, the spread between schools, each school's effect. */
type Quantities = {
  readonly mu: Tensor;
  readonly tau: Tensor;
  readonly effect: Tensor;
  readonly theta: Tensor;
};

/**
 * μ ~ N(0, 5²), τ ~ half-Cauchy(0, 5), θ = μ + τ·effect with effect ~ N(0, 1), y ~ N(θ, σ²). All
 * constants are written out, so that log Z is that of the model.
 */
export const eightSchools: Target<Quantities, Omit<Quantities, "theta">> = posterior({
  parameters: { mu: real(), tau: positive(), effect: real(8) },
  data: {
    y: [28, 8, -3, 7, -1, 1, 18, 12],
    sigma: [15, 10, 16, 11, 9, 11, 10, 18],
  },
  derived: ({ mu, tau, effect }) => ({ theta: mu.add(tau.mul(effect)) }),
  logPrior: ({ mu, tau, effect }) =>
    logNormal(mu.div(5)).sub(Math.log(5))
      .add(Math.log(2 / 5) - LOG_PI).sub(tau.div(5).square().log1p())
      .add(logNormal(effect)),
  logLikelihood: ({ mu, tau, effect }, { y, sigma }) =>
    logNormal(y.sub(mu.add(tau.mul(effect))).div(sigma)).sub(sigma.log().sum()),
});

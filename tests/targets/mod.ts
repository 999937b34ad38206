/**
 * Densities that tests share, with what is known of them.
 */
import { logSumExp } from "../../src/tensor/operations.ts";
import { arange } from "../../src/tensor/operations.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { bits, key, normal } from "../../src/tensor/random.ts";

/** A log density with its dimension. */
export interface TestDensity {
  readonly name: string;
  readonly dimension: number;
  readonly logDensity: (x: Tensor) => Tensor;
}

/** Four modes of equal weight on a ring; d = 5. */
export const dualMoon: TestDensity = {
  name: "dual moon",
  dimension: 5,
  logDensity: (x) => {
    const ring = x.norm().sub(2).div(0.1).square().mul(-0.5);
    const moon = (c: Tensor, width: number): Tensor =>
      logSumExp(c.add([-3, 3]).div(width).square().mul(-0.5));
    return ring.add(moon(x.at(0), 0.8)).add(moon(x.at(1), 0.6));
  },
};

/** Pairs of Rosenbrock's valley; E x = 1, E y = 1.5. */
export const rosenbrock: TestDensity = {
  name: "Rosenbrock",
  dimension: 10,
  logDensity: (x) => {
    const a = x.slice(0, undefined, { step: 2 });
    const b = x.slice(1, undefined, { step: 2 });
    return a.square().sub(b).square().mul(-10).sub(a.sub(1).square()).sum();
  },
};

/** A Gaussian with variances 1, 2, …, d, normalised up to a constant. */
export function gaussian(dimension: number): TestDensity {
  return {
    name: `Gaussian d=${dimension}`,
    dimension,
    logDensity: (x) => x.square().div(arange(dimension).add(1)).sum().mul(-0.5),
  };
}

const OBSERVED = [28, 8, -3, 7, -1, 1, 18, 12];
const ERRORS = [15, 10, 16, 11, 9, 11, 10, 18];

/** Eight schools, non-centred: position is (μ, log τ, standardised effects). */
export const eightSchools: TestDensity = {
  name: "eight schools",
  dimension: 10,
  logDensity: (x) => {
    const [mu, logTau] = [x.at(0), x.at(1)];
    const tau = logTau.exp();
    const effects = x.slice(2);
    const theta = effects.mul(tau).add(mu);
    const likelihood = tensor(OBSERVED).sub(theta).div(ERRORS).square().sum().mul(-0.5);
    const prior = mu.div(5).square().mul(-0.5)
      .sub(tau.div(5).square().log1p())
      .sub(effects.square().sum().mul(0.5));
    return likelihood.add(prior).add(logTau);
  },
};

/** Logistic regression with made-up data: the likelihood is a loop over rows. */
export function logistic(rows: number, dimension: number): TestDensity {
  const design = tensor(normal(key(1), [rows, dimension]).toArray() as number[][]);
  const labels = tensor(Float64Array.from(bits(key(2), [rows]).data, (word) => word % 2));
  return {
    name: `logistic regression N=${rows}, d=${dimension}`,
    dimension,
    logDensity: (x) => {
      const logits = design.dot(x);
      return labels.mul(logits).sub(logits.softplus()).sum().sub(x.square().sum().mul(0.5));
    },
  };
}

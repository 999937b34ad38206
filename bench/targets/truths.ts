/** Targets with exact second moments. */
import { density, type Target, tensor } from "../../mod.ts";
import truths from "./truths.json" with { type: "json" };

/** A target and what is known of it. */
export interface KnownTarget {
  readonly name: string;
  readonly target: Target;
  /** E xᵢ², [d]. */
  readonly second: readonly number[];
  /** Var xᵢ², [d]. */
  readonly variance: readonly number[];
}

const banana: KnownTarget = {
  name: "banana, d=2",
  target: density(2, (x) => {
    const bend = x.at(1).sub(x.at(0).square().sub(100).mul(0.03));
    return x.at(0).div(10).square().add(bend.square()).mul(-0.5);
  }),
  second: [100, 19],
  variance: [20_000, 4610],
};

const PAIRS = 18;

/** x ~ N(1, ½) and y | x ~ N(x², 1/20): moments of x up to the eighth are those of a normal distribution. */
const rosenbrock: KnownTarget = {
  name: "Rosenbrock, d=36",
  target: density(2 * PAIRS, (z) => {
    const [x, y] = [z.slice(0, PAIRS), z.slice(PAIRS)];
    return x.square().sub(y).square().mul(10).add(x.sub(1).square()).sum().neg();
  }),
  second: [...new Array(PAIRS).fill(1.5), ...new Array(PAIRS).fill(4.8)],
  variance: [...new Array(PAIRS).fill(2.5), ...new Array(PAIRS).fill(yFourth() - 4.8 * 4.8)],
};

/** E y⁴ = E x⁸ + 6 E x⁴/20 + 3/400 with E x⁴ = 4.75. */
function yFourth(): number {
  // E (1 + s)⁸ with s ~ N(0, ½): Σ C(8, 2k) (2k − 1)!! 2^(−k).
  const eighth = 1 + 28 / 2 + 70 * 3 / 4 + 28 * 15 / 8 + 105 / 16;
  return eighth + 6 * 4.75 / 20 + 3 / 400;
}

/** Variances from 10^(5/2) to 10^(−5/2) along directions that a product of reflections turns. */
function illConditioned(dimension: number): KnownTarget {
  const last = dimension - 1;
  const variance = Array.from({ length: dimension }, (_, i) => Math.pow(10, 2.5 - 5 * i / last));
  let axes = Array.from(
    { length: dimension },
    (_, i) => Array.from({ length: dimension }, (_, j): number => i === j ? 1 : 0),
  );
  for (const step of [1, 2, 3]) {
    const v = Array.from({ length: dimension }, (_, i) => Math.cos(step * (i + 1) * (i + 1)));
    const square = v.reduce((sum, each) => sum + each * each, 0);
    axes = axes.map((row) => {
      const along = 2 * row.reduce((sum, each, i) => sum + each * v[i], 0) / square;
      return row.map((each, i) => each - along * v[i]);
    });
  }
  const matrix = (power: number) =>
    axes.map((_, i) =>
      axes.map((_, j) =>
        axes.reduce((sum, axis, k) => sum + axis[i] * axis[j] * Math.pow(variance[k], power), 0)
      )
    );
  const precision = tensor(matrix(-1));
  const second = matrix(1).map((row, i) => row[i]);
  return {
    name: `Gaussian, d=${dimension}, condition 1e5`,
    target: density(dimension, (x) => x.dot(precision.dot(x)).mul(-0.5)),
    second,
    variance: second.map((each) => 2 * each * each),
  };
}

/** Brownian motion with unknown scales, observed at 20 of 30 times. */
const SEEN = [
  ...Array.from({ length: 10 }, (_, i) => i),
  ...Array.from({ length: 10 }, (_, i) => 20 + i),
];
const brownian: KnownTarget = {
  name: "Brownian motion, d=32",
  target: density(32, (z) => {
    const [inner, outer, path] = [z.at(0), z.at(1), z.slice(2)];
    const prior = inner.square().add(outer.square()).div(-8);
    const steps = path.slice(1).sub(path.slice(0, 29));
    const walk = path.at(0).square().add(steps.square().sum()).mul(inner.mul(-2).exp()).mul(-0.5)
      .sub(inner.mul(30));
    const errors = path.take(SEEN).sub(truths.observed).square().sum();
    return prior.add(walk).add(errors.mul(outer.mul(-2).exp()).mul(-0.5)).sub(outer.mul(20));
  }),
  ...truths.brownian,
};

const { x, y, ...moments } = truths.logistic;
const features = tensor(x);
const signs = tensor(y.map((each) => 1 - 2 * each));
const logistic: KnownTarget = {
  name: "logistic regression, N=1000, d=25",
  target: density(
    25,
    (beta) =>
      features.dot(beta).mul(signs).softplus().sum().neg().sub(beta.square().sum().mul(0.5)),
  ),
  ...moments,
};

/** All of them. */
export const KNOWN: readonly KnownTarget[] = [
  banana,
  illConditioned(100),
  rosenbrock,
  brownian,
  logistic,
];

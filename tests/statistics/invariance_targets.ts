/** Targets with exact samplers and exact distribution functions. */
import {
  density,
  hostDensity,
  type Key,
  normal,
  split,
  type Tensor,
  tensor,
  uniform,
} from "../../mod.ts";
import type { Target } from "../../mod.ts";
import { logNormalDensity, normalCdf } from "./normal_cdf.ts";

type Vector = readonly number[];

/** A distribution that can be drawn from exactly. */
export interface ExactTarget {
  readonly name: string;
  readonly target: Target;
  /** Exact, independent draws, n × d. */
  sample(key: Key, n: number): Tensor;
  /**
   * Numbers that are uniform on [0, 1] for a point of the target: each coordinate's distribution
   * function given those before it (Rosenblatt 1952), then functions of several coordinates.
   */
  uniforms(x: Float64Array): Vector;
  /** How many numbers those are. */
  readonly uniformCount: number;
}

/** Points of `width` coordinates that are a function of rows of numbers, n × d; of d by default. */
export function mapRows(
  rows: Tensor,
  f: (row: Float64Array) => Vector,
  width: number = rows.shape[1],
): Tensor {
  const [n, d] = rows.shape;
  const data = new Float64Array(n * width);
  for (let i = 0; i < n; i++) {
    data.set(f((rows.data as Float64Array).subarray(i * d, (i + 1) * d)), i * width);
  }
  return tensor(data).reshape([n, width]);
}

/**
 * Of independent uniform numbers, those and what tells of dependence and of too heavy tails: the first
 * one folded at its middle, and the fractional part of their sum, which are uniform too.
 */
export function withFolds(u: Vector): Vector {
  const sum = u.reduce((total, each) => total + each, 0);
  return [...u, Math.abs(2 * u[0] - 1), ...(u.length > 1 ? [sum - Math.floor(sum)] : [])];
}

/** N(mean, LLᵀ) with a lower triangular L: three correlated coordinates. */
const MEAN = [1, -2, 0.5];
const ROOT = [[1, 0, 0], [0.8, 0.6, 0], [-0.5, 1, 1.5]];

function whitened(x: ArrayLike<number>): Vector {
  const z: number[] = [];
  ROOT.forEach((row, i) => {
    const rest = z.reduce((sum, each, j) => sum + row[j] * each, 0);
    z.push((x[i] - MEAN[i] - rest) / row[i]);
  });
  return z;
}

/** L⁻¹, so that the density can be written without solving. */
const WHITENER = (() => {
  const columns = [0, 1, 2].map((j) => whitened(MEAN.map((m, i) => m + (i === j ? 1 : 0))));
  return [0, 1, 2].map((i) => columns.map((column) => column[i]));
})();

/** P(χ²₃ < r²). */
function maxwellCdf(r: number): number {
  return 2 * normalCdf(r) - 1 - r * Math.sqrt(2 / Math.PI) * Math.exp(-0.5 * r * r);
}

/** Three correlated Gaussian coordinates; the last number is the distance from the mean. */
export const correlated: ExactTarget = {
  name: "correlated Gaussian",
  target: density(3, (x) => tensor(WHITENER).dot(x.sub(MEAN)).square().sum().mul(-0.5)),
  sample: (key, n) =>
    mapRows(
      normal(key, [n, 3]),
      (z) => ROOT.map((row, i) => row.reduce((sum, entry, j) => sum + entry * z[j], MEAN[i])),
    ),
  uniforms: (x) => {
    const z = whitened(x);
    return [...withFolds(z.map(normalCdf)), maxwellCdf(Math.hypot(...z))];
  },
  uniformCount: 6,
};

const COMPONENTS = [
  { weight: 0.3, mean: [-1.5, 0.5], sd: [0.6, 1] },
  { weight: 0.7, mean: [1, -0.5], sd: [1, 0.5] },
] as const;

/** Two overlapping bells of different widths. */
export const twoBells: ExactTarget = {
  name: "mixture of two Gaussians",
  target: density(2, (x) => {
    const [a, b] = COMPONENTS.map(({ weight, mean, sd }) =>
      x.sub(mean).div(sd).square().sum().mul(-0.5).exp().mul(weight / (sd[0] * sd[1]))
    );
    return a.add(b).log();
  }),
  sample: (key, n) => {
    const [forComponent, forPoint] = split(key);
    const chosen = uniform(forComponent, [n]).data;
    let next = 0;
    return mapRows(normal(forPoint, [n, 2]), (z) => {
      const { mean, sd } = COMPONENTS[chosen[next++] < COMPONENTS[0].weight ? 0 : 1];
      return mean.map((m, i) => m + sd[i] * z[i]);
    });
  },
  uniforms: ([x, y]) => {
    const weights = COMPONENTS.map(({ weight, mean, sd }) =>
      weight / sd[0] * Math.exp(logNormalDensity((x - mean[0]) / sd[0]))
    );
    const total = weights[0] + weights[1];
    const below = (value: number, axis: 0 | 1, share: (k: number) => number): number =>
      COMPONENTS.reduce(
        (sum, { mean, sd }, k) => sum + share(k) * normalCdf((value - mean[axis]) / sd[axis]),
        0,
      );
    return withFolds([
      below(x, 0, (k) => COMPONENTS[k].weight),
      below(y, 1, (k) => weights[k] / total),
    ]);
  },
  uniformCount: 4,
};

/** Minus the log density of the Gumbel distribution, P(X < x) = exp(−e⁻ˣ). */
function gumbel(x: Tensor): Tensor {
  return x.neg().sub(x.neg().exp());
}

function gumbelCdf(x: number): number {
  return Math.exp(-Math.exp(-x));
}

/** By the inverse distribution function; uniform numbers are taken at the middle of their cells. */
function gumbelQuantile(u: number): number {
  return -Math.log(-Math.log(u + 2 ** -53));
}

/** One skewed coordinate. */
export const skewed: ExactTarget = {
  name: "Gumbel",
  target: density(1, (x) => gumbel(x.at(0))),
  sample: (key, n) => mapRows(uniform(key, [n, 1]), ([u]) => [gumbelQuantile(u)]),
  uniforms: ([x]) => withFolds([gumbelCdf(x)]),
  uniformCount: 2,
};

/** Two skewed coordinates, the second around half of the first. */
export const skewedPair: ExactTarget = {
  name: "pair of Gumbels",
  target: density(2, (x) => gumbel(x.at(0)).add(gumbel(x.at(1).sub(x.at(0).mul(0.5))))),
  sample: (key, n) =>
    mapRows(uniform(key, [n, 2]), ([u, v]) => {
      const x = gumbelQuantile(u);
      return [x, 0.5 * x + gumbelQuantile(v)];
    }),
  uniforms: ([x, y]) => withFolds([gumbelCdf(x), gumbelCdf(y - 0.5 * x)]),
  uniformCount: 4,
};

const WIDTH = 1.5;
const BEND = 0.5;

function bent(x: number): number {
  return BEND * (x * x - WIDTH * WIDTH);
}

/** A Gaussian bent along a parabola; the last number is the level of the density. */
export const banana: ExactTarget = {
  name: "banana",
  target: density(2, (x) => {
    const ridge = x.at(0).square().sub(WIDTH * WIDTH).mul(BEND);
    return x.at(0).div(WIDTH).square().add(x.at(1).sub(ridge).square()).mul(-0.5);
  }),
  sample: (key, n) => mapRows(normal(key, [n, 2]), ([a, b]) => [WIDTH * a, b + bent(WIDTH * a)]),
  uniforms: ([x, y]) => {
    const z = [x / WIDTH, y - bent(x)];
    return [
      ...withFolds(z.map(normalCdf)),
      -Math.expm1(-0.5 * (z[0] * z[0] + z[1] * z[1])),
    ];
  },
  uniformCount: 5,
};

/** The banana outside of the language, with its gradient. */
export const blackBanana: ExactTarget = {
  ...banana,
  name: "banana as a black box",
  target: hostDensity(
    2,
    ([x, y]) => -0.5 * ((x / WIDTH) ** 2 + (y - bent(x)) ** 2),
    ([x, y]) => [(y - bent(x)) * 2 * BEND * x - x / WIDTH ** 2, bent(x) - y],
  ),
};

/** A target whose exact draws are such that floats of 32 bits hold them: who does not move is where it was. */
export function rounded(exact: ExactTarget): ExactTarget {
  return {
    ...exact,
    sample: (key, n) => {
      const { data, shape } = exact.sample(key, n);
      return tensor(Float64Array.from(data, Math.fround)).reshape(shape);
    },
  };
}

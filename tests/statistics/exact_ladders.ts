/** Targets whose tempered densities can all be drawn from exactly. */
import {
  angle,
  type ChainState,
  density,
  posterior,
  real,
  type Target,
  type TemperingOptions,
  type Tensor,
  tensor,
  type Tree,
  where,
} from "../../mod.ts";
import { normalCdf } from "./normal_cdf.ts";

/** A target with exact draws of p_β at each rung. */
export interface ExactLadder {
  readonly name: string;
  readonly target: Target;
  /** From 1 down to 0. */
  readonly inverseTemperatures: readonly number[];
  readonly reference: NonNullable<TemperingOptions<ChainState & Tree>["reference"]>;
  /** A draw of p_β from d uniform numbers, and back. */
  draw(u: Float64Array, inverseTemperature: number): readonly number[];
  uniforms(x: Float64Array, inverseTemperature: number): readonly number[];
}

/** Bisection for the x in (−10⁶, 10⁶) at which an increasing function has a value. */
function inverseOf(f: (x: number) => number, value: number): number {
  let [low, high] = [-1e6, 1e6];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (f(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** From a prior N(0, 4) to a likelihood N(m, ½) of each of two numbers: every rung is Gaussian. */
const PRIOR_VARIANCE = 4;
const DATA = [1.5, -1];
const DATA_VARIANCE = 0.5;

function conjugate(beta: number, i: number): { mean: number; sd: number } {
  const precision = 1 / PRIOR_VARIANCE + beta / DATA_VARIANCE;
  return { mean: beta * DATA[i] / DATA_VARIANCE / precision, sd: 1 / Math.sqrt(precision) };
}

/** A conjugate posterior, tempered from its prior. */
export const conjugatePosterior: ExactLadder = {
  name: "conjugate posterior",
  target: posterior({
    parameters: { x: real(2) },
    logPrior: ({ x }) => x.square().sum().mul(-0.5 / PRIOR_VARIANCE),
    logLikelihood: ({ x }) => x.sub(DATA).square().sum().mul(-0.5 / DATA_VARIANCE),
  }),
  inverseTemperatures: [1, 0.4, 0.1, 0],
  reference: "prior",
  draw: (u, beta) =>
    [...u].map((each, i) => {
      const { mean, sd } = conjugate(beta, i);
      return mean + sd * inverseOf(normalCdf, each);
    }),
  uniforms: (x, beta) =>
    [...x].map((each, i) => {
      const { mean, sd } = conjugate(beta, i);
      return normalCdf((each - mean) / sd);
    }),
};

/** The distribution function of Student's t with 4 degrees of freedom. */
function studentCdf(t: number): number {
  const q = 1 + t * t / 4;
  return 0.5 + 0.375 * t / Math.sqrt(q) * (1 - t * t / q / 12);
}

const CENTER = 0.5;
const SCALE = 1.5;
/** ln of the factor on Student's t between these quantiles of it: two modes and a hollow. */
const HEIGHTS = [2, -1.5, 1, -3];
const EDGES = [0, 0.25, 0.6, 0.85, 1];

/** The share of p_β below each edge. */
function shares(beta: number): number[] {
  const masses = HEIGHTS.map((height, i) => Math.exp(beta * height) * (EDGES[i + 1] - EDGES[i]));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  let below = 0;
  return [0, ...masses.map((mass) => (below += mass) / total)];
}

/** Student's t with steps in it, tempered towards it without them. */
export const steppedStudent: ExactLadder = {
  name: "Student's t with steps",
  target: density(1, (x) => {
    const t = x.at(0).sub(CENTER).div(SCALE);
    const edges = EDGES.slice(1, -1).map((edge) => inverseOf(studentCdf, edge));
    const height = HEIGHTS.slice(1).reduce(
      (low: Tensor, each, i) => where(t.greater(edges[i]), each, low),
      tensor(HEIGHTS[0]),
    );
    return t.square().div(4).log1p().mul(-2.5).add(height);
  }),
  inverseTemperatures: [1, 0.5, 0.15, 0],
  reference: { mean: CENTER, scale: SCALE },
  draw: ([u], beta) => {
    const below = shares(beta);
    const bin = Math.min(3, below.findLastIndex((share) => share <= u));
    const within = (u - below[bin]) / (below[bin + 1] - below[bin]);
    const quantile = EDGES[bin] + within * (EDGES[bin + 1] - EDGES[bin]);
    return [CENTER + SCALE * inverseOf(studentCdf, quantile)];
  },
  uniforms: ([x], beta) => {
    const below = shares(beta);
    const quantile = studentCdf((x - CENTER) / SCALE);
    const bin = Math.max(0, Math.min(3, EDGES.findLastIndex((edge) => edge <= quantile)));
    const within = (quantile - EDGES[bin]) / (EDGES[bin + 1] - EDGES[bin]);
    return [below[bin] + within * (below[bin + 1] - below[bin])];
  },
};

/** The likelihood e² on one half of the circle and e⁻¹ on the other, from a uniform prior. */
const [NEAR, FAR] = [2, -1];

function halfOf(beta: number): number {
  return 1 / (1 + Math.exp(beta * (FAR - NEAR)));
}

/** Steps on a circle; the likely half is around 0. */
export function circleLadder(from: "prior" | "reference"): ExactLadder {
  const steps = (phase: Tensor): Tensor => where(phase.cos().greater(0), NEAR, FAR);
  return {
    name: `steps on a circle from its ${from}`,
    target: from === "prior"
      ? posterior({
        parameters: { phase: angle() },
        logPrior: ({ phase }) => phase.mul(0),
        logLikelihood: ({ phase }) => steps(phase),
      })
      : density(1, (x) => steps(x.at(0)), { periodic: [true] }),
    inverseTemperatures: [1, 0.3, 0],
    reference: from === "prior" ? "prior" : { mean: 0, scale: 1 },
    // From −π/2 on around the circle.
    draw: ([u], beta) => {
      const near = halfOf(beta);
      const turn = u < near ? 0.5 * u / near : 0.5 + 0.5 * (u - near) / (1 - near);
      return [2 * Math.PI * (turn < 0.75 ? turn - 0.25 : turn - 1.25)];
    },
    uniforms: ([x], beta) => {
      const near = halfOf(beta);
      const turn = x / (2 * Math.PI) + (x < -Math.PI / 2 ? 1.25 : 0.25);
      return [turn < 0.5 ? 2 * turn * near : near + (2 * turn - 1) * (1 - near)];
    },
  };
}

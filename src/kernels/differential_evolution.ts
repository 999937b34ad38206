/**
 * Differential evolution: moves along the differences of other chains.
 *
 * @module
 */
import { TURN } from "../target/circle.ts";
import type { Target } from "../target/target.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { where } from "../tensor/operations.ts";
import { type Key, normal, split, uniform } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { valueText } from "../tensor/value_text.ts";
import { typeText } from "./form.ts";
import {
  type ChainState,
  expectPosition,
  type Kernel,
  type KernelParameters,
  startWithDensity,
} from "./kernel.ts";
import { metricOf } from "./metric.ts";
import { metropolis } from "./metropolis.ts";

/** Options of {@linkcode differentialEvolution}. */
export interface DifferentialEvolutionOptions {
  /**
   * Probability of a step by the whole difference of two chains, which takes a chain in one mode to another
   * one: 0.1 by default (ter Braak 2006, §2) in up to 10 dimensions, and 0 beyond. On a Gaussian with d of them
   * such a step is accepted with probability 2Φ(−√(d/2)), 0.03 for 10 and 0.002 for 20.
   */
  readonly jumps?: number;
}

/** The default probability of jumps, and where it ends. */
const [JUMPS, FEW_DIMENSIONS] = [0.1, 10];
/** Random numbers of one choice of partners: one each for the first, the second, the sign and the jump. */
const CHOICES = 4;
/**
 * Standard deviation of the noise in units of the step: small beside the differences, so that it only keeps
 * chains from being caught in the directions that these span (ter Braak 2006, eq. 2).
 */
const NOISE = 1e-3;

/** The positions of the partners, if they are such. */
function partnersOf({ dimension }: Target, { partners }: KernelParameters): Tensor {
  if (partners === undefined) {
    throw new TypeError(
      "Cannot step by differential evolution without partners: alternateHalves runs it with them, or " +
        "give positions of other chains, [n, d], as `partners`",
    );
  }
  const positions = tensor(partners);
  const { dtype, shape } = positions;
  if (dtype === "f64" && shape.length === 2 && shape[1] === dimension && shape[0] > 1) {
    return positions;
  }
  throw new TypeError(
    `Cannot step with \`partners\` ${
      typeText(positions)
    }: expected the positions of at least two ` +
      `chains, f64[n, ${dimension}]`,
  );
}

/** The shortest way around where a coordinate is periodic: what two points are apart on the circle. */
function shortest(difference: Tensor, periodic: readonly boolean[]): Tensor {
  if (!periodic.includes(true)) return difference;
  const turns = difference.div(TURN).add(0.5).floor().mul(TURN);
  return difference.sub(where(tensor(periodic.map(Number)).greater(0), turns, 0));
}

/** The difference of two chains of n at random, and whether to go all of it. */
function difference(
  key: Key,
  partners: Tensor,
  { periodic }: Target,
): { readonly apart: Tensor; readonly chance: Tensor } {
  const n = partners.shape[0];
  const chances = uniform(key, [CHOICES]);
  const first = chances.at(0).mul(n).floor();
  const other = chances.at(1).mul(n - 1).floor();
  const second = other.add(where(other.less(first), 0, 1));
  const apart = shortest(
    partners.take(first.as("u32")).sub(partners.take(second.as("u32"))),
    periodic,
  );
  // Indices made of floats are not quite equally likely. With a sign of its own the difference is as
  // likely as its negative all the same, to the last bit.
  return { apart: where(chances.at(2).less(0.5), apart, apart.neg()), chance: chances.at(3) };
}

/**
 * Differential evolution: x' = x + γ (a − b) + noise, where a and b are two other chains at random that stay
 * where they are, accepted with probability min(1, p(x')/p(x)). Needs no gradient, and the steps have the
 * scale and the correlations of the target by themselves, since the chains have.
 *
 * γ = ε/√2 for the step size ε, so that steps have ε² times the covariance of the chains; with probability
 * `jumps` γ = 1 instead. Differences along periodic coordinates are the shortest ones. The noise has a
 * thousandth of the step size times the metric.
 *
 * n chains differ in at most n − 1 directions: give as many as twice the dimension in each half, and
 * better more. With fewer, chains hardly leave the directions in which they started.
 *
 * Source: ter Braak, "A Markov chain Monte Carlo version of the genetic algorithm Differential Evolution",
 * Statistics and Computing 2006, eq. 2; half against half as in Foreman-Mackey et al. 2013, §3, and Nelson,
 * Ford & Payne 2014, §2.
 *
 * @param options Probability of jumps.
 * @returns The kernel. `sample` gives its step the partners, as does `alternateHalves`.
 * @throws {RangeError} If the probability is not in [0, 1).
 * @throws {TypeError} If there is an unknown option.
 */
export function differentialEvolution(
  options: DifferentialEvolutionOptions = {},
): Kernel<ChainState> {
  expectOptions(options, ["jumps"], "make differential evolution");
  const { jumps } = options;
  if (jumps !== undefined && !(jumps >= 0 && jumps < 1)) {
    throw new RangeError(
      `Cannot make differential evolution with \`jumps\` ${valueText(jumps)}: expected a ` +
        "probability in [0, 1)",
    );
  }
  return {
    name: "differential evolution",
    targetAcceptance: 0.234,
    gradientsPerStep: 0,
    partners: true,
    firstStepSize: (dimension) => 2.38 / Math.sqrt(dimension),
    init: startWithDensity,
    step: (target, parameters) => {
      const share = jumps ?? (target.dimension > FEW_DIMENSIONS ? 0 : JUMPS);
      const little = metricOf(target, parameters).times(tensor(NOISE));
      const part = tensor(parameters.stepSize).mul(Math.sqrt(0.5));
      const partners = partnersOf(target, parameters);
      return (state, key) => {
        const [forPartners, forNoise, forAcceptance] = split(key, 3);
        const { apart, chance } = difference(forPartners, partners, target);
        const position = expectPosition(target, state.position)
          .add(apart.mul(where(chance.less(share), 1, part)))
          .add(little.move(normal(forNoise, state.position.shape)));
        return metropolis(target, state, position, forAcceptance);
      };
    },
  };
}

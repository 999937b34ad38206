/**
 * Swaps of neighbouring replicas.
 *
 * @module
 */
import { concat, where, zeros } from "../tensor/operations.ts";
import { type Key, uniform } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** What decides on swaps. */
export interface SwapOptions {
  /** Of the rungs, from 1 down, [R]. */
  readonly inverseTemperatures: Tensor;
  /** ln L of the replica at each rung, [R]. */
  readonly logLikelihoods: Tensor;
  /** 0 for the pairs (0, 1), (2, 3) …, 1 for (1, 2), (3, 4) …; a scalar. */
  readonly turn: Tensor;
}

/** What neighbours do. */
export interface Swaps {
  /** The probability of a swap for each pair of neighbours, were it its turn, [R − 1]. */
  readonly probability: Tensor;
  /** Puts what the replicas have, [R, …], where the replicas go. */
  readonly move: (ofReplicas: Tensor) => Tensor;
}

/**
 * Proposes to swap the replicas of every other pair of neighbours. With p_β ∝ r · L^β a swap at rungs i
 * and j is accepted with the probability min(1, e^((β_i − β_j)(ln L_j − ln L_i))). Pairs with an even first
 * rung and those with an odd one take turns, which is not reversible as a whole but leaves the joint
 * distribution invariant, and lets replicas travel through n rungs in about n turns, not n².
 *
 * Source: Swendsen & Wang 1986; Okabe et al. 2001; Syed, Bouchard-Côté, Deligiannidis & Doucet,
 * "Non-reversible parallel tempering", JRSS B 2022, §2.3 and algorithm 1.
 *
 * @param key For the decisions.
 * @param options Where the replicas are.
 * @returns The probabilities, and the swaps.
 */
export function swapNeighbours(
  key: Key,
  { inverseTemperatures, logLikelihoods, turn }: SwapOptions,
): Swaps {
  const [rungs] = inverseTemperatures.shape;
  const pairs = rungs - 1;
  // NaN and +∞ are of no density: such a replica is not let in.
  const known = where(logLikelihoods.less(Infinity), logLikelihoods, -Infinity);
  const logRatio = inverseTemperatures.slice(0, pairs).sub(inverseTemperatures.slice(1))
    .mul(known.slice(1).sub(known.slice(0, pairs)));
  const probability = where(
    logRatio.less(0),
    logRatio.exp(),
    where(logRatio.greaterEqual(0), 1, 0),
  );
  const parity = tensor(Array.from({ length: pairs }, (_, pair) => pair % 2));
  const swapped = uniform(key, [pairs]).less(probability).and(parity.equal(turn)).as("f64");
  const [withNext, withPrevious] = [concat([swapped, zeros([1])]), concat([zeros([1]), swapped])];
  const move = (values: Tensor): Tensor => {
    const inner = values.shape.slice(1);
    const mask = (of: Tensor): Tensor =>
      of.greater(0).reshape([rungs, ...inner.map(() => 1)]).broadcastTo(values.shape);
    const next = concat([values.slice(1), values.slice(pairs)]);
    const previous = concat([values.slice(0, 1), values.slice(0, pairs)]);
    return where(mask(withNext), next, where(mask(withPrevious), previous, values));
  };
  return { probability, move };
}

/**
 * Distributions that global moves propose from.
 *
 * @module
 */
import type { Key } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Points drawn from a distribution with its log density at each. */
export interface Proposed {
  /** The points, n × d. */
  readonly position: Tensor;
  /** Normalised log density of the proposal at each, [n]. */
  readonly logDensity: Tensor;
}

/** A normalised distribution on the unconstrained space. */
export interface Proposal {
  /** Draws n points, with their log density from the same pass. */
  sample(key: Key, n: number): Promise<Proposed>;
  /** Its log density at points, n × d. */
  logDensity(position: Tensor): Promise<Tensor>;
}

/**
 * Whether Hamiltonian trajectories reach all energies of a target.
 *
 * @module
 */
import { checkShape, type Draws } from "./draws.ts";
import { moments } from "./moments.ts";

const ACTION = "compute the energy Bayesian fraction of missing information";

/**
 * Energy Bayesian fraction of missing information of each chain, E (Eₙ − Eₙ₋₁)² / Var E: how far fresh
 * momenta move the energy of a trajectory compared to how far energies are apart. About 1 where momenta
 * reach all of them at once; below 0.3 chains walk slowly from one energy to the next, as in a funnel or
 * in heavy tails, and hardly reach the outer ones.
 *
 * Source: Betancourt, "Diagnosing suboptimal cotangent disintegrations in Hamiltonian Monte Carlo", 2016,
 * §3; as in ArviZ.
 *
 * @param energies H at the start of each trajectory of each chain, momenta refreshed, chains × draws: of
 * consecutive trajectories, none left out.
 * @returns One number for each chain; NaN where it is not defined: for fewer than 2 draws, or if all
 * energies are equal.
 * @throws {TypeError} If the shape does not fit the data, or has another number of axes.
 * @throws {RangeError} If there are no energies.
 *
 * @example Momenta that reach all energies
 * ```ts
 * import { energyBayesianFraction, key, normal } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const shape = [4, 1000]; // chains × draws
 * const energies = Float64Array.from(normal(key(1), shape).data);
 * // Of independent energies it is 2.
 * for (const each of energyBayesianFraction({ data: energies, shape })) assert(each > 1.7);
 * ```
 */
export function energyBayesianFraction(energies: Draws): Float64Array {
  checkShape(ACTION, energies);
  const { data, shape } = energies;
  if (shape.length !== 2) {
    throw new TypeError(
      `Cannot ${ACTION}: energies have the shape [chains, draws], got [${shape.join(", ")}]`,
    );
  }
  const [chains, draws] = shape;
  return Float64Array.from({ length: chains }, (_, chain) => {
    const [start, end] = [chain * draws, (chain + 1) * draws];
    let squares = 0;
    for (let i = start + 1; i < end; i++) {
      const change = data[i] - data[i - 1];
      squares += change * change;
    }
    return squares / (draws - 1) / moments(data, start, end).variance;
  });
}

/**
 * The dynamics of a velocity of unit length: a force turns it and never speeds it up.
 *
 * @module
 */
import { where } from "../tensor/operations.ts";
import { type Key, normal } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";

const LN_2 = 0.6931471805599453;

/** A direction uniform on the sphere, [d]. */
export function direction(key: Key, shape: readonly number[]): Tensor {
  const z = normal(key, shape);
  return z.div(z.norm());
}

/**
 * Turns a velocity towards a force F for a time: u' ∝ e(1 − ζ)(1 + ζ + (u·e)(1 − ζ)) + 2ζu with
 * e = F/‖F‖, δ = ‖F‖/(d − 1) and ζ = e^(−δ).
 *
 * Source: Robnik, De Luca, Silverstein & Seljak, "Microcanonical Hamiltonian Monte Carlo", JMLR 2023,
 * §3.2; energy from Robnik, Cohn-Gordon & Seljak, "Metropolis adjusted microcanonical Hamiltonian Monte
 * Carlo", 2025.
 *
 * @param velocity Of unit length, [d], d ≥ 2.
 * @param force The gradient in standardised coordinates times the time, [d].
 * @returns The velocity after it, and by how much the kinetic energy changes, a scalar.
 */
export function turned(
  velocity: Tensor,
  force: Tensor,
): { readonly velocity: Tensor; readonly kinetic: Tensor } {
  const less = velocity.shape[0] - 1;
  const strength = force.norm();
  const still = strength.equal(0);
  const towards = force.div(where(still, 1, strength));
  const delta = strength.div(less);
  const decay = delta.neg().exp();
  const along = velocity.dot(towards);
  const rest = decay.neg().add(1);
  const next = towards.mul(rest.mul(decay.add(1).add(along.mul(rest))))
    .add(velocity.mul(decay.mul(2)));
  const gain = along.add(1).add(along.neg().add(1).mul(decay.square())).log();
  return {
    velocity: next.div(next.norm()),
    kinetic: delta.sub(LN_2).add(gain).mul(less),
  };
}

/**
 * The leapfrog integrator of Hamiltonian dynamics.
 *
 * @module
 */
import type { Target } from "../target/target.ts";
import { type Tensor, words } from "../tensor/tensor.ts";
import { repeatLoop } from "../tensor/trace.ts";
import { gradientAt } from "./kernel.ts";
import type { Metric } from "./metric.ts";

/** A point in phase space. */
export type PhasePoint = {
  /** Position, [d]. */
  readonly position: Tensor;
  /** Momentum in units where the mass is 1, [d]: M^(−½) times the momentum of the position. */
  readonly momentum: Tensor;
  /** Gradient of the log density at the position, [d]. */
  readonly gradient: Tensor;
};

/** Options of {@linkcode leapfrog}. */
export interface LeapfrogOptions {
  /** What a unit of momentum moves the position by in a step. */
  readonly metric: Metric;
  /** How many steps, at least 1, a number or a u32 scalar; each takes one gradient. */
  readonly steps: number | Tensor;
}

/**
 * Follows the dynamics of H = −log p(x) + ½‖z‖² by velocity Verlet, where z = M^(−½) p:
 *
 * z ← z + ½εM^(−½)g, x ← x + εM^(−½)z, z ← z + ½εM^(−½)g', and so on.
 *
 * It is reversible (from the end with −z it leads back to the start) and preserves volume. The half
 * kicks of neighbouring steps are merged, and log p is computed at the end alone.
 *
 * Source: Leimkuhler & Reich 2004, §4.1; Neal 2011, §5.2.3.
 *
 * @param target What gives the potential energy, −log p.
 * @param options Step size, metric and number of steps.
 * @returns From the start to the end of the trajectory, with the log density there.
 */
export function leapfrog(
  target: Target,
  { metric, steps }: LeapfrogOptions,
): (start: PhasePoint) => PhasePoint & { readonly logDensity: Tensor } {
  return (start) => {
    const kicked = start.momentum.add(metric.force(start.gradient).mul(0.5));
    const inner = repeatLoop(
      typeof steps === "number" ? steps - 1 : steps.sub(words([1]).at(0)),
      ({ position, momentum }) => {
        const moved = position.add(metric.move(momentum));
        const { gradient } = gradientAt(target, moved);
        return { position: moved, momentum: momentum.add(metric.force(gradient)) };
      },
      { position: start.position, momentum: kicked },
    );
    const position = inner.position.add(metric.move(inner.momentum));
    const { logDensity, gradient } = gradientAt(target, position);
    const momentum = inner.momentum.add(metric.force(gradient).mul(0.5));
    return { position, momentum, logDensity, gradient };
  };
}

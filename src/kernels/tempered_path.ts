/**
 * Paths of densities from a wide one to the target: what parallel tempering has its rungs on.
 *
 * @module
 */
import type { Target } from "../target/target.ts";
import { valueAndGradient } from "../tensor/gradients/gradient.ts";
import { where } from "../tensor/operations.ts";
import type { Program } from "../tensor/program.ts";
import type { Key } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { applyProgram, trace } from "../tensor/trace.ts";

/** What is known of a replica where it is, whatever the temperature. A type, so that it counts as a tree. */
export type Place = {
  /** Position, [d]. */
  readonly position: Tensor;
  /** Log density of the target there, a scalar. */
  readonly logDensity: Tensor;
  /** Gradient of that, [d]; none for kernels that need none. */
  readonly gradient?: Tensor;
  /** What else the path needs. */
  readonly factors: Readonly<Record<string, Tensor>>;
};

/** A tempered density at a place, as the state of a kernel holds it. */
export type TemperedPoint = { readonly logDensity: Tensor; readonly gradient?: Tensor };

/** The densities p_β ∝ r · L^β, 0 ≤ β ≤ 1, where r · L is the target. */
export interface TemperedPath {
  /**
   * Evaluates the target, and what the path needs beside it.
   *
   * @param position [d].
   * @param withGradient Whether gradients are wanted.
   */
  place(position: Tensor, withGradient: boolean): Place;
  /** The density of an inverse temperature β, a scalar, as a target for kernels. */
  target(inverseTemperature: Tensor): Target;
  /** Its log density at a place, and its gradient if the place has one. */
  at(place: Place, inverseTemperature: Tensor): TemperedPoint;
  /** ln L at a place: what is tempered. */
  logLikelihood(place: Place): Tensor;
  /** An exact draw of r, [d]; none where r cannot be drawn from. */
  readonly draw?: (key: Key) => Tensor;
}

/** β ln L, where 0 · (−∞) is 0: at β = 0 the likelihood has no say. */
export function tempered(logLikelihood: Tensor, inverseTemperature: Tensor): Tensor {
  return where(inverseTemperature.greater(0), logLikelihood.mul(inverseTemperature), 0);
}

/**
 * The program of a log density and its gradient along the first input alone.
 *
 * @param value A program with a scalar result.
 * @returns The program, of the same inputs.
 */
export function gradientInFirst(value: Program): Program {
  const all = valueAndGradient(value);
  return trace(
    (...inputs) => applyProgram(all, inputs).slice(0, 2),
    value.inputs.map((id) => value.types[id]),
  );
}

/** A target whose programs are given further inputs. */
export function targetWith(target: Target, value: Program, given: readonly Tensor[]): Target {
  return {
    ...target,
    value,
    valueAndGradient: target.valueAndGradient && gradientInFirst(value),
    given,
  };
}

/**
 * What adaptation sees of the chains in warm-up.
 *
 * @module
 */
import type { Tensor } from "../tensor/tensor.ts";

/** What the chains did in a step of warm-up: the recorded leaves of their states by name. */
export interface ObservedStep {
  /** Mean acceptance probability over chains. */
  readonly acceptance: number;
  /** Each recorded leaf, chains × 1 × its shape: position, logDensity, and what the kernel observes. */
  readonly draws: Readonly<Record<string, Tensor>>;
}

/** What the chains did in a window of warm-up. */
export interface ObservedWindow {
  /** Positions, chains × draws × d; those of periodic coordinates around their means. */
  readonly position: Tensor;
  /** Gradients there, of the same shape, if the kernel has them. */
  readonly gradient: Tensor | undefined;
}

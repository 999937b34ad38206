/**
 * Affine coupling flows.
 *
 * @module
 */
import { couplingFlow } from "./coupling_flow.ts";
import { completeOptions, type CouplingFlowOptions } from "./coupling_options.ts";
import type { Flow } from "./flow.ts";

/** Options of {@linkcode affineFlow}. */
export interface AffineFlowOptions extends CouplingFlowOptions {
  /** Coupling layers; 8 by default. Each pair moves every coordinate once. */
  readonly layers?: number;
  /** Widths of the hidden layers of each conditioner; [32, 32] by default. */
  readonly hidden?: readonly number[];
}

/** Bins of the circular splines that move periodic coordinates. */
const BINS = 10;
const RANGE = 10;
const DEFAULTS = { layers: 8, hidden: [32, 32] };

/**
 * A normalizing flow of coupling layers that shift and scale: each layer moves one half of the
 * coordinates by y = x eˢ + t, with s, |s| ≤ 2, and t computed by a small neural network from the other
 * half. It has two numbers for a coordinate where a spline has three for each bin, and so is faster and
 * needs fewer data: for many dimensions. Whitening, rotation and periodic coordinates are as in
 * `splineFlow`.
 *
 * Source: Dinh, Sohl-Dickstein & Bengio, "Density estimation using Real NVP", ICLR 2017, with s bounded
 * by a hyperbolic tangent.
 *
 * @param options Layers, hidden widths, degrees of the base, components.
 * @returns The kind of flow.
 * @throws {TypeError} If an option is unknown or of a wrong type.
 * @throws {RangeError} If an option is out of range.
 */
export function affineFlow(options: AffineFlowOptions = {}): Flow {
  const complete = completeOptions("make an affine flow", options, [], DEFAULTS);
  const engine = { affine: true, bins: BINS, range: RANGE };
  return couplingFlow({ ...complete, ...engine, name: "affine", record: complete });
}

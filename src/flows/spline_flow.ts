/**
 * Rational-quadratic spline coupling flows.
 *
 * @module
 */
import { couplingFlow } from "./coupling_flow.ts";
import { completeOptions, type CouplingFlowOptions, expectWhole } from "./coupling_options.ts";
import type { Flow } from "./flow.ts";

/** Options of {@linkcode splineFlow}. */
export interface SplineFlowOptions extends CouplingFlowOptions {
  /**
   * Coupling layers; 8 by default. Each pair moves every coordinate once. Many small layers learn more in
   * a second than few large ones.
   */
  readonly layers?: number;
  /** Widths of the hidden layers of each conditioner; [16, 16] by default. */
  readonly hidden?: readonly number[];
  /** Bins of each spline, 2 to 32; 6 by default. */
  readonly bins?: number;
  /** Splines act on [−range, range] of the whitened coordinates; 10 by default, beyond is the identity. */
  readonly range?: number;
}

const PURPOSE = "make a spline flow";
const DEFAULTS = { layers: 8, hidden: [16, 16] };

/**
 * A normalizing flow of coupling layers with monotone rational-quadratic splines: each layer moves one
 * half of the coordinates by splines whose parameters a small neural network computes from the other
 * half. Data are whitened with their full covariance first and turned to independent components, which
 * is part of the density: the flow is normalised. Periodic coordinates are moved by circular splines.
 *
 * Source: Durkan, Bekasov, Murray & Papamakarios, "Neural spline flows", NeurIPS 2019; for periodic
 * coordinates Rezende et al., "Normalizing flows on tori and spheres", ICML 2020.
 *
 * @param options Layers, hidden widths, bins, range, degrees of the base, components.
 * @returns The kind of flow.
 * @throws {TypeError} If an option is unknown or of a wrong type.
 * @throws {RangeError} If an option is out of range.
 */
export function splineFlow(options: SplineFlowOptions = {}): Flow {
  const complete = completeOptions(PURPOSE, options, ["bins", "range"], DEFAULTS);
  const { bins = 6, range = 10 } = options;
  if (!(range > 0 && Number.isFinite(range))) {
    throw new RangeError(
      `Cannot make a spline flow with \`range\` ${range}: expected a positive number`,
    );
  }
  expectWhole(PURPOSE, "bins", bins, [2, 32]);
  const record = { ...complete, bins, range };
  return couplingFlow({ ...record, name: "spline", record, affine: false });
}

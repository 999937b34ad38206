/**
 * Rational-quadratic spline coupling flows.
 *
 * @module
 */
import { expectOptions } from "../tensor/expect_options.ts";
import { couplingFlow } from "./coupling_flow.ts";
import type { Flow } from "./flow.ts";
import type { Mixing } from "./rotation.ts";

/** Options of {@linkcode splineFlow}. */
export interface SplineFlowOptions {
  /** Coupling layers; 6 by default. Each pair moves every coordinate once. */
  readonly layers?: number;
  /** Widths of the hidden layers of each conditioner; [32, 32] by default. */
  readonly hidden?: readonly number[];
  /** Bins of each spline, 2 to 32; 10 by default. */
  readonly bins?: number;
  /** Splines act on [−range, range] of the whitened coordinates; 10 by default, beyond is the identity. */
  readonly range?: number;
  readonly mixing?: Mixing;
}

const OPTIONS = ["layers", "hidden", "bins", "range", "mixing"];

function checkOptions(options: SplineFlowOptions): void {
  expectOptions(options, OPTIONS, "make a spline flow");
  const { hidden, range } = options;
  if (hidden !== undefined && !Array.isArray(hidden)) {
    throw new TypeError(
      `Cannot make a spline flow with \`hidden\` ${hidden}: expected a list of widths`,
    );
  }
  if (range !== undefined && !(range > 0 && Number.isFinite(range))) {
    throw new RangeError(
      `Cannot make a spline flow with \`range\` ${range}: expected a positive number`,
    );
  }
}

function positive(name: string, value: number, most: number, least = 1): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot make a spline flow with \`${name}\` ${value}: expected a whole number from ${least} to ` +
      `${most}`,
  );
}

/**
 * A normalizing flow of coupling layers with monotone rational-quadratic splines: each layer moves one
 * half of the coordinates by splines whose parameters a small neural network computes from the other
 * half. Data are whitened with their full covariance first, which is part of the density: the flow is
 * normalised.
 *
 * Source: Durkan, Bekasov, Murray & Papamakarios, "Neural spline flows", NeurIPS 2019.
 *
 * @param options Layers, hidden width, bins, range.
 * @returns The kind of flow.
 * @throws {TypeError} If an option is unknown or `hidden` is no list.
 * @throws {RangeError} If an option is out of range.
 */
export function splineFlow(options: SplineFlowOptions = {}): Flow {
  checkOptions(options);
  const layers = positive("layers", options.layers ?? 6, 100);
  const hidden = [...options.hidden ?? [32, 32]].map((width) => positive("hidden", width, 1024));
  const bins = positive("bins", options.bins ?? 10, 32, 2);
  const { range = 10 } = options;
  return couplingFlow({
    name: "spline",
    layers,
    hidden,
    bins,
    range,
    affine: false,
    degrees: 0,
    mixing: options.mixing ?? "none",
  });
}

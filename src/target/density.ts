/**
 * Targets given as the log density of a point.
 *
 * @module
 */
import type { Tensor } from "../tensor/tensor.ts";
import { expectScalar } from "../tensor/trace.ts";
import { real } from "./parameter.ts";
import { elementNames, makeTarget, type Target } from "./target.ts";
import { unconstrained } from "./unconstrained.ts";

/**
 * The target of a log density on ℝᵈ.
 *
 * The function is called once, with a tensor that stands for a point: it must use tensor methods
 * throughout, and `where` in place of `if`. It need not be normalised; −∞ is allowed where the density
 * is 0. A density on part of ℝᵈ is better written as a `posterior`, which changes variables.
 *
 * @param dimension Number of coordinates, at least 1.
 * @param logDensity From a point x, a tensor of shape [dimension], to ln p(x), a scalar.
 * @returns The target; its draws are named `x`.
 * @throws {RangeError} If the dimension is not a positive integer.
 * @throws {TypeError} If the function gives something other than a scalar, or its operations do not
 * fit: with the operation, the shapes and the line.
 *
 * @example A standard normal
 * ```ts
 * import { density } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const gaussian = density(3, (x) => x.square().sum().mul(-0.5));
 * assert.equal(gaussian.logDensity([1, 2, 2]), -4.5);
 * assert.deepEqual([...gaussian.gradient([1, 2, 2])], [-1, -2, -2]);
 * ```
 */
export function density(
  dimension: number,
  logDensity: (x: Tensor) => Tensor,
): Target<{ readonly x: Tensor }> {
  if (!Number.isInteger(dimension) || dimension < 1) {
    throw new RangeError(
      `Cannot make a density of dimension ${dimension}: it must be a positive integer`,
    );
  }
  if (typeof logDensity !== "function") {
    throw new TypeError(
      `Cannot make a density of ${typeof logDensity}: give a function from a tensor to a scalar`,
    );
  }
  return makeTarget({
    names: elementNames("x", [dimension]),
    logDensity: (x) => expectScalar(logDensity(x), "this log density"),
    constrain: (x) => ({ x }),
    unconstrain: (values) => unconstrained([["x", real(dimension)]], { ...values }),
  });
}

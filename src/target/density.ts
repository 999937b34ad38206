/**
 * Targets given as the log density of a point.
 *
 * @module
 */
import { expectOptions } from "../tensor/expect_options.ts";
import { where } from "../tensor/operations.ts";
import { mod } from "../tensor/special_functions.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { expectScalar } from "../tensor/trace.ts";
import { valueText } from "../tensor/value_text.ts";
import { TURN } from "./circle.ts";
import { real } from "./parameter.ts";
import { elementNames, makeTarget, type Target } from "./target.ts";
import { unconstrained } from "./unconstrained.ts";

/** Options of {@linkcode density}. */
export interface DensityOptions {
  /**
   * For each coordinate whether it is periodic, an angle with the period 2π: the density repeats itself
   * along it, and is one over a single turn. None by default.
   */
  readonly periodic?: readonly boolean[];
}

/**
 * The target of a log density on ℝᵈ.
 *
 * The function is called once, with a tensor that stands for a point: it must use tensor methods
 * throughout, and `where` in place of `if`. It need not be normalised; −∞ is allowed where the density
 * is 0. A density on part of ℝᵈ is better written as a `posterior`, which changes variables.
 *
 * @param dimension Number of coordinates, at least 1.
 * @param logDensity From a point x, a tensor of shape [dimension], to ln p(x), a scalar.
 * @param options Which coordinates are periodic.
 * @returns The target; its draws are named `x`.
 * @throws {RangeError} If the dimension is not a positive integer, or `periodic` has another length, or
 * the density does not repeat itself along a coordinate that is said to be periodic.
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
  options: DensityOptions = {},
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
  expectOptions(options, ["periodic"], "make a density");
  const periodic = expectPeriodic(dimension, options.periodic);
  const angles: Readonly<Record<string, readonly boolean[]>> = periodic.includes(true)
    ? { x: periodic }
    : {};
  const target: Target<{ readonly x: Tensor }> = makeTarget({
    names: elementNames("x", [dimension]),
    periodic,
    angles,
    logDensity: (x) => expectScalar(logDensity(x), "this log density"),
    constrain: (x) => ({
      x: periodic.includes(true)
        ? where(tensor(periodic.map(Number)).greater(0), mod(x.add(Math.PI), TURN).sub(Math.PI), x)
        : x,
    }),
    unconstrain: (values) => unconstrained([["x", real(dimension)]], { ...values }),
  });
  checkPeriods(target);
  return target;
}

function expectPeriodic(
  dimension: number,
  periodic: readonly boolean[] = new Array<boolean>(dimension).fill(false),
): readonly boolean[] {
  if (Array.isArray(periodic) && periodic.length === dimension) return periodic.map(Boolean);
  throw new RangeError(
    `Cannot make a density of ${dimension} coordinates with \`periodic\` ${
      valueText(periodic)
    }: give ` +
      "true or false for each",
  );
}

/** Where it is tried whether densities repeat themselves; nothing in them is round. */
const PROBES = [0.3, -1.7, 2.2];
/** How far two values may be apart by rounding. */
const ROUNDING = 1e-6;

/** Refuses a density that does not repeat itself where it is said to. */
function checkPeriods({ dimension, periodic, logDensity }: Target): void {
  for (const [i, each] of periodic.entries()) {
    if (!each) continue;
    for (const probe of PROBES) {
      const at = Array.from({ length: dimension }, (_, k) => probe + 0.1 * (k % 7));
      const [here, there] = [logDensity(at), logDensity(at.with(i, at[i] + TURN))];
      if (Math.abs(here - there) <= ROUNDING * (1 + Math.abs(here)) || !Number.isFinite(here)) {
        continue;
      }
      throw new RangeError(
        `Cannot take coordinate ${i} for periodic: the log density is ${here} at ${
          at[i]
        } and ${there} ` +
          "a whole turn, 2π, further; scale it to that period, or leave it out of `periodic`",
      );
    }
  }
}

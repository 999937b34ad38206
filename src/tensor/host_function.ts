/**
 * Functions of JavaScript within traced functions.
 *
 * @module
 */
import { apply, type Tensor, tensor, type TensorLike } from "./tensor.ts";

/**
 * Makes a function of plain numbers part of the array language: a black box, such as a likelihood that
 * simulates, looks up tables or calls other code.
 *
 * It is called for one chain at a time, each time with a fresh copy of the vector. It must be a pure
 * function: it is called whenever its value or gradient is needed, once for each new position, and its
 * results are not checked but for their types. Compiled steps call it from within; they run in this
 * thread, however fast the rest is. What it throws ends the run.
 *
 * @param f From a vector to a number; NaN is a density that no proposal is accepted at, −∞ one of 0.
 * @param gradient Its gradient at a vector, as many numbers; without it there is none, and kernels that
 * use gradients refuse the target.
 * @returns The function on tensors: from a vector f64[n] to a scalar. It throws a `TypeError` if it is
 * given something other than a vector, and when it runs, if `f` or `gradient` gives something other than
 * numbers, or a wrong number of them.
 * @throws {TypeError} If one of them is no function.
 *
 * @example A prior in the language, a likelihood outside of it
 * ```ts
 * import { hostFunction, positive, posterior, real, stack } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const logLikelihood = hostFunction(([mu, sigma]) => -0.5 * ((1.5 - mu) / sigma) ** 2 - Math.log(sigma));
 * const target = posterior({
 *   parameters: { mu: real(), sigma: positive() },
 *   logPrior: ({ mu, sigma }) => mu.square().mul(-0.5).sub(sigma),
 *   logLikelihood: ({ mu, sigma }) => logLikelihood(stack([mu, sigma])),
 * });
 * assert.equal(target.logDensity([1.5, 0]), -0.5 * 1.5 ** 2 - 1);
 * ```
 */
export function hostFunction(
  f: (x: Float64Array) => number,
  gradient?: (x: Float64Array) => ArrayLike<number>,
): (x: TensorLike) => Tensor {
  for (const [what, given] of [["function", f], ["gradient", gradient]] as const) {
    if (typeof given === "function" || (what === "gradient" && given === undefined)) continue;
    throw new TypeError(
      `Cannot make a host function of the ${what} ${given}: give a function from a Float64Array`,
    );
  }
  const host = { name: f.name || "anonymous", value: f, gradient };
  return (x) => apply("host", { host, output: "value" }, [tensor(x)])[0];
}

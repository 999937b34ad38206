/**
 * The metric of a kernel: how far one unit of its standardised coordinates is.
 *
 * @module
 */
import type { Target } from "../target/target.ts";
import type { Shape } from "../tensor/program.ts";
import { sameShape, shapeText } from "../tensor/shape.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { typeText } from "./form.ts";
import type { KernelParameters } from "./kernel.ts";

/**
 * ε L with LLᵀ = M⁻¹: from standardised coordinates, in which the mass is 1, to positions. Gradients go
 * the other way, by the transpose.
 */
export interface Metric {
  /** εLz: a move in standardised coordinates as one of the position, [d] to [d]. */
  move(z: Tensor): Tensor;
  /** εLᵀg: the gradient in standardised coordinates, times the step size, [d] to [d]. */
  force(gradient: Tensor): Tensor;
  /** The metric with a part of the step size. */
  times(part: Tensor): Metric;
}

/** A parameter as a tensor of the right shape, and as positive numbers where there are numbers yet. */
export function positiveParameter(
  name: string,
  given: TensorLike,
  shapes: readonly Shape[],
): Tensor {
  const value = ofShape(name, given, shapes);
  if (value.source.kind === "traced") return value;
  const wrong = value.data.find((x) => !(x > 0 && x < Infinity));
  if (wrong === undefined) return value;
  throw new RangeError(`Cannot step with \`${name}\` ${wrong}: expected positive numbers`);
}

function ofShape(name: string, given: TensorLike, shapes: readonly Shape[]): Tensor {
  const value = tensor(given);
  if (value.dtype === "f64" && shapes.some((shape) => sameShape(shape, value.shape))) return value;
  throw new TypeError(
    `Cannot step with \`${name}\` ${typeText(value)}: expected ` +
      shapes.map((shape) => `f64${shapeText(shape)}`).join(" or "),
  );
}

/**
 * The metric that parameters describe.
 *
 * @param target What is sampled.
 * @param parameters Step size, and inverse mass or its root.
 * @returns The metric.
 * @throws {TypeError} If there is no step size or it is not a scalar, if the inverse mass is neither that
 * nor [d], or if its root is not [d, d].
 * @throws {RangeError} If a step size or an inverse mass is not positive and finite, as far as they are
 * numbers already.
 */
export function metricOf(target: Target, parameters: KernelParameters): Metric {
  const { dimension } = target;
  const { inverseMass = 1, inverseMassRoot } = parameters;
  const stepSize = stepSizeOf(parameters);
  if (inverseMassRoot === undefined) {
    const variance = positiveParameter("inverseMass", inverseMass, [[], [dimension]]);
    return diagonal(stepSize.mul(variance.sqrt()));
  }
  return dense(ofShape("inverseMassRoot", inverseMassRoot, [[dimension, dimension]]), stepSize);
}

function diagonal(scale: Tensor): Metric {
  return {
    move: (z) => scale.mul(z),
    force: (gradient) => scale.mul(gradient),
    times: (part) => diagonal(scale.mul(part)),
  };
}

function dense(root: Tensor, stepSize: Tensor): Metric {
  return {
    move: (z) => root.dot(z).mul(stepSize),
    force: (gradient) => gradient.dot(root).mul(stepSize),
    times: (part) => dense(root, stepSize.mul(part)),
  };
}

/**
 * The step size among the parameters, a positive scalar.
 *
 * @throws {TypeError} If there is none or it is not a scalar.
 * @throws {RangeError} If it is not positive and finite.
 */
export function stepSizeOf({ stepSize }: KernelParameters): Tensor {
  if (stepSize === undefined) {
    throw new TypeError("Cannot step without a step size: give one, as in { stepSize: 0.1 }");
  }
  return positiveParameter("stepSize", stepSize, [[]]);
}

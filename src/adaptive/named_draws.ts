/**
 * Draws by the names of what was sampled.
 *
 * @module
 */
import { chooseDevice } from "../device/choose.ts";
import type { Device } from "../device/device.ts";
import type { Draws } from "../diagnostics/draws.ts";
import type { Target } from "../target/target.ts";
import { shapeText } from "../tensor/shape.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";

/** Draws, one entry for each parameter and derived quantity of the target. */
export type NamedDraws<Values> = { readonly [Name in keyof Values]: Draws };

/**
 * Turns unconstrained positions into draws of the parameters and derived quantities.
 *
 * @param target The target.
 * @param device Where the change of variables is computed.
 * @param position chains × draws × d.
 * @returns The draws by name.
 */
export async function constrainedDraws<Values extends object>(
  target: Target<Values>,
  device: Device,
  position: Tensor,
): Promise<NamedDraws<Values>> {
  const [chains, draws, dimension] = position.shape;
  const rows = position.reshape([chains * draws, dimension]);
  const values = await device.map(target.constrained, 1).run([rows], []);
  return Object.fromEntries(
    target.parameters.map(({ name, shape }, i) => [
      name,
      { data: Float64Array.from(values[i].data), shape: [chains, draws, ...shape] },
    ]),
  ) as unknown as NamedDraws<Values>;
}

/**
 * Turns points in unconstrained coordinates, such as those drawn from a trained flow, into draws of a
 * target's parameters and derived quantities.
 *
 * @typeParam Values What the draws hold, by name.
 * @typeParam Sampled What makes a position: all of it but derived quantities.
 * @param target The target.
 * @param position Points n × d, which become the draws of one chain, or chains × draws × d.
 * @returns The draws by name, each chains × draws × the shape of the parameter.
 * @throws {TypeError} If the points have another number of coordinates than the target.
 * @throws {RangeError} If there are no points.
 *
 * @example
 * ```ts
 * import { key, namedDraws, positive, posterior, sample } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const target = posterior({
 *   parameters: { rate: positive() },
 *   logDensity: ({ rate }) => rate.log().mul(3).sub(rate.mul(2)),
 * });
 * const { flow } = await sample(target, key(1), { stop: { effectiveSampleSize: 500 } });
 * assert(flow !== undefined);
 * const { rate } = await namedDraws(target, (await flow.sample(key(2), 1000)).position);
 * assert.deepEqual(rate.shape, [1, 1000]);
 * assert(rate.data.every((each) => each > 0));
 * ```
 */
export async function namedDraws<Values extends Sampled, Sampled extends object = object>(
  target: Target<Values, Sampled>,
  position: TensorLike,
): Promise<NamedDraws<Values>> {
  const points = tensor(position);
  const { dtype, shape } = points;
  const { dimension } = target;
  if (dtype !== "f64" || ![2, 3].includes(shape.length) || shape.at(-1) !== dimension) {
    throw new TypeError(
      `Cannot name the coordinates of points ${dtype}${
        shapeText(shape)
      }: the target has ${dimension}, ` +
        `so that they must be f64[n, ${dimension}] or f64[chains, draws, ${dimension}]`,
    );
  }
  if (points.size === 0) throw new RangeError("Cannot name the coordinates of no points");
  const blocks = shape.length === 3 ? points : points.reshape([1, ...shape]);
  return await constrainedDraws<Values>(target, chooseDevice(), blocks);
}

/**
 * Draws by the names of what was sampled.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Draws } from "../diagnostics/draws.ts";
import type { Target } from "../target/target.ts";
import type { Tensor } from "../tensor/tensor.ts";

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

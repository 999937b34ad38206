/**
 * Where chains start, as a user gives it.
 *
 * @module
 */
import { type Either, either } from "../deps.ts";
import type { Position, Target } from "../target/target.ts";
import { Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";

/** The values of all parameters of one chain, by name. */
export type NamedStart = Readonly<Record<string, TensorLike>>;

/** Where chains start: positions, chains × d, or the values of all parameters of each chain. */
export type Initial = Tensor | readonly Position[] | readonly NamedStart[];

function isNamed(start: unknown): start is NamedStart {
  return typeof start === "object" && start !== null && !Array.isArray(start) &&
    !ArrayBuffer.isView(start) && !(start instanceof Tensor);
}

/**
 * Starts as positions: those that are given by name are turned into such.
 *
 * @param target What is sampled.
 * @param initial What was given.
 * @returns The positions, in the shape that they have, or an error that says which chain is at fault.
 */
export function givenPositions(target: Target, initial: Initial): Either<Error, Tensor> {
  const rows: unknown[] = Array.isArray(initial) ? [...initial] : [];
  for (const [chain, start] of rows.entries()) {
    if (!isNamed(start)) continue;
    try {
      rows[chain] = target.unconstrain(start);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return either.left(
        new RangeError(`Cannot start chain ${chain} of \`initial\`: ${reason}`, { cause }),
      );
    }
  }
  try {
    return either.right(tensor((rows.length > 0 ? rows : initial) as TensorLike));
  } catch (cause) {
    return either.left(
      new TypeError(
        "Cannot start: `initial` must hold for each chain one position, all of equal length, or the " +
          "values of all parameters, as in { mu: 0 }",
        { cause },
      ),
    );
  }
}

/**
 * Where chains start, as a user gives it.
 *
 * @module
 */
import { type Either, either } from "../deps.ts";
import type { Key } from "../tensor/random.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Position, Target } from "../target/target.ts";
import { Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { valueText } from "../tensor/value_text.ts";

/** The values of all parameters of one chain, by name. */
export type NamedStart = Readonly<Record<string, TensorLike>>;

/**
 * Positions of chains: chains × d, the values of all parameters of each chain, or those of all chains by
 * name, each chains × its shape.
 */
export type Starts = Tensor | readonly Position[] | readonly NamedStart[] | NamedStart;

/**
 * Draws positions of so many chains, such as from the prior. A pure function: the same key gives the same
 * ones.
 */
export type DrawStarts = (key: Key, chains: number) => Starts | Promise<Starts>;

/** Where chains start, or what draws that. */
export type Initial = Starts | DrawStarts;

function isNamed(start: unknown): start is NamedStart {
  return typeof start === "object" && start !== null && !Array.isArray(start) &&
    !ArrayBuffer.isView(start) && !(start instanceof Tensor);
}

/** The values of a parameter. */
function numbers(name: string, value: TensorLike): Tensor {
  try {
    return tensor(value);
  } catch (cause) {
    throw new TypeError(
      `Cannot start: \`initial\` must hold for each parameter numbers; ${name} is ${
        valueText(value)
      }`,
      { cause },
    );
  }
}

/** Values of all chains by name, as values by name of each chain. */
function rowsOf(columns: NamedStart): Either<Error, readonly NamedStart[]> {
  return either.tryCatch(() => {
    const values = Object.entries(columns).map(([name, value]) =>
      [name, numbers(name, value)] as const
    );
    const chains = values[0]?.[1].shape[0];
    const wrong = values.find(([, { shape }]) => shape.length === 0 || shape[0] !== chains);
    if (wrong !== undefined || chains === undefined) {
      throw new TypeError(
        "Cannot start: `initial` must hold for each parameter the values of all chains, of equal " +
          `number; ${wrong?.[0] ?? "there is no parameter"}` +
          (wrong === undefined ? "" : ` has the shape ${shapeText(wrong[1].shape)}`),
      );
    }
    return Array.from(
      { length: chains },
      (_, chain) => Object.fromEntries(values.map(([name, value]) => [name, value.at(chain)])),
    );
  }, (error) => error as Error);
}

/**
 * Starts as positions: those that are given by name are turned into such.
 *
 * @param target What is sampled.
 * @param initial What was given.
 * @returns The positions, in the shape that they have, or an error that says which chain is at fault.
 */
export function givenPositions(target: Target, initial: Starts): Either<Error, Tensor> {
  const columns = isNamed(initial) ? rowsOf(initial) : either.right([]);
  if (either.isLeft(columns)) return columns;
  const rows: unknown[] = Array.isArray(initial) ? [...initial] : [...columns.right];
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

/**
 * Draws of a sampler, and how their scalars are walked through.
 *
 * @module
 */
import { type Memory, memory } from "./memory.ts";

/** Draws of one parameter. */
export interface Draws {
  /** The values, row-major. */
  readonly data: Float64Array;
  /** chains × draws × the shape of the parameter. */
  readonly shape: readonly number[];
}

/** Chains of one scalar, one after the other. */
export interface Chains {
  /** chains × draws values, row-major. */
  readonly values: Float64Array;
  /** How many chains. */
  readonly chains: number;
  /** How many draws of each chain. */
  readonly draws: number;
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((size, length) => size * length, 1);
}

/** How many scalars a parameter has. */
export function eventSize({ shape }: Draws): number {
  return product(shape.slice(2));
}

/**
 * Refuses draws whose shape does not fit their data or that are empty.
 *
 * @param action What is being done, for the message: "compute R-hat".
 * @param draws The draws.
 * @throws {TypeError} If the shape has fewer than 2 axes or does not fit the data.
 * @throws {RangeError} If there is no chain or no draw.
 */
export function checkShape(action: string, { data, shape }: Draws): void {
  const written = `[${shape.join(", ")}]`;
  if (shape.length < 2) {
    throw new TypeError(
      `Cannot ${action}: \`draws\` must have the shape [chains, draws, ...], got ${written}`,
    );
  }
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new TypeError(`Cannot ${action}: the shape ${written} holds a number that is no length`);
  }
  if (product(shape) !== data.length) {
    throw new TypeError(
      `Cannot ${action}: the shape ${written} asks for ${product(shape)} values, ` +
        `\`draws.data\` holds ${data.length}`,
    );
  }
  if (shape[0] === 0 || shape[1] === 0) {
    throw new RangeError(`Cannot ${action}: there are no draws, the shape is ${written}`);
  }
}

function refuseNaN(action: string, place: number, perChain: number, size: number): never {
  const chain = Math.floor(place / (perChain * size));
  const draw = Math.floor(place / size) % perChain;
  const where = size > 1 ? `chain ${chain}, draw ${draw}, element ${place % size}` : undefined;
  throw new RangeError(
    `Cannot ${action}: \`draws\` holds NaN in ${where ?? `chain ${chain}, draw ${draw}`}`,
  );
}

/** Scalars that are copied out together: as many doubles as a line of the processor's cache holds. */
const TOGETHER = 8;

/** Copies out the scalars from `first` on, as many as there are arrays. */
function copyOut(
  action: string,
  { data, shape }: Draws,
  size: number,
  first: number,
  out: readonly Float64Array[],
): void {
  for (let i = 0; i * size < data.length; i++) {
    const from = i * size + first;
    for (let j = 0; j < out.length; j++) {
      const value = data[from + j];
      if (value !== value) refuseNaN(action, from + j, shape[1], size);
      out[j][i] = value;
    }
  }
}

/** Gives a function of the chains of a scalar, which may work in a memory that serves them in turn. */
export type Prepare<T> = (memory: Memory) => (chains: Chains) => T;

/** A function of every scalar of a parameter; `action` says what it does, for messages. */
export type ScalarMap<T> = (action: string, draws: Draws) => T[];

/**
 * Makes a function of the scalars of parameters, all of which share one memory.
 *
 * @typeParam T What the function gives for a scalar.
 * @param prepare Gives what is done with a scalar; the chains are good until the next one.
 * @returns The function. Its results are in the order of the scalars; it throws a `TypeError` if the
 * shape does not fit the data, a `RangeError` if there are no draws or a draw is NaN.
 */
export function scalarMap<T>(prepare: Prepare<T>): ScalarMap<T> {
  const room = memory();
  const of = prepare(room);
  return (action, draws) => {
    checkShape(action, draws);
    const size = eventSize(draws);
    const [chains, length] = draws.shape;
    const out: T[] = [];
    for (let first = 0; first < size; first += TOGETHER) {
      const together = Array.from(
        { length: Math.min(TOGETHER, size - first) },
        (_, j) => room.floats(`scalar ${j}`, chains * length),
      );
      copyOut(action, draws, size, first, together);
      for (const values of together) out.push(of({ values, chains, draws: length }));
    }
    return out;
  };
}

/**
 * Applies a function to the chains of every scalar of one parameter.
 *
 * @typeParam T What the function gives.
 * @param action What is being done, for messages.
 * @param draws The draws.
 * @param prepare Gives the function; the chains are good until its next call.
 * @returns Its results in the order of the scalars.
 * @throws {TypeError} If the shape does not fit the data.
 * @throws {RangeError} If there are no draws, or a draw is NaN.
 */
export function mapScalars<T>(action: string, draws: Draws, prepare: Prepare<T>): T[] {
  return scalarMap(prepare)(action, draws);
}

/**
 * One number for each scalar of a parameter; a plain number where the parameter is a scalar.
 *
 * @param draws The draws that the numbers are of.
 * @param values The numbers, one for each scalar.
 * @returns The only number if the shape is `[chains, draws]`, all of them otherwise.
 */
export function perScalar({ shape }: Draws, values: readonly number[]): number | Float64Array {
  return shape.length === 2 ? values[0] : Float64Array.from(values);
}

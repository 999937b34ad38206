/**
 * Batches of updates, checked and complete.
 *
 * @module
 */
import type { Step } from "./engine_calls.ts";

/** How one update is made. */
export interface UpdateOptions {
  /** Adam's step, at least 0. */
  readonly learningRate: number;
  /** Largest global norm of the slopes, above 0; 1 by default, ∞ for none. */
  readonly clip?: number;
  /** AdamW's decoupled decay, at least 0; 0 by default. */
  readonly weightDecay?: number;
}

/** One update: which rows of the data it is made from, and how. */
export interface Batch extends UpdateOptions {
  /** Numbers of the rows, at least one. */
  readonly rows: Uint32Array;
  /**
   * How much each of these rows counts, one number for each; 1 by default. The loss is Σ wᵢ (−ln q(xᵢ))
   * divided by the number of rows: weights may be of any size and sign.
   */
  readonly weights?: Float32Array;
}

/**
 * Refuses what would read beyond the data or leave weights that are no numbers.
 *
 * @param batch The batch, with all of its options.
 * @param most How many rows there are.
 * @throws {RangeError} If it is empty, names rows that are not there, or an option is out of range.
 */
function checkBatch(
  { rows, weights, learningRate, clip, weightDecay }: Step,
  most: number,
): void {
  const stray = rows.find((row) => row >= most);
  if (rows.length === 0 || stray !== undefined) {
    throw new RangeError(
      "Cannot update a flow by a batch " +
        (stray === undefined ? "without rows" : `with row ${stray}: the data has ${most} rows`),
    );
  }
  if (weights !== undefined && weights.length !== rows.length) {
    throw new RangeError(
      `Cannot update a flow by a batch of ${rows.length} rows with ${weights.length} weights: give one ` +
        "for each row",
    );
  }
  const refuse = (name: string, value: number, expected: string): never => {
    throw new RangeError(
      `Cannot update a flow with \`${name}\` ${value}: expected ${expected} number`,
    );
  };
  const atLeast0 = (value: number): boolean => value >= 0 && Number.isFinite(value);
  if (!atLeast0(learningRate)) refuse("learningRate", learningRate, "a non-negative");
  if (!(clip > 0)) refuse("clip", clip, "a positive");
  if (!atLeast0(weightDecay)) refuse("weightDecay", weightDecay, "a non-negative");
}

/**
 * Fills in what batches leave out, and refuses what cannot be.
 *
 * @param batches The batches.
 * @param rows How many rows the data has.
 * @returns The batches with all options.
 * @throws {RangeError} If a batch is empty, names rows that are not there, or its options are out of
 * range.
 */
export function completeBatches(batches: readonly Batch[], rows: number): readonly Step[] {
  return batches.map(({ clip = 1, weightDecay = 0, ...given }) => {
    const step = { ...given, clip, weightDecay };
    checkBatch(step, rows);
    return step;
  });
}

/**
 * Only those rows of the data that some batch names, once each, if that is less: what an engine holds
 * then depends on the batches, not on the data.
 *
 * @param data n × d.
 * @param dimension d.
 * @param steps The batches.
 * @returns The rows, and the batches that name them.
 */
export function namedRows(
  data: Float64Array,
  dimension: number,
  steps: readonly Step[],
): { readonly data: Float64Array; readonly steps: readonly Step[] } {
  const rows = data.length / dimension;
  const named = steps.reduce((sum, step) => sum + step.rows.length, 0);
  if (named >= rows) return { data, steps };
  const kept = new Float64Array(named * dimension);
  let next = 0;
  const renamed = steps.map((step) => ({
    ...step,
    rows: step.rows.map((row) => {
      kept.set(data.subarray(row * dimension, (row + 1) * dimension), next * dimension);
      return next++;
    }),
  }));
  return { data: kept, steps: renamed };
}

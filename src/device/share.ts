/**
 * When work goes to workers, and how it is shared out.
 *
 * @module
 */
import type { Precision } from "../tensor/functions/precision.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** How a program is compiled, and what it is shared among. */
export interface WasmHow {
  /** What floats are; f64 by default. */
  readonly precision?: Precision;
  /** Workers; none for this thread alone. */
  readonly pool?: WorkerPool | undefined;
}

/** Work of this thread alone that would take longer than this goes to workers that are there. */
const WORTH_MILLISECONDS = 4;
/** And work that would take longer than this, to workers that must be started first. */
const WORTH_A_START_MILLISECONDS = 40;
/** Shares of a worker that take longer than this are cut, so that none waits long for another. */
const SHARE_MILLISECONDS = 40;
const MOST_SHARES = 4;

/**
 * Whether work is worth workers.
 *
 * @param pool The workers.
 * @param milliseconds What it would take in this thread.
 * @returns Whether it should go there.
 */
export function isWorth(
  pool: Pick<WorkerPool, "available" | "ready">,
  milliseconds: number,
): boolean {
  if (!pool.available) return false;
  return milliseconds > (pool.ready ? WORTH_MILLISECONDS : WORTH_A_START_MILLISECONDS);
}

/** Groups from `first` to before `end`. */
export interface Share {
  /** The first group. */
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
}

/**
 * Cuts groups into shares of nearly equal size.
 *
 * @param groups How many groups.
 * @param workers How many workers.
 * @param milliseconds What all of it would take in one thread.
 * @returns The shares, at most one for each group.
 */
export function sharesOf(groups: number, workers: number, milliseconds: number): Share[] {
  const each = Math.ceil(milliseconds / workers / SHARE_MILLISECONDS);
  const wanted = workers * Math.max(1, Math.min(each, MOST_SHARES));
  const count = Math.min(groups, wanted);
  return Array.from({ length: count }, (_, i) => ({
    first: Math.floor(i * groups / count),
    end: Math.floor((i + 1) * groups / count),
  }));
}

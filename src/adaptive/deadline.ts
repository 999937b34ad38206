/**
 * The end of a run by the clock, which cuts off what is under way.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** A deadline. */
export interface Deadline {
  /** Aborted once the time is up. */
  readonly signal: AbortSignal;
  /** Milliseconds until then; ∞ if there is no end. */
  left(): number;
  /**
   * Watches over some work: it is cut off when no more time is left than what comes after it takes.
   *
   * @param rest Milliseconds of what comes after, as they are known at the time.
   * @returns Looks at the clock now, and an end of the watch.
   */
  watch(rest: () => number): { look(): void; end(): void };
  /** Whether an error is that of work that was cut off. */
  isCut(error: unknown): boolean;
}

/** Between two looks at the clock there is at least so much, in milliseconds. */
const SHORTEST_WAIT = 2;

/**
 * A deadline.
 *
 * @param end When the time is up, in milliseconds of the clock; ∞ for never.
 * @param clock The clock.
 * @returns The deadline.
 */
export function deadlineAt(end: number, clock: Clock): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const left = (): number => end - clock.now();
  return {
    signal,
    left,
    watch(rest) {
      let cancel = (): void => {};
      let over = end === Infinity;
      const look = (): void => {
        cancel();
        if (over || signal.aborted) return;
        const free = left() - rest();
        if (free <= 0) {
          controller.abort(new DOMException("The time of the run is up", "TimeoutError"));
        } // The rest may be found to take longer: looks come closer as the end does.
        else cancel = clock.after(Math.max(SHORTEST_WAIT, free / 2), look);
      };
      look();
      return {
        look,
        end(): void {
          over = true;
          cancel();
        },
      };
    },
    isCut: (error) => signal.aborted && error === signal.reason,
  };
}

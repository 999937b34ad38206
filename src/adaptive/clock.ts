/**
 * The clock of a run: `stop.maxSeconds` is all that looks at it.
 *
 * @module
 */

/** A clock with an alarm. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /**
   * Calls a function once, later.
   *
   * @returns Takes the call back.
   */
  after(milliseconds: number, call: () => void): () => void;
}

/** A timer that waits longer overflows. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, Math.min(milliseconds, LONGEST_WAIT));
    return () => clearTimeout(timer);
  },
};

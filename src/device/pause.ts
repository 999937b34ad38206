/**
 * Gives other tasks of the event loop their turn during a long run.
 *
 * @module
 */

/** After so long without a pause, other tasks of the event loop get their turn. */
const PAUSE_MILLISECONDS = 30;

/** Pauses of one run. */
export interface Pauses {
  /** Whether it is time for one. */
  due(): boolean;
  /**
   * Lets other tasks run.
   *
   * @throws The reason of the signal, if it was aborted.
   */
  take(): Promise<void>;
}

/**
 * Counts the time between pauses.
 *
 * @param signal Ends the run at the next pause.
 * @returns The pauses of a run that starts now.
 * @throws The reason of the signal, if it is aborted already.
 */
export function pausesOf(signal: AbortSignal | undefined): Pauses {
  signal?.throwIfAborted();
  let last = performance.now();
  return {
    due: () => performance.now() - last > PAUSE_MILLISECONDS,
    async take(): Promise<void> {
      await pause();
      last = performance.now();
      signal?.throwIfAborted();
    },
  };
}

/** Where it exists (Deno, Node), it lets timers run; there messages would keep them waiting. */
const { setImmediate: soon } = globalThis as {
  readonly setImmediate?: (callback: () => void) => unknown;
};

/** Lets other tasks of the event loop run. In browsers, where a timer would wait for 4 ms, by a message. */
export function pause(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (soon !== undefined) {
    soon(resolve);
    return promise;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(undefined);
  return promise;
}

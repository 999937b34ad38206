/** Workers that a test can count and kill. */

/** What {@linkcode withRecordedWorkers} shows of the workers that were started. */
export interface Recorded {
  /** All that were started, the first one first. */
  readonly started: readonly Worker[];
}

/**
 * Runs a test while each new worker is written down.
 *
 * @param test The test.
 * @param born Called with each new worker and its number.
 */
export async function withRecordedWorkers(
  test: (recorded: Recorded) => Promise<void>,
  born: (worker: Worker, number: number) => void = () => {},
): Promise<void> {
  const original = globalThis.Worker;
  const started: Worker[] = [];
  globalThis.Worker = class extends original {
    constructor(specifier: string | URL, options?: WorkerOptions) {
      super(specifier, options);
      started.push(this);
      born(this, started.length - 1);
    }
  };
  try {
    await test({ started });
  } finally {
    globalThis.Worker = original;
  }
}

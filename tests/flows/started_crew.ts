/** Workers that are there before the work, so that short work goes to them too. */
import { crewOf } from "../../src/flows/crew.ts";

/**
 * Runs a test while the workers of flows are held and started.
 *
 * @param workers How many.
 * @param test The test; it gets how often work was given to them so far.
 */
export async function withStartedCrew(
  workers: number,
  test: (calls: () => number) => Promise<void>,
): Promise<void> {
  const crew = crewOf(workers);
  const hold = crew.hold();
  const run = crew.run.bind(crew);
  let calls = 0;
  crew.run = (...given) => {
    calls++;
    return run(...given);
  };
  try {
    crew.miss(1000);
    while (workers > 1 && !crew.ready) await new Promise((resolve) => setTimeout(resolve, 2));
    await test(() => calls);
  } finally {
    crew.run = run;
    hold.release();
  }
}

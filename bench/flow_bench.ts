/** The flow engine: proposals with their density, densities, and updates, in one thread and in two. */
import { key, normal, splineFlow, withWorkers } from "../mod.ts";

const ROWS = 10_000;

/** Updates over so many examples. */
const EXAMPLES = 20_480;

for (const dimension of [5, 20]) {
  for (const workers of [1, 2]) {
    const flow = withWorkers(splineFlow(), { workers });
    const base = normal(key(1), [ROWS, dimension]).data as Float64Array;
    const state = flow.whiten(flow.init(dimension, [0, 1]), base);
    const said = workers === 1 ? "one thread" : `${workers} workers`;
    const bench = (name: string, run: () => Promise<unknown>): void =>
      Deno.bench(`${name}, ${said}`, { group: `${name}, d = ${dimension}` }, async () => {
        await run();
      });
    bench(`${ROWS} proposals with their log density`, () => flow.sample(state, base));
    bench(`${ROWS} log densities`, () => flow.logDensity(state, base));
    for (const batch of [256, 1024]) {
      const batches = Array.from({ length: EXAMPLES / batch }, (_, i) => ({
        rows: Uint32Array.from({ length: batch }, (_, j) => (i * batch + j) % ROWS),
        learningRate: 1e-3,
      }));
      bench(
        `${EXAMPLES} examples in batches of ${batch}`,
        () => flow.updates(state, base, batches),
      );
    }
  }
}

/** The flow engine: proposals with their density, densities, and updates, in one thread and in two. */
import { key, normal, splineFlow, withWorkers } from "../mod.ts";

const ROWS = 8_192;

/** Updates over so many examples. */
const EXAMPLES = 16_384;

/** The default, and a net of the size that flowMC takes. */
const FLOWS = {
  "default net": splineFlow(),
  "flowMC's net": splineFlow({ layers: 4, hidden: [32, 32], bins: 8, components: false }),
};

for (const [net, made] of Object.entries(FLOWS)) {
  for (const dimension of [5, 20]) {
    const base = normal(key(1), [ROWS, dimension]).data as Float64Array;
    const state = made.whiten(made.init(dimension, [0, 1]), base);
    for (const workers of [1, 2]) {
      const flow = withWorkers(made, { workers });
      const said = workers === 1 ? "one thread" : `${workers} workers`;
      const bench = (name: string, run: () => Promise<unknown>): void =>
        Deno.bench(`${name}, ${said}`, { group: `${name}, ${net}, d = ${dimension}` }, async () => {
          await run();
        });
      for (const precision of ["f64", "f32"] as const) {
        bench(
          `${ROWS} proposals with their log density in ${precision}`,
          () => flow.sample(state, base, { precision }),
        );
      }
      bench(`${ROWS} log densities`, () => flow.logDensity(state, base));
      bench(`${ROWS} slopes`, () => flow.scores(state, base));
      for (const batch of [128, 1024]) {
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
}

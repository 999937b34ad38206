/** The flow engine: proposals with their density, densities, and updates, in one thread. */
import { key, normal, splineFlow } from "../mod.ts";

const ROWS = 10_000;
const BATCH = 256;
const UPDATES = 20;

for (const dimension of [5, 20]) {
  const flow = splineFlow();
  const base = normal(key(1), [ROWS, dimension]).data as Float64Array;
  const state = flow.whiten(flow.init(dimension, [0, 1]), base);
  const batches = Array.from({ length: UPDATES }, (_, i) => ({
    rows: Uint32Array.from({ length: BATCH }, (_, j) => (i * BATCH + j) % ROWS),
    learningRate: 1e-3,
  }));
  const group = `flow, d = ${dimension}`;
  Deno.bench(`${ROWS} proposals with their log density`, { group }, async () => {
    await flow.sample(state, base);
  });
  Deno.bench(`${ROWS} log densities`, { group }, async () => {
    await flow.logDensity(state, base);
  });
  Deno.bench(`${UPDATES} updates with batches of ${BATCH}`, { group }, async () => {
    await flow.updates(state, base, batches);
  });
}

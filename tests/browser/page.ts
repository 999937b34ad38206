/** What the page runs. */
import { dualMoon } from "../../examples/dual_moon.ts";
import { hmc, key, normal, splineFlow, startChains, vectorize, withWorkers } from "../../mod.ts";
import { shortRun } from "./short_run.ts";

/** Counts the workers that come to life: those of chains, and those of flows. */
let living = 0;
let flowing = 0;
const original = globalThis.Worker;
globalThis.Worker = class extends original {
  constructor(specifier: string | URL, options?: WorkerOptions) {
    super(specifier, options);
    this.addEventListener("message", ({ data }) => {
      if (data.kind !== "ready") return;
      if (options?.name === "tributary flow") flowing++;
      else living++;
    });
  }
};

/** How many workers a long run starts, and whether they change it. */
async function workers(): Promise<string> {
  // Those of the run before, if it had any, end when they have had no work for a while.
  await new Promise((resolve) => setTimeout(resolve, 500));
  living = 0;
  const step = hmc().step(dualMoon, { stepSize: 0.1 });
  const start = await startChains(dualMoon, hmc())(normal(key(1), [500, 5]));
  const run = async (workers: number): Promise<Float64Array> => {
    const { position } = await vectorize(step, { workers })(start, key(2), { steps: 1000 });
    return position.data as Float64Array;
  };
  const [alone, shared] = [await run(1), await run(2)];
  const same = alone.every((value, i) => Object.is(value, shared[i]));
  return `${living} workers, ${same ? "the same" : "other"} bits`;
}

/** How many workers a flow starts, and whether they change what it draws and learns. */
async function flowWorkers(): Promise<string> {
  flowing = 0;
  const flow = splineFlow();
  const base = normal(key(3), [30_000, 2]).data as Float64Array;
  const init = flow.whiten(flow.init(2, [0, 1]), base);
  const rows = Uint32Array.from({ length: 1000 }, (_, row) => row);
  const batches = Array.from({ length: 40 }, () => ({ rows, learningRate: 1e-3 }));
  const run = async (workers: number): Promise<readonly ArrayLike<number>[]> => {
    const shared = withWorkers(flow, { workers });
    const { state, losses } = await shared.updates(init, base, batches);
    const trained = flowing;
    const { position, logDensity } = await shared.sample(init, base);
    return [state.weights, losses, position, logDensity, workers > 1 ? [trained] : []];
  };
  const [alone, shared] = [await run(1), await run(3)];
  const same = alone.slice(0, 4).every((numbers, i) =>
    Array.from(numbers).every((value, k) => Object.is(value, shared[i][k]))
  );
  return `${shared[4][0]} for training, ${flowing} in all, ${same ? "the same" : "other"} bits`;
}

try {
  const result = {
    run: await shortRun(),
    workers: await workers(),
    flow: await flowWorkers(),
  };
  await fetch("/result", { method: "POST", body: JSON.stringify(result) });
} catch (error) {
  await fetch("/result", { method: "POST", body: `error: ${(error as Error).stack}` });
}

/** What the page runs. */
import { dualMoon } from "../../examples/dual_moon.ts";
import { hmc, key, normal, startChains, vectorize } from "../../mod.ts";
import { shortRun } from "./short_run.ts";

/** Counts the workers that come to life. */
let living = 0;
const original = globalThis.Worker;
globalThis.Worker = class extends original {
  constructor(specifier: string | URL, options?: WorkerOptions) {
    super(specifier, options);
    this.addEventListener("message", ({ data }) => {
      if (data.kind === "ready") living++;
    });
  }
};

/** How many workers a long run starts, and whether they change it. */
async function workers(): Promise<string> {
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

try {
  const result = { run: await shortRun(), workers: await workers() };
  await fetch("/result", { method: "POST", body: JSON.stringify(result) });
} catch (error) {
  await fetch("/result", { method: "POST", body: `error: ${(error as Error).stack}` });
}

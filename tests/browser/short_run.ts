/** A short run of all phases, and what it gives as text that shows every bit. */
import { dualMoon } from "../../examples/dual_moon.ts";
import { key, sample } from "../../mod.ts";

/** The draws, log densities and evidence of the run; numbers are written so that none lose a bit. */
export async function shortRun(): Promise<string> {
  const run = await sample(dualMoon, key(11), {
    chains: 12,
    schedule: { warmupWindows: [12, 12], trainCycles: 2 },
    stop: { maxDraws: 24 },
  });
  const { data } = run.draws.x;
  return JSON.stringify([[...data], [...run.logDensity.data], run.logEvidence, run.acceptance]);
}

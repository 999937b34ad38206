/**
 * flowMC's flow beside ours on dual moon: training and global moves of flowMC's tutorial, the same net,
 * the same numbers of examples and proposals. See README.md here.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import {
  independence,
  key,
  mala,
  normal,
  splineFlow,
  startChains,
  withWorkers,
} from "../../mod.ts";
import { dualMoon } from "../../examples/dual_moon.ts";
import { wasmDeviceWith } from "../../src/device/wasm.ts";
import { flowProposal } from "../../src/global/flow_proposal.ts";
import { normalVectors } from "../../src/global/normals.ts";
import { median, tableText } from "../table.ts";

interface Measured {
  readonly name: string;
  /** Microseconds of an example or a proposal. */
  readonly microseconds: number;
  /** Seconds of the first call, which compiles. */
  readonly first: number;
}

const SCRIPT = "flowmc_flow.py";
const CHAINS = 100;
const GLOBAL_STEPS = 10;
const REPEATS = 7;
/** Of the tutorial: 30 loops of 5 epochs with one batch of 10,000 rows; 60 loops of 10 global steps. */
const EXAMPLES = 30 * 5 * 10_000;
const PROPOSALS = 60 * GLOBAL_STEPS * CHAINS;

async function timed(
  name: string,
  count: number,
  work: () => Promise<unknown>,
): Promise<Measured> {
  const seconds: number[] = [];
  for (let i = 0; i <= REPEATS + 1; i++) {
    const start = performance.now();
    await work();
    seconds.push((performance.now() - start) / 1000);
  }
  // The first compiles, the second starts workers.
  return { name, microseconds: median(seconds.slice(2)) * 1e6 / count, first: seconds[0] };
}

async function ours(workers: number): Promise<Measured[]> {
  const flow = withWorkers(
    splineFlow({ layers: 4, hidden: [32, 32], bins: 8, components: false }),
    { workers },
  );
  const d = dualMoon.dimension;
  const rows = normal(key(2), [10_000, d]).data as Float64Array;
  const state = flow.whiten(flow.init(d, [0, 1]), rows);
  const training = (batch: number, calls: number): Promise<Measured> => {
    const step = { rows: Uint32Array.from({ length: batch }, (_, i) => i), learningRate: 1e-3 };
    const batches = new Array(calls).fill(step);
    return timed(`train ${batch}`, batch * calls, () => flow.updates(state, rows, batches));
  };
  const device = wasmDeviceWith({ workers });
  const proposal = flowProposal(flow, state, normalVectors(d, device));
  const start = startChains(dualMoon, mala(), { workers });
  const chains = await start(normal(key(3), [CHAINS, d]));
  const move = independence({ proposal, start });
  return [
    await training(10_000, 5),
    await training(1024, 10),
    await timed("propose", 10_000, () => proposal.sample(key(4), 10_000)),
    await timed(
      "global",
      CHAINS * GLOBAL_STEPS,
      () => move.collect(chains, key(5), { steps: GLOBAL_STEPS }),
    ),
  ];
}

async function theirs(python: string, precision: string): Promise<Measured[]> {
  const { stdout, success } = await new Deno.Command(python, {
    args: [
      fileURLToPath(new URL(SCRIPT, import.meta.url)),
      ...["--precision", precision, "--cores", "all"],
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure flowMC: ${python} failed; its message is above`);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Measured);
}

/** Seconds of the tutorial's training and global moves. */
function tutorial([train, , , global]: readonly Measured[]): number {
  return (train.microseconds * EXAMPLES + global.microseconds * PROPOSALS) / 1e6;
}

async function main(): Promise<number> {
  const python = Deno.args[0] ?? Deno.env.get("TRIBUTARY_PYTHON");
  if (python === undefined) {
    console.error("Give the Python interpreter of an environment with flowMC; see README.md here");
    return 1;
  }
  const load = Deno.loadavg().map((each) => each.toFixed(1)).join(" ");
  const mine = await ours(navigator.hardwareConcurrency);
  const alone = await ours(1);
  const [single, double] = [await theirs(python, "f32"), await theirs(python, "f64")];
  const what = ["training, batches of 10,000", "training, batches of 1,024"];
  const rows = [...what, "proposal with its density", "global move, target included"].map(
    (name, i) => {
      const sides = [single[i], double[i], mine[i], alone[i]];
      const ratio = single[i].microseconds / mine[i].microseconds;
      return [name, ...sides.map((side) => side.microseconds.toFixed(2)), `${ratio.toFixed(1)}×`];
    },
  );
  const header = ["µs each", "flowMC f32", "flowMC f64", "ours", "ours, one thread", "f32 ÷ ours"];
  console.log(tableText(header, rows, 1));
  const [longer, shorter] = [tutorial(single), tutorial(mine)];
  const first = (side: readonly Measured[]): string =>
    side.reduce((sum, each) => sum + each.first, 0).toFixed(1);
  console.log(
    `\nTraining and global moves of the tutorial: flowMC ${longer.toFixed(1)} s, ours ` +
      `${shorter.toFixed(2)} s: ${(longer / shorter).toFixed(1)}×. First calls, which compile: ` +
      `${first(single)} s and ${first(mine)} s. Load at the start: ${load}.`,
  );
  return 0;
}

if (import.meta.main) Deno.exit(await main());

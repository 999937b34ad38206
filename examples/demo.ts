/**
 * The demonstration: two targets with nothing set, and a sampler composed by hand.
 */
import {
  foldIn,
  hmc,
  independence,
  key,
  mala,
  mixture,
  type Progress,
  progressLine,
  repeat,
  sample,
  type SampleResult,
  sequence,
  startChains,
  type Tensor,
  type TrainedFlow,
  vectorize,
} from "../mod.ts";
import { dualMoon } from "./dual_moon.ts";
import { eightSchools } from "./eight_schools.ts";

const live = Deno.stdout.isTerminal();
const write = (text: string): void => {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
};

/** A line that is written over in a terminal; elsewhere a line for each phase and look at convergence. */
function shownProgress(): (progress: Progress) => void {
  let last: Progress | undefined;
  return (progress) => {
    const news = progress.phase !== last?.phase || progress.convergence !== last.convergence;
    if (live) write(`\r\x1b[K  ${progressLine(progress)}`);
    else if (news) write(`  ${progressLine(progress)}\n`);
    if (live && progress.phase === "done") write("\n");
    last = progress;
  };
}

function show(title: string, run: SampleResult<object>, truth: string): void {
  console.log(`\n${run.summary()}\n`);
  const { logEvidence, acceptance, warnings, seconds } = run;
  if (logEvidence !== undefined) {
    const { estimate, standardError } = logEvidence;
    console.log(`log Z ${estimate.toFixed(4)} ± ${standardError.toFixed(4)} (exact: ${truth})`);
  }
  console.log(
    `acceptance ${acceptance.local.toFixed(2)} local, ${acceptance.global.toFixed(2)} global`,
  );
  console.log(`${title}: ${seconds.toFixed(2)} s`);
  console.log(warnings.length === 0 ? "no warnings" : warnings.join("\n"));
}

/** (a) flowMC's showcase. */
async function showDualMoon(): Promise<TrainedFlow> {
  console.log("(a) Dual moon: four modes on a ring in five dimensions\n");
  const run = await sample(dualMoon, key(42), { onProgress: shownProgress() });
  show("dual moon", run, "−3.6842");
  if (run.flow === undefined) throw new Error("Cannot go on: the run has no flow");
  return run.flow;
}

/** (b) A posterior with real data. */
async function showEightSchools(): Promise<void> {
  console.log("\n(b) Eight schools: a hierarchical model, non-centred, with its real data\n");
  const run = await sample(eightSchools, key(42), { onProgress: shownProgress() });
  show("eight schools", run, "−31.3113");
  console.log("exact: μ 4.397 ± 3.318, τ 3.598 ± 3.220, θ[0] 6.212 ± 5.593");
}

/** (c) A sampler of one's own, from the flow that (a) trained. */
async function showCustomSampler(flow: TrainedFlow): Promise<void> {
  console.log("\n(c) A sampler composed by hand: HMC and MALA mixed, then a jump of the flow\n");
  const [long, short] = [hmc({ leapfrogSteps: 8, jitter: 0.5 }), mala()];
  const local = mixture([
    [2, repeat(long.step(dualMoon, { stepSize: 0.15 }), 2)],
    [1, short.step(dualMoon, { stepSize: 0.1 })],
  ]);
  const start = startChains(dualMoon, long);
  const step = sequence(repeat(vectorize(local), 3), independence({ proposal: flow, start }));
  let state = await start((await flow.sample(key(1), 100)).position);
  const visited: Tensor[] = [];
  for (let i = 0; i < 500; i++) {
    visited.push((state = await step(state, foldIn(key(2), i))).position);
  }

  // The first 50 steps forget where the chains started.
  const squares = [0, 0, 0, 0, 0];
  const kept = visited.slice(50).flatMap(({ data }) => [...data]);
  kept.forEach((x, i) => squares[i % 5] += 5 * x * x / kept.length);
  console.log(`E x²   ${squares.map((square) => square.toFixed(3)).join("  ")}`);
  console.log("exact  1.174  2.155  0.312  0.312  0.312");
}

const flow = await showDualMoon();
await showEightSchools();
await showCustomSampler(flow);

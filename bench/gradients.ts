/**
 * Gradients of each chain until all second moments are known to low error, warm-up included: the first
 * draw from which on b² = (mean of xᵢ² − E xᵢ²)²/Var xᵢ² is below 0.01 for every coordinate, over all
 * chains and the kept draws so far. Beside it effective samples for each gradient in production.
 *
 * Ways: kernels and kinds of adaptation, each with all else as `sample` has it.
 *
 * Run: deno run --allow-read --allow-sys bench/gradients.ts [seeds [name of a way [name of a target]]]
 *
 * @module
 */
import {
  type Adaptation,
  cheesAdaptation,
  effectiveSampleSize,
  ensembleAdaptation,
  hmc,
  jitteredHmc,
  type Kernel,
  key,
  mala,
  mams,
  planFor,
  runAdaptive,
  type RunState,
  split,
  type Target,
  type TrajectoryState,
  uniform,
} from "../mod.ts";
import { KNOWN, type KnownTarget } from "./targets/truths.ts";
import { median, tableText } from "./table.ts";

const CHAINS = 256;
/** Draws of each chain after warm-up. */
const DRAWS = 150;
/** Error from which on moments are known. */
const LOW = 0.01;

interface Way {
  readonly name: string;
  readonly local?: Kernel<TrajectoryState>;
  readonly adaptation?: Adaptation;
  readonly settleWindows?: readonly number[];
  readonly warmupWindows?: readonly number[];
}

/** A kernel of a fixed number of gradients as one that counts them. */
function counted(kernel: ReturnType<typeof hmc>): Kernel<TrajectoryState> {
  const { init } = jitteredHmc();
  return {
    ...kernel,
    kept: ["trajectories", "gradients", "energy", "energyChange", "lengthSlope"],
    init,
    step: (target, parameters) => {
      // Leaves that the kernel does not know stay as they are.
      const move = kernel.step(target, parameters);
      return (state, key) => {
        const gradients = state.gradients.as("f64").add(kernel.gradientsPerStep).as("u32");
        const { position, logDensity, gradient, acceptance } = state;
        return {
          ...state,
          ...move({ position, logDensity, gradient, acceptance }, key),
          gradients,
        };
      };
    },
  };
}

/** Kernels that are given have longer windows. */
const OF_DEFAULT = [6, 8, 10];

const WAYS: readonly Way[] = [
  { name: "default" },
  {
    name: "accepted at 0.8",
    local: { ...jitteredHmc({ stepJitter: 0.5 }), targetAcceptance: 0.8 },
    warmupWindows: OF_DEFAULT,
  },
  { name: "ChEES", adaptation: cheesAdaptation() },
  { name: "MAMS", local: mams(), warmupWindows: OF_DEFAULT },
  {
    name: "MAMS, accepted at 0.95",
    local: { ...mams(), targetAcceptance: 0.95 },
    warmupWindows: OF_DEFAULT,
  },
  {
    name: "one step size",
    local: { ...jitteredHmc(), targetAcceptance: 0.95 },
    warmupWindows: OF_DEFAULT,
  },
  { name: "diagonal metric", adaptation: ensembleAdaptation({ metric: "diagonal" }) },
  { name: "no gradients in the metric", adaptation: ensembleAdaptation({ fisher: false }) },
  { name: "nothing settles", settleWindows: [], warmupWindows: [10, 15, 20, 25] },
  { name: "HMC of 16 steps", local: counted(hmc({ leapfrogSteps: 16, jitter: 0.95 })) },
  { name: "MALA", local: counted(mala()), warmupWindows: [40, 60, 80] },
];

interface Measured {
  readonly warmup: number;
  readonly low: number;
  readonly efficiency: number;
}

async function measure(
  { target, second, variance }: KnownTarget,
  way: Way,
  seed: number,
): Promise<Measured> {
  const given = planFor(target as Target<never>, {
    flow: "none",
    ...way.local && { local: way.local },
    schedule: {
      localSteps: 1,
      thin: 1,
      ...way.settleWindows && { settleWindows: way.settleWindows },
      ...way.warmupWindows && { warmupWindows: way.warmupWindows },
    },
  });
  const plan = {
    ...given,
    ...way.adaptation && { adaptation: way.adaptation },
    stop: {
      ...given.stop,
      nextLook: () => Infinity,
      decide: ({ draws }: { readonly draws: number }) =>
        draws >= DRAWS ? "budget" as const : undefined,
    },
  };
  const [forStart, forRun] = split(key(seed));
  const starts = uniform(forStart, [CHAINS, target.dimension]).sub(0.5).mul(4);
  const settling = plan.schedule.settleWindows;
  const gradientsOf = ({ chains, settled = 0 }: RunState<TrajectoryState>): number =>
    chains.gradients.data[0] + settling.slice(0, settled).reduce((sum, steps) =>
      sum + steps + 2, 0) +
    1;
  const sums = new Float64Array(target.dimension);
  let [warmup, low, draws] = [0, NaN, 0];
  let last: RunState<TrajectoryState> | undefined;
  for await (
    const state of runAdaptive.cycles(plan)(await runAdaptive.start(plan)(starts), forRun)
  ) {
    last = state;
    const block = state.draws.at(-1);
    if (block === undefined) {
      warmup = gradientsOf(state);
      continue;
    }
    draws++;
    block.position.data.forEach((x, at) => sums[at % target.dimension] += x * x);
    const isLow = second.every((truth, i) => {
      const error = sums[i] / (draws * CHAINS) - truth;
      return error * error < LOW * variance[i];
    });
    if (!isLow) low = NaN;
    else if (Number.isNaN(low)) low = gradientsOf(state);
  }
  const blocks = last?.draws ?? [];
  const spent = last === undefined ? NaN : gradientsOf(last) - warmup;
  let least = Infinity;
  for (let i = 0; i < target.dimension; i++) {
    for (const power of [1, 2]) {
      const data = new Float64Array(CHAINS * blocks.length);
      blocks.forEach(({ position }, draw) => {
        for (let chain = 0; chain < CHAINS; chain++) {
          const x = position.data[chain * target.dimension + i];
          data[chain * blocks.length + draw] = power === 1 ? x : x * x;
        }
      });
      least = Math.min(
        least,
        effectiveSampleSize({ data, shape: [CHAINS, blocks.length] }) as number,
      );
    }
  }
  return { warmup, low, efficiency: least / CHAINS / spent };
}

const [seeds = "5", wanted = "", only = ""] = Deno.args;
const rows: string[][] = [];
for (const known of KNOWN.filter(({ name }) => name.includes(only))) {
  for (const way of WAYS.filter(({ name }) => name.includes(wanted))) {
    const all: Measured[] = [];
    for (let seed = 1; seed <= Number(seeds); seed++) all.push(await measure(known, way, seed));
    const low = all.map((each) => Number.isNaN(each.low) ? Infinity : each.low);
    rows.push([
      known.name,
      way.name,
      median(all.map(({ warmup }) => warmup)).toFixed(0),
      median(low).toFixed(0),
      Math.max(...low).toFixed(0),
      `${low.filter(Number.isFinite).length} of ${low.length}`,
      median(all.map(({ efficiency }) => efficiency)).toFixed(4),
    ]);
    console.log(rows.at(-1)?.join(" | "));
  }
}
const header = [
  "target",
  "way",
  "warm-up",
  "low error",
  "worst",
  "reached",
  "effective / gradient",
];
console.log(tableText(header, rows, 2));

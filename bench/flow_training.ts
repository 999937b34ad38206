/**
 * How often independence moves from a flow are accepted after one and four seconds of training on exact
 * draws of dual moon, with a worker for each core; three seeds. Two thirds of the time the learning rate is
 * constant, in the last third it falls to 0.
 *
 * Run: deno run --allow-sys bench/flow_training.ts
 *
 * @module
 */
import {
  addToReplay,
  emptyReplay,
  foldIn,
  independence,
  type Key,
  key,
  mala,
  type Proposal,
  splineFlow,
  split,
  startChains,
  startTraining,
  type Tensor,
  tensor,
  trainInCycles,
  trainingStep,
  withWorkers,
} from "../mod.ts";
import { dualMoon } from "../examples/dual_moon.ts";
import { wasmDeviceWith } from "../src/device/wasm.ts";
import { flowProposal } from "../src/global/flow_proposal.ts";
import { normalVectors } from "../src/global/normals.ts";
import { randomWords } from "../src/random/words.ts";
import { loadText, tableText } from "./table.ts";

const DRAWS = 20_000;
const CHAINS = 10_000;
const WORKERS = navigator.hardwareConcurrency;
const normalsOf = normalVectors(dualMoon.dimension + 1, wasmDeviceWith({ workers: WORKERS }));
/** Above the log density of any point at a radius, but for what the ring has in it: −5.2 + 4.7 (r − 2). */
const SLOPE = 4.7;
const boundAt = (radius: number): number => -5.2 + SLOPE * (radius - 2);

/** What dual moon has beside its ring, along one coordinate. */
const moons = (x: number, width: number): number =>
  Math.log([-3, 3].reduce((sum, at) => sum + Math.exp(-0.5 * ((x - at) / width) ** 2), 0));

/**
 * Exact draws by rejection: radii from the ring times e to the bound, which is a shifted ring, in uniform
 * directions.
 */
async function exactDraws(from: Key, count: number): Promise<Tensor> {
  const d = dualMoon.dimension;
  const size = 20_000;
  const kept: number[] = [];
  for (let round = 0; kept.length < count * d; round++) {
    const [forNormals, forChances] = split(foldIn(from, round));
    const normals = (await normalsOf(forNormals, size)).data;
    const words = randomWords([forChances.data[0], forChances.data[1]], 2 * size);
    const chance = (i: number): number => (words[i] + 0.5) / 2 ** 32;
    for (let i = 0; i < size && kept.length < count * d; i++) {
      const [z, ...direction] = normals.subarray(i * (d + 1), (i + 1) * (d + 1));
      const radius = 2 + 0.01 * SLOPE + 0.1 * z;
      // The area of a sphere grows with the fourth power of its radius; beyond 2.6 lies nothing.
      if (!(chance(2 * i) < (radius / 2.6) ** (d - 1)) || radius > 2.6) continue;
      const length = Math.hypot(...direction);
      const x = direction.map((each) => radius * each / length);
      const rest = moons(x[0], 0.8) + moons(x[1], 0.6);
      const bound = boundAt(radius);
      if (rest > bound) throw new Error(`Cannot draw: ${rest} is above the bound ${bound}`);
      if (Math.log(chance(2 * i + 1)) < rest - bound) kept.push(...x);
    }
  }
  return tensor(Float64Array.from(kept)).reshape([count, d]);
}

/** Trains for so many seconds. */
async function trained(seed: number, seconds: number): Promise<Proposal> {
  const flow = withWorkers(splineFlow(), { workers: WORKERS });
  const [forDraws, forTraining] = split(key(seed));
  const draws = await exactDraws(forDraws, DRAWS);
  const d = dualMoon.dimension;
  const replay = addToReplay(emptyReplay(d), {
    position: draws.reshape([100, DRAWS / 100, d]),
  }, { cycle: 0, capacity: DRAWS });
  let training = await startTraining(flow, flow.init(d, [0, seed]), replay);
  const start = performance.now();
  const passed = (): number => (performance.now() - start) / 1000;
  const updates = 150;
  const step = trainingStep(flow, trainInCycles({ updates }));
  let cycles = 0;
  while (passed() < 2 * seconds / 3) {
    training = await step(training, split(forTraining, 1000)[cycles++]);
  }
  const rest = Math.floor(updates * cycles * (seconds - passed()) / passed());
  const anneal = trainingStep(flow, trainInCycles({ updates: Math.max(1, rest) }));
  training = await anneal({ ...training, last: true }, split(forTraining, 1000)[cycles]);
  console.log(`seed ${seed}: ${passed().toFixed(2)} s, ${updates * cycles + rest} updates of 128`);
  const normals = normalVectors(flow.normals(training.best), wasmDeviceWith({ workers: WORKERS }));
  return flowProposal(flow, training.best, normals);
}

const rows: string[][] = [];
for (const seconds of [1, 4]) {
  for (const seed of [1, 2, 3]) {
    const proposal = await trained(seed, seconds);
    const start = startChains(dualMoon, mala());
    const chains = await start(await exactDraws(key(100 + seed), CHAINS));
    const { acceptance } = await independence({ proposal, start }).collect(chains, key(200 + seed));
    rows.push([`${seconds} s`, `${seed}`, acceptance.toFixed(3)]);
  }
}
console.log(loadText());
console.log(tableText(["training", "seed", "acceptance"], rows, 1));

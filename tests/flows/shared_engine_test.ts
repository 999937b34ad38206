/** The work of flows over workers: the same bits as in one thread, whatever happens to the workers. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { Crew, Deserted } from "../../src/flows/crew.ts";
import { withEngine } from "../../src/flows/engine.ts";
import { type Batch, completeBatches } from "../../src/flows/batch.ts";
import { CREW_SCRIPT } from "../../src/flows/crew_script.ts";
import type { FlowState } from "../../src/flows/flow.ts";
import { mapRows, type TeamWork, trainTogether } from "../../src/flows/shared_engine.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { withWorkers } from "../../src/flows/with_workers.ts";
import { withRecordedWorkers } from "../device/recorded_workers.ts";
import { correlated, DEFAULT_FORM, perturbed, shapeOf } from "./reference.ts";
import { withStartedCrew } from "./started_crew.ts";

const DIMENSION = 3;
const OPTIONS = { layers: 2, hidden: [7] };
const flow = splineFlow(OPTIONS);
const data = correlated([5, 6], 1200, DIMENSION);
const state: FlowState = perturbed(
  flow.whiten(flow.init(DIMENSION, [1, 2]), data),
  [3, 4],
);
const shape = shapeOf(state, { ...DEFAULT_FORM, hidden: OPTIONS.hidden });

/** Batches of many sizes, some weighted, one that is not finite. */
const batches: readonly Batch[] = [1, 31, 32, 33, 100, 256, 257, 1000].map((size, i) => ({
  rows: Uint32Array.from({ length: size }, (_, row) => (row * 7 + i) % 1200),
  learningRate: 1e-2,
  ...(i % 2 === 1 ? { weights: Float32Array.from({ length: size }, (_, row) => row % 5) } : {}),
}));

async function work(of: readonly Batch[] = batches): Promise<TeamWork> {
  const written = await withEngine(shape, (engine) => engine.written(state, data));
  return { shape, state, written, steps: completeBatches(of, data.length / DIMENSION) };
}

Deno.test("any number of workers gives the bits of one thread in training", async () => {
  const alone = await withEngine(shape, (engine) => engine.update(state, data, batches));
  assert(alone.losses.every(Number.isFinite));
  for (const size of [1, 2, 3, 8]) {
    const together = await trainTogether(new Crew(size), await work());
    assert.deepEqual(together, alone, `${size} workers`);
  }
});

Deno.test("a step that is not finite changes nothing in any member of a team", async () => {
  const [first] = batches.slice(5);
  const weights = new Float32Array(first.rows.length).fill(NaN);
  const mixed = [first, { ...first, weights }, first];
  const alone = await withEngine(shape, (engine) => engine.update(state, data, mixed));
  assert(Number.isNaN(alone.losses[1]));
  assert.equal(alone.weights.updates, state.updates + 2);
  assert.deepEqual(await trainTogether(new Crew(3), await work(mixed)), alone);
});

Deno.test("only the rows that batches name matter", async () => {
  const few = batches.slice(0, 3);
  const all = await withEngine(shape, (engine) => engine.update(state, data, few));
  const { state: after, losses } = await flow.updates(state, data, few);
  assert.deepEqual({ weights: after.weights, losses }, {
    weights: all.weights.weights,
    losses: all.losses,
  });
});

Deno.test("rows have the same bits however they are cut, and whoever computes them", async () => {
  const rows = correlated([8, 9], 20_011, DIMENSION);
  for (const way of [{ inverse: true, density: true }, { inverse: false, density: true }]) {
    const whole = await withEngine(shape, (engine) => engine.map(state, rows, way));
    for (const workers of [1, 2, 3, 8]) {
      await withStartedCrew(workers, async (calls) => {
        const shared = await mapRows(shape, state, rows, way, { workers });
        assert(isDeepStrictEqual(shared, whole), `${workers} workers`);
        assert.equal(calls(), workers > 1 ? 1 : 0);
      });
    }
  }
});

Deno.test("long sampling starts workers, and short sampling none", async () => {
  const shared = withWorkers(splineFlow(), { workers: 4 });
  const init = shared.init(DIMENSION, [1, 1]);
  await withRecordedWorkers(async ({ started }) => {
    await shared.sample(init, data.subarray(0, 30));
    assert.equal(started.length, 0);
    await shared.sample(init, correlated([1, 5], 60_000, DIMENSION));
    assert.equal(started.length, 4);
  });
});

Deno.test("a worker that dies or does not come to the barrier ends the call, not the program", async () => {
  const long = Array.from({ length: 2000 }, () => batches[5]);
  await withRecordedWorkers(async ({ started }) => {
    // Of three members for four chunks two wait: Deno ends a worker only when it waits for something.
    const crew = new Crew(3, 300);
    const call = trainTogether(crew, await work(long), { patience: 100 });
    const killed = setInterval(() => crew.ready && started[1].terminate(), 20);
    await assert.rejects(call, Deserted);
    clearInterval(killed);
    // The next call gets new workers.
    await trainTogether(crew, await work());
    assert.equal(started.length, 6);
  });
});

Deno.test("a signal ends training in workers at once, with its reason", async () => {
  const long = Array.from({ length: 20_000 }, () => batches[7]);
  const abort = new AbortController();
  const call = trainTogether(new Crew(2), await work(long), { signal: abort.signal });
  let turns = 0;
  const ticking = setInterval(() => turns++, 5);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const asked = performance.now();
  abort.abort(new Error("enough"));
  await assert.rejects(call, /^Error: enough$/);
  clearInterval(ticking);
  assert(performance.now() - asked < 200);
  // This thread was free meanwhile.
  assert(turns > 10, `${turns} turns`);
});

Deno.test("without workers or shared memory the thread does the work itself", async () => {
  const scope = globalThis as { Worker?: unknown; SharedArrayBuffer?: unknown };
  const { Worker: worker, SharedArrayBuffer: memory } = scope;
  const many = Array.from({ length: 300 }, () => batches[5]);
  const expected = await flow.updates(state, data, many);
  const rows = correlated([1, 5], 60_000, DIMENSION);
  const points = await flow.sample(state, rows);
  try {
    // A number of workers of its own: what is known of them is kept.
    const shared = withWorkers(flow, { workers: 5 });
    delete scope.SharedArrayBuffer;
    assert.deepEqual(await shared.updates(state, data, many), expected);
    scope.SharedArrayBuffer = memory;
    scope.Worker = class {
      constructor() {
        throw new Error("forbidden");
      }
    };
    assert.deepEqual(await shared.updates(state, data, many), expected);
    assert.deepEqual(await shared.sample(state, rows), points);
  } finally {
    Object.assign(scope, { Worker: worker, SharedArrayBuffer: memory });
  }
});

/** What a crew trains whose workers run a changed text. */
async function withMutant(from: RegExp, to: string): Promise<unknown> {
  assert.match(CREW_SCRIPT, from);
  const url = URL.createObjectURL(new Blob([CREW_SCRIPT.replace(from, to)]));
  const original = globalThis.Worker;
  globalThis.Worker = class extends original {
    constructor(_: string | URL, options?: WorkerOptions) {
      super(url, options);
    }
  };
  try {
    return await trainTogether(new Crew(3, 2000), await work(), { patience: 500 });
  } catch (error) {
    return error;
  } finally {
    globalThis.Worker = original;
    URL.revokeObjectURL(url);
  }
}

Deno.test("a barrier that nobody waits at, and slopes of other chunks, are noticed", async () => {
  const alone = await withEngine(shape, (engine) => engine.update(state, data, batches));
  const mutants: readonly (readonly [RegExp, string])[] = [
    // No generation: those who wait are never let go.
    [/Atomics\.add\(c, 1, 1\);/, ""],
    // Nobody takes over what others computed.
    [/if \(chunk % members === member\) continue;/, "continue;"],
    // Only the own losses count.
    [/parts\[chunk\] = sharedLosses\[half \+ chunk\];/, ""],
    // Own chunks first, then those of the others, as they would come.
    [
      /slopes\.set\(sharedSlopes\.subarray\(at, at \+ stride\), chunk \* stride\);/,
      "slopes.set(sharedSlopes.subarray(at, at + stride), (chunks - 1 - chunk) * stride);",
    ],
  ];
  assert.deepEqual(await withMutant(/\(/, "("), alone);
  for (const [from, to] of mutants) {
    assert.notDeepEqual(await withMutant(from, to), alone, String(from));
  }
});

Deno.test("a silent worker and one that waits for ever are given up", async () => {
  const silent = await withMutant(
    /scope\.postMessage\(\{\s*kind: "done"/,
    '(() => {})({ kind: "done"',
  );
  assert(silent instanceof Deserted);
  assert.match(silent.message, /one is silent$/);
  const alone = await withMutant(/Atomics\.add\(c, 1, 1\);/, "");
  assert(alone instanceof Deserted);
});

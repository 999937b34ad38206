/** Rows through flows: their bits are those that each has alone, however they are cut. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { type Engine, type Mapped, withEngine } from "../../src/flows/engine.ts";
import type { FlowState } from "../../src/flows/flow.ts";
import { mapRows, type RowWork } from "../../src/flows/shared_engine.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { withWorkers } from "../../src/flows/with_workers.ts";
import { withRecordedWorkers } from "../device/recorded_workers.ts";
import { correlated, DEFAULT_FORM, perturbed, shapeOf } from "./reference.ts";
import { withStartedCrew } from "./started_crew.ts";

const DIMENSION = 3;
const flow = splineFlow({ layers: 2, hidden: [7] });
const data = correlated([5, 6], 300, DIMENSION);
const state: FlowState = perturbed(flow.whiten(flow.init(DIMENSION, [1, 2]), data), [3, 4]);
const shape = shapeOf(state, { ...DEFAULT_FORM, hidden: [7] });

const WAYS: readonly RowWork[] = [
  { scores: true },
  ...[false, true].flatMap((inverse) =>
    [false, true].map((single) => ({ inverse, density: true, single }))
  ),
];

const through = (engine: Engine, rows: Float64Array, how: RowWork): Mapped =>
  "scores" in how ? engine.scores(state, rows) : engine.map(state, rows, how);

Deno.test("rows cut anywhere have the bits of rows together", async () => {
  for (const how of WAYS) {
    for (const rows of [1, 2, 3, 5, 8, 31, 32, 33, 67]) {
      const all = data.slice(0, rows * DIMENSION);
      await withEngine(shape, (engine) => {
        const whole = through(engine, all, how);
        for (let cut = 1; cut < rows; cut++) {
          const first = through(engine, all.slice(0, cut * DIMENSION), how);
          const last = through(engine, all.slice(cut * DIMENSION), how);
          const together = {
            value: Float64Array.of(...first.value, ...last.value),
            log: Float64Array.of(...first.log, ...last.log),
          };
          assert.deepEqual(together, whole, `${JSON.stringify(how)}: ${rows} rows cut at ${cut}`);
        }
      });
    }
  }
});

Deno.test("slopes of the log density have the same bits for any number of workers", async () => {
  const rows = correlated([8, 9], 20_011, DIMENSION);
  const whole = await withEngine(shape, (engine) => engine.scores(state, rows));
  for (const workers of [1, 2, 3, 8]) {
    await withStartedCrew(workers, async (calls) => {
      const shared = await mapRows(shape, state, rows, { scores: true }, { workers });
      // The difference of so many numbers would take minutes to print.
      assert(isDeepStrictEqual(shared, whole), `${workers} workers`);
      assert.equal(calls(), workers > 1 ? 1 : 0);
    });
  }
});

Deno.test("a signal ends long work of this thread within milliseconds, and others have their turn", async () => {
  const rows = Uint32Array.from({ length: 256 }, (_, i) => i);
  const many = Array.from({ length: 20_000 }, () => ({ rows, learningRate: 1e-3 }));
  const normals = correlated([1, 1], 400_000, DIMENSION);
  const works = [
    (signal: AbortSignal) => flow.updates(state, data, many, { signal }),
    (signal: AbortSignal) => flow.sample(state, normals, { signal }),
    (signal: AbortSignal) => flow.scores(state, normals, { signal }),
  ];
  for (const work of works) {
    const abort = new AbortController();
    const call = work(abort.signal);
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const asked = performance.now();
    abort.abort(new Error("enough"));
    await assert.rejects(call, /^Error: enough$/);
    clearInterval(ticking);
    assert(performance.now() - asked < 150);
    assert(turns >= 2, `${turns} turns`);
  }
});

Deno.test("updates in slices, and in one call after another, give the bits of one slice", async () => {
  const batches = Array.from({ length: 400 }, (_, i) => ({
    rows: Uint32Array.from({ length: 1 + (i * 13) % 200 }, (_, row) => (row * 7 + i) % 300),
    learningRate: 1e-3,
  }));
  const whole = await withEngine(shape, (engine) => engine.update(state, data, batches));
  const { weights, average, losses: each } = whole;
  const expected = { state: { ...state, ...weights }, average, losses: each };
  assert.deepEqual(await flow.updates(state, data, batches), expected);
  // Long enough for a team, from a first slice of unknown pace on.
  const fresh = withWorkers(flow, { workers: 3 });
  assert.deepEqual(await fresh.updates(state, data, batches), expected);
  let [now, losses] = [state, [] as readonly number[]];
  for (const part of [batches.slice(0, 1), batches.slice(1, 150), batches.slice(150)]) {
    const after = await fresh.updates(now, data, part);
    [now, losses] = [after.state, [...losses, ...after.losses]];
  }
  assert.deepEqual({ state: now, losses }, { state: expected.state, losses: each });
});

Deno.test("a team goes on from the moments that this thread left", async () => {
  // Trained by no other test, so that the first update shows how long one takes.
  const unknown = splineFlow({ layers: 2, hidden: [11] });
  const first = unknown.whiten(unknown.init(DIMENSION, [7, 8]), data);
  const rows = Uint32Array.from({ length: 256 }, (_, i) => i);
  const batches = Array.from({ length: 600 }, () => ({ rows, learningRate: 1e-3 }));
  await withRecordedWorkers(async ({ started }) => {
    const shared = await withWorkers(unknown, { workers: 4 }).updates(first, data, batches);
    assert.equal(started.length, 4);
    assert(isDeepStrictEqual(shared, await unknown.updates(first, data, batches)));
  });
});

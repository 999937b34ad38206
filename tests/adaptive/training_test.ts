import assert from "node:assert/strict";
import type { TrainingInput } from "../../src/adaptive/plan.ts";
import { addToReplay, emptyReplay, rowsOf } from "../../src/adaptive/replay.ts";
import type { Batch } from "../../src/flows/batch.ts";
import type { Flow } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { key, normal, trainInCycles, type TrainingOptions } from "../../mod.ts";

const kind = splineFlow({ layers: 2, bins: 4, hidden: [8] });

function inputOf(more: Partial<TrainingInput> = {}): TrainingInput {
  let replay = emptyReplay(2, { withGradient: true });
  for (const cycle of [0, 4]) {
    const position = normal(key(cycle), [8, 50, 2]);
    replay = addToReplay(
      replay,
      { position, gradient: position.neg() },
      { cycle, capacity: 1000 },
    );
  }
  const state = kind.whiten(kind.init(2, [1, 1]), replay.data);
  return { state, replay, cycle: 4, last: false, stale: 0, updates: 0, key: key(9), ...more };
}

/** The batches that a training step makes. */
async function batchesOf(
  options: TrainingOptions,
  more: Partial<TrainingInput> = {},
): Promise<Batch[]> {
  const seen: Batch[] = [];
  const spy: Flow = {
    ...kind,
    updates(state, data, batches) {
      seen.push(...batches);
      return kind.updates(state, data, batches);
    },
  };
  await trainInCycles(options)(spy, inputOf(more));
  return seen;
}

Deno.test("training takes each row once before it takes one again, and none that is held out", async () => {
  const batches = await batchesOf({ updates: 7, batch: 100 });
  assert.deepEqual(batches.map(({ rows }) => rows.length), new Array(7).fill(100));
  const rows = batches.slice(0, 7).flatMap((batch) => [...batch.rows]);
  assert.deepEqual(rows.toSorted((a, b) => a - b), [...rowsOf(inputOf().replay, "trained")]);
  const [other] = await batchesOf({ updates: 1, batch: 100 }, { key: key(10) });
  assert.notDeepEqual(other.rows, batches[0].rows);
});

Deno.test("a batch is no larger than what there is", async () => {
  const [{ rows }] = await batchesOf({ updates: 1, batch: 5000 });
  assert.equal(rows.length, 700);
});

Deno.test("older rows count less, by the half-life, with the mean 1", async () => {
  const { replay } = inputOf();
  const [{ rows, weights }] = await batchesOf({ updates: 1, batch: 700, halfLife: 2 });
  assert.ok(weights !== undefined);
  const of = (cycle: number): number[] =>
    [...weights].filter((_, i) => replay.cycle[rows[i]] === cycle);
  assert.ok(of(0).every((each) => Math.abs(each - 0.4) < 1e-6));
  assert.ok(of(4).every((each) => Math.abs(each - 1.6) < 1e-6));
  const [plain] = await batchesOf({ updates: 1, halfLife: Infinity });
  assert.equal(plain.weights, undefined);
});

Deno.test("weighted rows count by their weights, in the share that they have", async () => {
  const { replay: chains } = inputOf();
  const position = normal(key(2), [8, 20, 2]);
  const logWeight = position.slice(0, 1, { axis: 2 }).reshape([8, 20]);
  const how = { cycle: 4, capacity: 5000 };
  const replay = addToReplay({ ...chains, importance: 0.25 }, { position, logWeight }, how);
  const options = { updates: 1, batch: 5000, halfLife: Infinity };
  const [{ rows, weights }] = await batchesOf(options, { replay });
  assert.ok(weights !== undefined);
  const weighted = [...rows.keys()].filter((i) => !Number.isNaN(replay.logWeight[rows[i]]));
  assert.equal(weighted.length, 140);
  const ratios = weighted.map((i) => weights[i] / Math.exp(replay.logWeight[rows[i]]));
  assert.ok(Math.max(...ratios) / Math.min(...ratios) < 1.01);
  const share = weighted.reduce((sum, i) => sum + weights[i], 0) / rows.length;
  assert.ok(Math.abs(share - 0.25) < 0.02, `${share}`);
  assert.equal(trainInCycles({ importance: 0.25 }).importance, 0.25);
});

Deno.test("the learning rate is asked before each update", async () => {
  const places: unknown[] = [];
  const rates = await batchesOf({
    updates: 25,
    learningRate: (place) => {
      places.push(place);
      return 1e-4 * places.length;
    },
  }, { stale: 3, last: true, updates: 70 });
  assert.deepEqual(places[0], { update: 70, share: 0, last: true, stale: 3 });
  assert.deepEqual(places[13], { update: 83, share: 13 / 25, last: true, stale: 3 });
  assert.deepEqual(
    rates.map(({ learningRate }) => learningRate),
    places.map((_, i) => 1e-4 * (i + 1)),
  );
});

Deno.test("clipping and weight decay reach the updates", async () => {
  const [{ clip, weightDecay }] = await batchesOf({ updates: 1, clip: 0.5, weightDecay: 0.01 });
  assert.deepEqual([clip, weightDecay], [0.5, 0.01]);
});

Deno.test("the mean of weights is that of the second half, and there is none where the rate falls", async () => {
  for (
    const options of [{ updates: 41 }, { updates: 400, batch: 20 }, { updates: 9, score: 0.1 }]
  ) {
    const calls: { readonly average: Float32Array; readonly count: number }[] = [];
    const spy: Flow = {
      ...kind,
      async updates(state, data, batches) {
        const after = await kind.updates(state, data, batches);
        calls.push({ average: after.average, count: batches.length });
        return after;
      },
    };
    const train = trainInCycles(options);
    const { average } = await train(spy, inputOf());
    const { length } = calls;
    const half = Math.floor(options.updates / 2);
    let before = 0;
    const later = calls.filter(({ count }) => (before += count) > half);
    assert.equal(later.reduce((sum, { count }) => sum + count, 0), options.updates - half);
    assert.ok(average !== undefined && length > 1);
    average.weights.forEach((w, i) => {
      const mean = later.reduce((sum, { average, count }) => sum + count * average[i], 0) /
        (options.updates - half);
      assert.ok(Math.abs(w - mean) < 1e-6);
    });
    assert.equal((await train(spy, inputOf({ last: true }))).average, undefined);
  }
});

Deno.test("a score term makes three points of each", async () => {
  const batches = await batchesOf({ updates: 3, batch: 50, score: 0.1, halfLife: Infinity });
  assert.equal(batches.length, 3);
  assert.ok(batches.every(({ rows, weights }) => rows.length === 150 && weights?.length === 150));
  assert.equal(trainInCycles({ score: 0.1 }).usesGradient, true);
  assert.equal(trainInCycles().usesGradient, false);
});

Deno.test("a signal stops training", async () => {
  await assert.rejects(
    trainInCycles({ updates: 1e6 })(kind, inputOf({ signal: AbortSignal.timeout(50) })),
    { name: "TimeoutError" },
  );
});

Deno.test("options out of range are refused", () => {
  const refused: [TrainingOptions, RegExp][] = [
    [
      { updates: 0 },
      /^RangeError: Cannot train with `updates` 0: expected a positive whole number$/,
    ],
    [{ batch: 1.5 }, /^RangeError: Cannot train with `batch` 1.5/],
    [{ learningRate: -1 }, /^RangeError: Cannot train with `learningRate` -1: .*or a function$/],
    [{ halfLife: 0 }, /^RangeError: Cannot train with `halfLife` 0: expected a positive number$/],
    [{ importance: 2 }, /^RangeError: Cannot train with `importance` 2: .* from 0 to 1$/],
    [{ score: NaN }, /^RangeError: Cannot train with `score` NaN/],
    [{ clip: 0 }, /^RangeError: Cannot train with `clip` 0/],
    [{ weightDecay: -0.1 }, /^RangeError: Cannot train with `weightDecay` -0.1/],
  ];
  for (const [options, message] of refused) assert.throws(() => trainInCycles(options), message);
});

import assert from "node:assert/strict";
import type { TrainingInput } from "../../src/adaptive/plan.ts";
import { addToReplay, emptyReplay, rowsOf } from "../../src/adaptive/replay.ts";
import type { Batch } from "../../src/flows/batch.ts";
import type { Flow } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { key, normal, trainInCycles, type TrainingOptions, zeros } from "../../mod.ts";

const kind = splineFlow({ layers: 2, bins: 4, hidden: [8] });

function inputOf(more: Partial<TrainingInput> = {}): TrainingInput {
  let replay = emptyReplay(2, true);
  for (const cycle of [0, 4]) {
    const position = normal(key(cycle), [8, 50, 2]);
    replay = addToReplay(
      replay,
      { position, logDensity: zeros([8, 50]), gradient: position.neg() },
      { cycle, capacity: 1000 },
    );
  }
  const state = kind.whiten(kind.init(2, [1, 1]), replay.data);
  return { state, replay, cycle: 4, last: false, stale: 0, key: key(9), ...more };
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

Deno.test("importance weights are those of target over flow", async () => {
  const [{ rows, weights }] = await batchesOf({
    updates: 1,
    batch: 700,
    halfLife: Infinity,
    importance: 1,
  });
  assert.ok(weights !== undefined);
  const { state, replay } = inputOf();
  const logDensity = await kind.logDensity(state, replay.data);
  // The target's log density is 0 here.
  const ratio = (i: number): number => weights[i] * Math.exp(logDensity[rows[i]]);
  const small = [...rows.keys()].filter((i) => weights[i] < 3).slice(0, 50);
  small.forEach((i) => assert.ok(Math.abs(ratio(i) / ratio(small[0]) - 1) < 1e-5));
});

Deno.test("the learning rate is asked before each update", async () => {
  const places: unknown[] = [];
  const rates = await batchesOf({
    updates: 25,
    learningRate: (place) => {
      places.push(place);
      return 1e-4 * places.length;
    },
  }, { stale: 3, last: true });
  assert.deepEqual(places[0], { update: 0, share: 0, last: true, stale: 3 });
  assert.deepEqual(places[13], { update: 13, share: 13 / 25, last: true, stale: 3 });
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

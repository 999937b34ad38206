/** What holds for every kind of flow of coupling layers. */
import assert from "node:assert/strict";
import { withEngine } from "../../src/flows/engine.ts";
import type { FlowState } from "../../src/flows/flow.ts";
import { uniforms } from "../diagnostics/series.ts";
import { type Kind, KINDS, normalsFor, pointsFor, stateOf } from "./kinds.ts";
import { rowsOf } from "./reference.ts";

const DIMENSIONS = [1, 2, 5, 20];
const TURN = 2 * Math.PI;

/** The difference of two positions: the shortest way around where a coordinate is periodic. */
function apart(a: Float64Array, b: Float64Array, { dimension, periodic }: FlowState): number {
  assert.equal(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] - b[i];
    const turns = periodic[i % dimension] ? Math.round(difference / TURN) : 0;
    largest = Math.max(largest, Math.abs(difference - TURN * turns));
  }
  return largest;
}

for (const kind of KINDS) {
  const { flow } = kind;
  for (const dimension of DIMENSIONS) {
    const name = `${kind.name}, d=${dimension}`;
    const state = stateOf(kind, dimension);

    Deno.test(`${name}: forward and back is the way to where one was`, async () => {
      const points = pointsFor(state, [dimension, 4], 300);
      const base = await flow.forward(state, points);
      const back = await flow.inverse(state, base.value);
      assert.ok(apart(back.value, points, state) < 1e-9);
      back.logDeterminant.forEach((each, i) =>
        assert.ok(Math.abs(each - base.logDeterminant[i]) < 1e-9)
      );
      // It does more than to whiten.
      const whitening = state.cholesky.reduce(
        (sum, each, i) => i % (dimension + 1) === 0 ? sum - Math.log(each) : sum,
        0,
      );
      assert.ok(base.logDeterminant.some((each) => Math.abs(each - whitening) > 1e-3));
    });

    Deno.test(`${name}: log q when drawn is log q when evaluated`, async () => {
      const drawn = await flow.sample(state, normalsFor(kind, state, [dimension, 5], 500));
      const evaluated = await flow.logDensity(state, drawn.position);
      evaluated.forEach((each, i) => assert.ok(Math.abs(each - drawn.logDensity[i]) < 1e-9));
      rowsOf(drawn.position, dimension).forEach((row) =>
        row.forEach((x, i) => assert.ok(!state.periodic[i] || Math.abs(x) <= Math.PI + 1e-15))
      );
    });

    Deno.test(`${name}: scores are the slopes of log q`, async () => {
      const points = pointsFor(state, [dimension, 6], 40);
      const { score, logDensity } = await flow.scores(state, points);
      const there = await flow.logDensity(state, points);
      logDensity.forEach((each, i) => assert.ok(Math.abs(each - there[i]) < 1e-9));
      const largest = score.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      const off = await scoreErrors(kind, state, points, score);
      // A step may cross a knot, where the slope of a spline's density jumps.
      const wrong = off.filter((each) => !(each < 1e-5 * (1 + largest)));
      assert.ok(wrong.length <= off.length / 100, `${wrong.length} of ${off.length} are wrong`);
    });

    Deno.test(`${name}: single precision is double precision to six digits`, async () => {
      const numbers = normalsFor(kind, state, [dimension, 7], 500);
      const exact = await flow.sample(state, numbers);
      const single = await flow.sample(state, numbers, { precision: "f32" });
      const errors = single.logDensity.map((each, i) => Math.abs(each - exact.logDensity[i]))
        .sort();
      assert.ok(errors[450] < 1e-4 * dimension, `${errors[450]}`);
      assert.ok(errors[450] > 0);
    });
  }
}

/** How far scores are from central differences of the log density, one number for each. */
async function scoreErrors(
  { flow }: Kind,
  state: FlowState,
  points: Float64Array,
  score: Float64Array,
): Promise<number[]> {
  const { dimension, cholesky } = state;
  const errors: number[] = [];
  for (let i = 0; i < dimension; i++) {
    const step = 1e-6 * cholesky[i * dimension + i];
    const moved = (by: number): Promise<Float64Array> =>
      flow.logDensity(state, points.map((x, at) => at % dimension === i ? x + by : x));
    const [up, down] = [await moved(step), await moved(-step)];
    up.forEach((each, row) => {
      const numerical = (each - down[row]) / (2 * step);
      errors.push(Math.abs(numerical - score[row * dimension + i]));
    });
  }
  return errors;
}

for (const kind of KINDS) {
  for (const dimension of [1, 2, 5]) {
    Deno.test(`${kind.name}, d=${dimension}: slopes in the weights are those of the loss`, async () => {
      const state = stateOf(kind, dimension);
      const points = pointsFor(state, [dimension, 8], 37);
      const { flow } = kind;
      const loss = async (weights: Float32Array): Promise<number> => {
        const logDensity = await flow.logDensity({ ...state, weights }, points);
        return -logDensity.reduce((sum, each) => sum + each) / logDensity.length;
      };
      const rows = Uint32Array.from({ length: 37 }, (_, i) => i);
      const { state: after } = await flow.updates(state, points, [
        { rows, learningRate: 0, clip: Infinity },
      ]);
      // The first moment starts at 0 and takes a tenth of the slopes.
      const slopes = Array.from(after.firstMoment, (each) => 10 * each);
      const largest = slopes.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      for (const chance of uniforms([dimension, 9], 30)) {
        const index = Math.floor(chance * slopes.length);
        const [up, down] = [1, -1].map((sign) => Math.fround(state.weights[index] + sign * 1e-4));
        const numerical = (await loss(state.weights.with(index, up)) -
          await loss(state.weights.with(index, down))) / (up - down);
        const error = Math.abs(numerical - slopes[index]);
        assert.ok(error < 1e-3 * largest, `weight ${index}: ${slopes[index]}, not ${numerical}`);
      }
    });
  }
}

Deno.test("weights of rows count rows", async () => {
  const kind = KINDS[0];
  const state = stateOf(kind, 3);
  const points = pointsFor(state, [3, 10], 8);
  const rows = Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
  const slopesOf = async (batch: { rows: Uint32Array; weights?: Float32Array }) => {
    const { state: after, losses } = await kind.flow.updates(state, points, [
      { ...batch, learningRate: 0, clip: Infinity },
    ]);
    return [losses[0], ...after.firstMoment];
  };
  const near = (a: readonly number[], b: readonly number[]): void =>
    a.forEach((each, i) => assert.ok(Math.abs(each - b[i]) < 1e-5, `${i}: ${each}, not ${b[i]}`));
  const twice = await slopesOf({ rows, weights: Float32Array.of(2, 0, 1, 1, 1, 1, 1, 1) });
  near(twice, await slopesOf({ rows: Uint32Array.of(0, 0, 2, 3, 4, 5, 6, 7) }));
  const plain = await slopesOf({ rows });
  near(await slopesOf({ rows, weights: new Float32Array(8).fill(1) }), plain);
  near(
    await slopesOf({ rows, weights: new Float32Array(8).fill(-2) }),
    plain.map((each) => -2 * each),
  );
  await assert.rejects(
    slopesOf({ rows, weights: new Float32Array(7) }),
    /^RangeError: Cannot update a flow by a batch of 8 rows with 7 weights: give one for each row$/,
  );
});

Deno.test("the engine refuses the numbers of another flow", async () => {
  const [turned, straight] = [KINDS[0], KINDS[1]];
  const state = stateOf(turned, 2);
  const other = stateOf(straight, 2);
  await assert.rejects(
    withEngine({
      dimension: 2,
      hidden: [12],
      bins: 6,
      range: 5,
      base: { degrees: 0, periodic: [false, false] },
      rotated: [false, false, false, false],
      masks: state.masks,
    }, (engine) => engine.map(state, new Float64Array(2), { inverse: false, density: true })),
    /^TypeError: Cannot use a state with other rotations than its flow/,
  );
  assert.equal(other.rotations[0], undefined);
});

import assert from "node:assert/strict";
import type { Flow, FlowState } from "../../src/flows/flow.ts";
import { splineFlow, type SplineFlowOptions } from "../../src/flows/spline_flow.ts";
import { type KeyWords, seedWords } from "../../src/random/words.ts";
import { normals } from "../diagnostics/series.ts";
import {
  affineMaps,
  correlated,
  DEFAULT_FORM,
  knots,
  largestDifference,
  normalLogDensity,
  perturbed,
  rowsOf,
  throughLayers,
  whitened,
} from "./reference.ts";

const DIMENSIONS = [1, 2, 5, 20];
/** Rows that fill no whole block. */
const ROWS = 301;

function keyOf(dimension: number, use: number): KeyWords {
  return [dimension, use];
}

/** A flow far from the identity, whitened by strongly correlated points. */
function stateOf(flow: Flow, dimension: number, by = 0.15): FlowState {
  const init = flow.init(dimension, keyOf(dimension, 1));
  const white = flow.whiten(init, correlated(keyOf(dimension, 2), 500, dimension));
  return perturbed(white, keyOf(dimension, 3), by);
}

/** Points of the flow, and a few far out. */
async function pointsOf(flow: Flow, state: FlowState): Promise<Float64Array> {
  const base = normals(keyOf(state.dimension, 4), ROWS * state.dimension)
    .map((z, i) => i % 7 === 0 ? 4 * z : z);
  return (await flow.inverse(state, base)).value;
}

for (const dimension of DIMENSIONS) {
  const flow = splineFlow();

  Deno.test(`a new flow is the whitened Gaussian, d=${dimension}`, async () => {
    const data = correlated(keyOf(dimension, 2), 500, dimension);
    const state = flow.whiten(flow.init(dimension, keyOf(dimension, 1)), data);
    const points = correlated(keyOf(dimension, 5), ROWS, dimension).map((x) => 1.7 * x);
    const expected = rowsOf(points, dimension).map((point) => {
      const { white, logDeterminant } = whitened(state, point);
      return normalLogDensity(white) + logDeterminant;
    });
    const actual = await flow.logDensity(state, points);
    const error = Math.max(...actual.map((each, i) => Math.abs(each / expected[i] - 1)));
    assert.ok(error < 1e-12, `relative error ${error}`);
  });

  Deno.test(`forward() is the flow of the paper, d=${dimension}`, async () => {
    const state = stateOf(flow, dimension);
    const points = await pointsOf(flow, state);
    const { value, logDeterminant } = await flow.forward(state, points);
    const density = await flow.logDensity(state, points);
    const expected = rowsOf(points, dimension).map((point) => {
      const white = whitened(state, point);
      const layers = throughLayers(state, DEFAULT_FORM, white.white);
      return { ...layers, logDeterminant: layers.logDeterminant + white.logDeterminant };
    });
    const bases = expected.flatMap(({ base }) => base);
    assert.ok(largestDifference(value, bases) < 1e-10);
    const determinants = expected.map((each) => each.logDeterminant);
    assert.ok(largestDifference(logDeterminant, determinants) < 1e-10);
    const densities = expected.map((each) => each.logDeterminant + normalLogDensity(each.base));
    assert.ok(largestDifference(density, densities) < 1e-9);
    assert.ok(Math.max(...determinants) - Math.min(...determinants) > 1, "far from the identity");
  });

  Deno.test(`inverse() undoes forward(), and both give one ln |det|, d=${dimension}`, async () => {
    const state = stateOf(flow, dimension);
    const base = normals(keyOf(dimension, 4), ROWS * dimension);
    const there = await flow.inverse(state, base);
    const back = await flow.forward(state, there.value);
    assert.ok(largestDifference(back.value, base) < 1e-9);
    assert.ok(largestDifference(back.logDeterminant, there.logDeterminant) < 1e-9);

    const points = correlated(keyOf(dimension, 5), ROWS, dimension);
    const forward = await flow.forward(state, points);
    const again = await flow.inverse(state, forward.value);
    assert.ok(largestDifference(again.value, points) < 1e-9 * 3 * dimension);
  });

  Deno.test(`sample() and logDensity() give the same density, d=${dimension}`, async () => {
    const state = stateOf(flow, dimension);
    const base = normals(keyOf(dimension, 4), ROWS * dimension);
    const { position, logDensity } = await flow.sample(state, base);
    assert.deepEqual(position, (await flow.inverse(state, base)).value);
    assert.ok(largestDifference(await flow.logDensity(state, position), logDensity) < 1e-9);
  });
}

/** ln |det| by elimination with pivots. */
function logDeterminantOf(matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row) => [...row]);
  let sum = 0;
  for (let k = 0; k < rows.length; k++) {
    const pivot = rows.reduce(
      (best, row, i) => i >= k && Math.abs(row[k]) > Math.abs(rows[best][k]) ? i : best,
      k,
    );
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    sum += Math.log(Math.abs(rows[k][k]));
    for (let i = k + 1; i < rows.length; i++) {
      const share = rows[i][k] / rows[k][k];
      for (let j = k; j < rows.length; j++) rows[i][j] -= share * rows[k][j];
    }
  }
  return sum;
}

/** Half of a step of central differences; they are off by its square, in proportion to it across a knot. */
const STEP = 3e-8;

for (const dimension of [1, 2, 5]) {
  Deno.test(`ln |det| is that of the numerical Jacobian, d=${dimension}`, async () => {
    const flow = splineFlow();
    const state = stateOf(flow, dimension);
    const points = (await pointsOf(flow, state)).subarray(0, 40 * dimension);
    const { logDeterminant } = await flow.forward(state, points);
    const moved = await Promise.all(Array.from({ length: 2 * dimension }, async (_, k) => {
      const column = k >> 1;
      const step = k % 2 === 0 ? STEP : -STEP;
      const shifted = points.map((x, i) => i % dimension === column ? x + step : x);
      return rowsOf((await flow.forward(state, shifted)).value, dimension);
    }));
    const numerical = rowsOf(points, dimension).map((_, row) =>
      logDeterminantOf(Array.from({ length: dimension }, (_, column) => {
        const [up, down] = [moved[2 * column][row], moved[2 * column + 1][row]];
        return up.map((value, i) => (value - down[i]) / (2 * STEP));
      }))
    );
    const error = largestDifference(logDeterminant, numerical);
    assert.ok(error < 1e-4, `off by ${error}`);
  });
}

Deno.test("points beyond the range pass as they are, those at its ends too", async () => {
  const flow = splineFlow({ layers: 1, range: 3 });
  const state = perturbed(flow.init(1, [1, 1]), [1, 2], 1);
  const edge = 3 * (1 - Number.EPSILON / 2);
  const far = [3, -3, 3.5, -4, 1e3, -1e100, 3 + 1e-15];
  for (const map of [flow.forward, flow.inverse]) {
    const { value, logDeterminant } = await map(state, Float64Array.from(far));
    assert.deepEqual([...value], far);
    assert.deepEqual([...logDeterminant], far.map(() => 0));
    // The identity is met without a jump, of the value or of the slope.
    const near = await map(state, Float64Array.of(edge, -edge));
    assert.ok(largestDifference(near.value, [edge, -edge]) < 1e-14);
    assert.ok(largestDifference(near.logDeterminant, [0, 0]) < 1e-12);
  }
});

Deno.test("a point on a knot is where its two bins meet", async () => {
  const flow = splineFlow({ layers: 1 });
  const state = perturbed(flow.init(1, [2, 1]), [2, 2], 1);
  const { x, y, slope } = knots([...state.weights], DEFAULT_FORM);
  const inner = x.slice(1, -1);
  for (const nudge of [0, 1e-13, -1e-13]) {
    const shifted = Float64Array.from(inner, (knot) => knot + nudge);
    const { value, logDeterminant } = await flow.forward(state, shifted);
    assert.ok(largestDifference(value, y.slice(1, -1)) < 1e-11);
    assert.ok(largestDifference(logDeterminant, slope.slice(1, -1).map(Math.log)) < 1e-9);
    const back = await flow.inverse(state, Float64Array.from(y.slice(1, -1), (k) => k + nudge));
    assert.ok(largestDifference(back.value, inner) < 1e-11);
  }
});

Deno.test("inverse() undoes forward() for bins as steep and as narrow as they can be", async () => {
  const flow = splineFlow({ layers: 1, bins: 4 });
  const state = flow.init(1, [3, 1]);
  const { inputs, outputs } = affineMaps(state, { ...DEFAULT_FORM, bins: 4 })[0];
  assert.deepEqual([inputs, outputs, state.weights.length], [0, 11, 11]);
  // The second bin is wide and low, the third narrow and high, or the other way round.
  for (const sign of [1, -1]) {
    for (const slopes of [[40, 40, 40], [-40, 40, -40], [40, -40, 40], [300, 0, 0]]) {
      const raw = [0, 30, -30, 0, 0, -30, 30, 0].map((each) => sign * each);
      const steep = { ...state, weights: Float32Array.from([...raw, ...slopes]) };
      const points = Float64Array.from({ length: 4001 }, (_, i) => (i - 2000) / 400);
      const there = await flow.forward(steep, points);
      const back = await flow.inverse(steep, there.value);
      // Where the map is flat, digits of y hold fewer of x.
      const error = Math.max(
        ...points.map((x, i) =>
          Math.abs(back.value[i] - x) * Math.min(1, Math.exp(there.logDeterminant[i]))
        ),
      );
      assert.ok(error < 1e-13, `off by ${error} with slopes ${slopes}`);
    }
  }
});

Deno.test("two layers move every coordinate once, from the first layer on", () => {
  for (let dimension = 2; dimension <= 17; dimension++) {
    const { masks } = splineFlow({ layers: 7 }).init(dimension, seedWords(dimension));
    for (let layer = 0; layer + 1 < masks.length; layer += 2) {
      masks[layer].forEach((moved, i) => assert.equal(moved, !masks[layer + 1][i]));
    }
    assert.ok(masks.every((mask) => mask.includes(true) && mask.includes(false)));
  }
  assert.deepEqual(splineFlow({ layers: 3 }).init(1, [1, 1]).masks, [[true], [true], [true]]);
});

Deno.test("the pairs of layers split the coordinates in different ways", () => {
  const { masks } = splineFlow({ layers: 20 }).init(8, seedWords(1));
  assert.ok(new Set(masks.map((mask) => mask.join())).size > 10);
});

Deno.test("init() is a function of the key", () => {
  const flow = splineFlow();
  assert.deepEqual(flow.init(5, [1, 2]), flow.init(5, [1, 2]));
  assert.notDeepEqual(flow.init(5, [1, 2]).weights, flow.init(5, [1, 3]).weights);
  assert.equal(affineMaps(flow.init(5, [1, 2]), DEFAULT_FORM).length, 8 * 3);
});

Deno.test("no rows give no rows", async () => {
  const flow = splineFlow();
  const state = flow.init(3, [1, 2]);
  const { position, logDensity } = await flow.sample(state, new Float64Array(0));
  assert.deepEqual([position.length, logDensity.length], [0, 0]);
});

const refused: [SplineFlowOptions | Readonly<Record<string, unknown>>, RegExp][] = [
  [
    { layers: 0 },
    /^RangeError: Cannot make a spline flow with `layers` 0: expected a whole number/,
  ],
  [{ layers: 2.5 }, /`layers` 2\.5/],
  [{ bins: 1 }, /`bins` 1: expected a whole number from 2 to 32$/],
  [{ bins: 33 }, /`bins` 33/],
  [{ hidden: [8, 0] }, /`hidden` 0: expected a whole number from 1 to 1024$/],
  [{ hidden: 32 }, /^TypeError: .*`hidden` 32: expected a list of widths$/],
  [{ degrees: 1.5 }, /^RangeError: .*`degrees` 1.5: expected a whole number from 0 to 100$/],
  [{ components: 1 }, /^TypeError: .*`components` 1: expected true or false$/],
  [{ range: 0 }, /^RangeError: .*`range` 0: expected a positive number$/],
  [{ range: NaN }, /`range` NaN/],
  [{ range: Infinity }, /`range` Infinity/],
  [
    { layer: 4 },
    /^TypeError: .*unknown option `layer`: the options are layers, hidden, degrees, components, bins, range$/,
  ],
];

for (const [options, message] of refused) {
  Deno.test(`splineFlow() refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => splineFlow(options as SplineFlowOptions), message);
  });
}

Deno.test("init() refuses a dimension that is none", () => {
  assert.throws(() => splineFlow().init(0, [1, 2]), /`dimension` 0: expected a whole number/);
});

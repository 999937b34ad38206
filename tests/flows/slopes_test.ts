/** Slopes of the loss in the weights, against central differences and in both precisions. */
import assert from "node:assert/strict";
import { type Engine, withEngine } from "../../src/flows/engine.ts";
import type { FlowState } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { normals, uniforms } from "../diagnostics/series.ts";
import {
  affineMaps,
  correlated,
  DEFAULT_FORM,
  type Form,
  perturbed,
  shapeOf,
} from "./reference.ts";

const CASES: readonly (readonly [dimension: number, hidden: readonly number[], bins: number])[] = [
  [1, [], 8],
  [1, [32, 32], 32],
  [2, [], 2],
  [2, [7], 8],
  [2, [16, 8, 5], 32],
  [5, [7], 32],
  [5, [32, 32], 8],
  [5, [16, 8, 5], 2],
];

/** Rows: more than one block in either precision, and not a whole number of blocks. */
const ROWS = 41;

interface Case {
  readonly state: FlowState;
  readonly form: Form;
  readonly data: Float64Array;
  run<Result>(work: (engine: Engine) => Result): Promise<Result>;
}

/** A flow away from the identity, with points of which some lie beyond the splines. */
function caseOf([dimension, hidden, bins]: (typeof CASES)[number]): Case {
  const form = { hidden, bins, range: 3 };
  const flow = splineFlow({ ...form, layers: 4 });
  const init = flow.init(dimension, [dimension, 1]);
  const white = flow.whiten(init, correlated([dimension, 2], 500, dimension));
  const state = perturbed(white, [dimension, 3]);
  const data = correlated([dimension, 4], ROWS, dimension).map((x, i) => i % 9 === 0 ? 3 * x : x);
  return {
    state,
    form,
    data,
    run: (work) => withEngine(shapeOf(state, form), work),
  };
}

/** Numbers of weights by what they are: `layer 1, map 0, weights` or `layer 1, heights, biases` … */
function weightsByKind(state: FlowState, form: Form): Map<string, number[]> {
  const kinds = new Map<string, number[]>();
  for (const { layer, map, last, at, inputs, outputs } of affineMaps(state, form)) {
    for (let k = 0; k < (inputs + 1) * outputs; k++) {
      const place = (k % outputs) % (3 * form.bins - 1);
      const part = ["widths", "heights", "slopes"][Math.floor(place / form.bins)];
      const what = k < inputs * outputs ? "weights" : "biases";
      const kind = `layer ${layer}, ${last ? part : `map ${map}`}, ${what}`;
      kinds.set(kind, [...kinds.get(kind) ?? [], at + k]);
    }
  }
  return kinds;
}

/** Weights of each kind that are tried. */
const TRIED = 4;
/** Half of a step; the loss has kinks where a point crosses a knot, so that it must be short. */
const STEP = 1e-5;

for (const each of CASES) {
  const [dimension, hidden, bins] = each;
  const name = `d=${dimension}, hidden [${hidden}], ${bins} bins`;

  Deno.test(`slopes are those of the loss, ${name}`, async () => {
    const { state, form, data, run } = caseOf(each);
    const kinds = weightsByKind(state, form);
    assert.equal([...kinds.values()].flat().length, state.weights.length);
    await run((engine) => {
      const { slopes } = engine.loss(state, data);
      assert.equal(slopes.length, state.weights.length);
      const lossWith = (index: number, weight: number): number =>
        engine.loss({ ...state, weights: state.weights.with(index, weight) }, data).loss;
      const largest = Math.max(...slopes.map(Math.abs));
      for (const [kind, indices] of kinds) {
        const chances = uniforms([indices.length, bins], TRIED);
        for (const chance of chances) {
          const index = indices[Math.floor(chance * indices.length)];
          // Single precision rounds the step.
          const [up, down] = [1, -1].map((sign) => Math.fround(state.weights[index] + sign * STEP));
          const numerical = (lossWith(index, up) - lossWith(index, down)) / (up - down);
          const error = Math.abs(numerical - slopes[index]);
          assert.ok(
            error < 1e-6 * largest + 1e-4 * Math.abs(numerical),
            `${kind}, weight ${index}: ${slopes[index]}, not ${numerical}`,
          );
        }
      }
    });
  });

  Deno.test(`the loss is the mean of −ln q, ${name}`, async () => {
    const { state, form, data, run } = caseOf(each);
    const density = await splineFlow({ ...form, layers: 4 }).logDensity(state, data);
    const mean = -density.reduce((sum, one) => sum + one, 0) / ROWS;
    const { loss } = await run((engine) => engine.loss(state, data));
    assert.ok(Math.abs(loss / mean - 1) < 1e-12, `${loss}, not ${mean}`);
    const rows = Uint32Array.from({ length: ROWS }, (_, i) => i);
    const single = await run((engine) => engine.update(state, data, [{ rows, learningRate: 0 }]));
    assert.ok(Math.abs(single.losses[0] / mean - 1) < 1e-6, `${single.losses[0]}, not ${mean}`);
  });

  Deno.test(`slopes of training are the exact ones rounded, ${name}`, async () => {
    const { state, data, run } = caseOf(each);
    const { slopes } = await run((engine) => engine.loss(state, data));
    const rows = Uint32Array.from({ length: ROWS }, (_, i) => ROWS - 1 - i);
    const { weights } = await run((engine) =>
      engine.update(state, data, [{ rows, learningRate: 0, clip: Infinity }])
    );
    // The first moment starts at 0 and takes a tenth of the slopes.
    const norm = Math.hypot(...slopes);
    const off = Math.hypot(...slopes.map((slope, i) => 10 * weights.firstMoment[i] - slope));
    assert.ok(off < 1e-4 * norm, `off by ${off / norm}`);
    assert.deepEqual(weights.weights, state.weights);
  });
}

Deno.test("some weights of every kind are felt", async () => {
  const { state, form, data, run } = caseOf([5, [16, 8, 5], 8]);
  const { slopes } = await run((engine) => engine.loss(state, data));
  for (const [kind, indices] of weightsByKind(state, form)) {
    assert.ok(indices.some((index) => slopes[index] !== 0), kind);
  }
});

Deno.test("points beyond the splines do not feel their parameters", async () => {
  const flow = splineFlow({ layers: 1 });
  const state = perturbed(flow.init(1, [1, 1]), [1, 2], 1);
  const shape = shapeOf(state, DEFAULT_FORM);
  const data = Float64Array.of(10, -10, 11, -70, ...normals([1, 3], 1).map((z) => 100 + z));
  const { slopes } = await withEngine(shape, (engine) => engine.loss(state, data));
  assert.ok(slopes.every((slope) => slope === 0));
});

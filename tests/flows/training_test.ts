/** Training comes close to densities that are known. */
import assert from "node:assert/strict";
import type { Flow, FlowState } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { permutation } from "../../src/random/words.ts";
import { normals, uniforms } from "../diagnostics/series.ts";
import { normalLogDensity } from "./reference.ts";

/** A distribution that can be drawn from, with its density. */
interface Known {
  readonly name: string;
  draw(noise: Float64Array, chance: number): number[];
  logDensity(x: readonly number[]): number;
  /** How much a flow gains over the Gaussian of the same covariance, at least; in nats. */
  readonly gain: number;
}

const BEND = 1;
const NARROW = 0.5;

const banana: Known = {
  name: "a banana",
  draw: ([a, b]) => [a, BEND * (a * a - 1) + NARROW * b],
  logDensity: ([x, y]) =>
    normalLogDensity([x, (y - BEND * (x * x - 1)) / NARROW]) - Math.log(NARROW),
  gain: 1,
};

const twoModes: Known = {
  name: "two modes",
  draw: ([a, b], chance) => chance < 0.3 ? [2 + 0.4 * a, -2 + b] : [-2 + a, 2 + 0.4 * b],
  logDensity: ([x, y]) =>
    Math.log(
      0.3 * Math.exp(normalLogDensity([(x - 2) / 0.4, y + 2])) / 0.4 +
        0.7 * Math.exp(normalLogDensity([x + 2, (y - 2) / 0.4])) / 0.4,
    ),
  gain: 0.5,
};

function draws({ draw }: Known, seed: number, n: number): Float64Array {
  const noise = normals([seed, 1], 2 * n);
  const chances = uniforms([seed, 2], n);
  const rows = Array.from(chances, (chance, i) => draw(noise.subarray(2 * i, 2 * i + 2), chance));
  return Float64Array.from(rows.flat());
}

async function train(flow: Flow, state: FlowState, data: Float64Array): Promise<FlowState> {
  const rows = data.length / state.dimension;
  const batches = Array.from({ length: 600 }, (_, i) => ({
    rows: permutation([7, i], rows).subarray(0, 256),
    learningRate: 5e-3 * (1 - i / 600),
  }));
  return (await flow.updates(state, data, batches)).state;
}

/** Points that training does not see. */
const HELD_OUT = 4000;
/** Kullback–Leibler divergence from the known density that is left, in nats. */
const LEFT = 0.06;

for (const known of [banana, twoModes]) {
  Deno.test(`training on ${known.name} leaves little divergence`, async () => {
    // A banana's tail reaches more than five standard deviations, the default range.
    const flow = splineFlow({ range: 10 });
    const data = draws(known, 1, 8000);
    const start = flow.whiten(flow.init(2, [1, 2]), data);
    const end = await train(flow, start, data);
    const held = draws(known, 2, HELD_OUT);
    const [before, after] = await Promise.all(
      [start, end].map((state) => flow.logDensity(state, held)),
    );
    // Differences of one point's densities: their mean has a standard error below 0.01.
    const mean = (of: (i: number) => number): number =>
      Array.from({ length: HELD_OUT }, (_, i) => of(i)).reduce((a, b) => a + b) / HELD_OUT;
    const gain = mean((i) => after[i] - before[i]);
    const left = mean((i) => known.logDensity([held[2 * i], held[2 * i + 1]]) - after[i]);
    assert.ok(gain > known.gain, `gained ${gain}`);
    assert.ok(left < LEFT, `left ${left}`);
    // By Jensen's inequality none is closer than the density itself, but for chance.
    assert.ok(left > -0.05, `left ${left}`);
  });
}

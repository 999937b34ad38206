import assert from "node:assert/strict";
import { emptyReplay } from "../../src/adaptive/replay.ts";
import { withScoreTerm } from "../../src/adaptive/score_term.ts";
import { KINDS, pointsFor, stateOf } from "../flows/kinds.ts";
import { normals } from "../diagnostics/series.ts";

const kind = KINDS[3];
const D = 3;
const state = stateOf(kind, D);
const data = pointsFor(state, [1, 50], 12);
const gradient = normals([1, 51], 12 * D);
const replay = {
  ...emptyReplay(D),
  data,
  gradient,
  cycle: new Uint32Array(12),
  held: new Uint8Array(12),
};
const rows = Uint32Array.of(3, 0, 7, 11);
const counts = Float32Array.of(1, 2, 0.5, 1);

/** −E ln q + (λ/2) E ‖Lᵀ(∇ ln q − g)‖², from the flow's own scores. */
async function objective(weights: Float32Array, share: number): Promise<number> {
  const points = Float64Array.from(rows, (row) => row).length;
  const chosen = new Float64Array(points * D);
  rows.forEach((row, i) => chosen.set(data.subarray(row * D, (row + 1) * D), i * D));
  const { score, logDensity } = await kind.flow.scores({ ...state, weights }, chosen);
  let sum = 0;
  rows.forEach((row, i) => {
    let square = 0;
    for (let j = 0; j < D; j++) {
      let white = 0;
      for (let k = j; k < D; k++) {
        white += state.cholesky[k * D + j] * (score[i * D + k] - gradient[row * D + k]);
      }
      square += white * white;
    }
    sum += counts[i] * (-logDensity[i] + share / 2 * square);
  });
  return sum / points;
}

/** Slopes of a batch, from the first moment of one update. */
async function slopesOf(share: number, gone = replay): Promise<number[]> {
  const { data: points, batch } = await withScoreTerm(kind.flow, state, gone, {
    rows,
    weights: counts,
    share,
  });
  const { state: after } = await kind.flow.updates(
    { ...state, firstMoment: new Float32Array(state.weights.length) },
    points,
    [{ ...batch, learningRate: 0, clip: Infinity }],
  );
  return Array.from(after.firstMoment, (each) => 10 * each);
}

Deno.test("the slopes of a batch with a score term are those of loss and Fisher divergence", async () => {
  for (const share of [0, 0.7]) {
    const slopes = await slopesOf(share);
    const largest = Math.max(...slopes.map(Math.abs));
    let seen = 0;
    for (let index = 0; index < slopes.length; index += 17) {
      const [up, down] = [1, -1].map((sign) => Math.fround(state.weights[index] + sign * 1e-4));
      const numerical = (await objective(state.weights.with(index, up), share) -
        await objective(state.weights.with(index, down), share)) / (up - down);
      const error = Math.abs(numerical - slopes[index]);
      assert.ok(error < 5e-3 * largest, `weight ${index}: ${slopes[index]}, not ${numerical}`);
      if (Math.abs(numerical) > 0.02 * largest) seen++;
    }
    assert.ok(seen > 5);
  }
});

Deno.test("the score term is felt, and rows without a gradient leave it out", async () => {
  const plain = await slopesOf(0);
  const scored = await slopesOf(0.7);
  assert.ok(plain.some((each, i) => Math.abs(each - scored[i]) > 0.1 * Math.abs(each) + 1e-3));
  const unknown = await slopesOf(0.7, { ...replay, gradient: new Float64Array(12 * D).fill(NaN) });
  unknown.forEach((each, i) => assert.ok(Math.abs(each - plain[i]) < 1e-5));
});

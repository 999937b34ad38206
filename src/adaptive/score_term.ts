/**
 * The score term: trains a flow on the gradients that the local kernels have computed anyway.
 *
 * @module
 */
import type { Batch } from "../flows/batch.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import type { Replay } from "./replay.ts";

/** Points and a batch of them. */
export interface Augmented {
  /** Points, rows × d. */
  readonly data: Float64Array;
  /** The batch. */
  readonly batch: Pick<Batch, "rows" | "weights">;
}

/** How far in white coordinates the density is looked at to both sides. */
const REACH = 1e-2;

/** Lᵀ v, L lower triangular. */
function transposeTimes(l: Float64Array, v: Float64Array): Float64Array {
  const d = v.length;
  return v.map((_, i) => {
    let sum = 0;
    for (let j = i; j < d; j++) sum += l[j * d + i] * v[j];
    return sum;
  });
}

/** L v. */
function times(l: Float64Array, v: Float64Array): Float64Array {
  const d = v.length;
  return v.map((_, i) => {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += l[i * d + j] * v[j];
    return sum;
  });
}

/**
 * A batch whose loss has the slopes of
 *
 *     −E ln q(x) + (λ/2) E ‖Lᵀ(∇ ln q(x) − ∇ ln p(x))‖²,
 *
 * the Fisher divergence in white coordinates, which no linear map of the coordinates changes. Since the
 * slope of the second term is ⟨∇ ∂ln q(x), v⟩ with v = L Lᵀ(∇ ln q − ∇ ln p) held fixed, it is that of
 * ln q(x + hv) − ln q(x − hv) over 2h: a batch with two more points for each, weighted ±. Rows without a
 * gradient only count in the first term.
 *
 * Source: Hyvärinen, "Estimation of non-normalized statistical models by score matching", JMLR 2005, for
 * the divergence.
 *
 * @param flow The kind of flow.
 * @param state Its state.
 * @param replay Positions with gradients.
 * @param given Rows and how much each counts, and λ.
 * @returns The points and the batch.
 */
export async function withScoreTerm(
  flow: Flow,
  state: FlowState,
  { data, gradient, dimension: d }: Replay,
  { rows, weights, share }: {
    readonly rows: Uint32Array;
    readonly weights: Float32Array | undefined;
    /** λ. */
    readonly share: number;
  },
): Promise<Augmented> {
  const n = rows.length;
  const points = new Float64Array(3 * n * d);
  rows.forEach((row, i) => points.set(data.subarray(row * d, (row + 1) * d), i * d));
  const counts = new Float32Array(3 * n);
  // The engine divides by all three.
  for (let i = 0; i < n; i++) counts[i] = 3 * (weights?.[i] ?? 1);
  const { score } = await flow.scores(state, points.subarray(0, n * d).slice());
  for (let i = 0; i < n; i++) {
    const here = points.subarray(i * d, (i + 1) * d);
    const known = gradient?.subarray(rows[i] * d, (rows[i] + 1) * d);
    const off = score.slice(i * d, (i + 1) * d).map((each, k) => each - (known?.[k] ?? NaN));
    const white = transposeTimes(state.cholesky, off);
    const norm = Math.sqrt(white.reduce((sum, each) => sum + each * each, 0));
    const step = Number.isFinite(norm) && norm > 0 ? REACH / norm : 0;
    const move = times(state.cholesky, white);
    const count = step === 0 ? 0 : 3 * share * (weights?.[i] ?? 1) / (2 * step);
    [1, -1].forEach((sign, side) => {
      const to = (side + 1) * n + i;
      for (let k = 0; k < d; k++) {
        points[to * d + k] = here[k] + (step === 0 ? 0 : sign * step * move[k]);
      }
      // The loss is of −ln q.
      counts[to] = -sign * count;
    });
  }
  return {
    data: points,
    batch: { rows: Uint32Array.from({ length: 3 * n }, (_, i) => i), weights: counts },
  };
}

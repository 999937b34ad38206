/**
 * ln p − ln q at new draws of a proposal distribution and at the draws of a run: what log Z is estimated
 * from.
 *
 * @module
 */
import { pausesOf } from "../device/pause.ts";
import type { Draws } from "../diagnostics/draws.ts";
import type { Proposal } from "../global/proposal.ts";
import { foldIn, type Key } from "../tensor/random.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import type { DrawBlock } from "./run_state.ts";

/** A density and what it is compared to. */
export interface Compared {
  /** ln p at positions, n × d. */
  readonly logDensity: (position: Tensor) => Promise<Tensor>;
  /** q. */
  readonly proposal: Proposal;
  /** Stops the work between slices. */
  readonly signal: AbortSignal | undefined;
}

/** Rows that go through the flow at once, as many as in a cycle of production: some milliseconds. */
const ROWS = 1000;

/** Works on slices of so many rows in turn, with pauses in between. */
async function inSlices(
  count: number,
  signal: AbortSignal | undefined,
  work: (slice: number, first: number, rows: number) => Promise<void>,
): Promise<void> {
  const pauses = pausesOf(signal);
  for (let slice = 0; slice * ROWS < count; slice++) {
    const first = slice * ROWS;
    await work(slice, first, Math.min(ROWS, count - first));
    if (pauses.due()) await pauses.take();
  }
}

/**
 * ln p − ln q at new draws of q.
 *
 * @param compared p and q.
 * @param count How many draws; each costs one log density.
 * @param key For the draws; slice i of 1,000 draws from foldIn(key, i).
 * @returns One number for each draw.
 */
export async function weightsOfProposals(
  { logDensity, proposal, signal }: Compared,
  count: number,
  key: Key,
): Promise<Float64Array> {
  const out = new Float64Array(count);
  await inSlices(count, signal, async (slice, first, rows) => {
    const drawn = await proposal.sample(foldIn(key, slice), rows);
    const { data } = await logDensity(drawn.position);
    for (let i = 0; i < rows; i++) out[first + i] = data[i] - drawn.logDensity.data[i];
  });
  return out;
}

/** Thinning leaves at least so many draws of each chain, to tell how they are correlated. */
const LEAST_OF_CHAIN = 20;

/** Every `stride`-th draw of each chain. */
export function thinned(
  { data, shape: [chains, draws, ...inner] }: Tensor,
  stride: number,
): Tensor {
  const size = inner.reduce((product, length) => product * length, 1);
  const kept = Math.floor(draws / stride);
  const out = new Float64Array(chains * kept * size);
  for (let row = 0; row < chains * kept; row++) {
    const from = Math.floor(row / kept) * draws + (row % kept + 1) * stride - 1;
    for (let i = 0; i < size; i++) out[row * size + i] = data[from * size + i];
  }
  return fromArray({ dtype: "f64", shape: [chains, kept, ...inner], data: out });
}

/** Rows that are not those before them, and for each row which of these it is. */
export interface Distinct {
  /** n × d. */
  readonly rows: Float64Array;
  /** One number for each of the given rows. */
  readonly numbers: Uint32Array;
}

/** Leaves out what rejections repeat, of positions chains × draws × d. */
export function distinct({ data, shape: [chains, draws, dimension] }: Tensor): Distinct {
  const numbers = new Uint32Array(chains * draws);
  const rows = new Float64Array(data.length);
  let found = 0;
  for (let row = 0; row < numbers.length; row++) {
    const at = row * dimension;
    let same = row > 0;
    for (let i = at; same && i < at + dimension; i++) same = data[i] === data[i - dimension];
    if (!same) {
      for (let i = 0; i < dimension; i++) rows[found * dimension + i] = data[at + i];
      found++;
    }
    numbers[row] = found - 1;
  }
  return { rows: rows.subarray(0, found * dimension), numbers };
}

/**
 * ln p − ln q at the draws of chains. Where there are more than `most`, every k-th of each chain serves:
 * neighbours tell much the same.
 *
 * @param compared p and q.
 * @param draws The draws with their log density.
 * @param most About how many draws are enough.
 * @returns The numbers, chains × draws.
 */
export async function weightsOfDraws(
  { proposal, signal }: Omit<Compared, "logDensity">,
  draws: DrawBlock,
  most: number,
): Promise<Draws> {
  const [chains, perChain, dimension] = draws.position.shape;
  const wanted = Math.ceil(chains * perChain / most);
  const stride = Math.max(1, Math.min(wanted, Math.floor(perChain / LEAST_OF_CHAIN)));
  const logDensity = thinned(draws.logDensity, stride);
  const { rows: points, numbers } = distinct(thinned(draws.position, stride));
  const ofProposal = new Float64Array(points.length / dimension);
  await inSlices(ofProposal.length, signal, async (_, first, rows) => {
    const data = points.slice(first * dimension, (first + rows) * dimension);
    const part = fromArray({ dtype: "f64", shape: [rows, dimension], data });
    ofProposal.set((await proposal.logDensity(part)).data, first);
  });
  return {
    data: Float64Array.from(logDensity.data, (p, i) => p - ofProposal[numbers[i]]),
    shape: logDensity.shape,
  };
}

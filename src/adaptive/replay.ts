/**
 * The replay buffer: positions of all chains from all cycles, which the flow is trained on.
 *
 * @module
 */
import type { Tensor } from "../tensor/tensor.ts";

/** Rows of positions, the oldest first; plain data. */
export interface Replay {
  /** Number of coordinates of a row, d. */
  readonly dimension: number;
  /** Positions, rows × d. */
  readonly data: Float64Array;
  /**
   * ln of the importance weight p/q, up to a constant, of each row that was drawn from a known q; NaN for
   * states of chains, which are taken for draws of p, [rows].
   */
  readonly logWeight: Float64Array;
  /** The share of all weight that rows with an importance weight have together, from 0 to 1. */
  readonly importance: number;
  /** Its gradient at each, rows × d, NaN where it is not known; none if it is never asked for. */
  readonly gradient: Float64Array | undefined;
  /** The cycle in which each row was added, [rows]. */
  readonly cycle: Uint32Array;
  /** 1 for each row that is held out: the flow is judged by these and never trained on them, [rows]. */
  readonly held: Uint8Array;
}

/** Positions for a replay buffer. */
export interface ReplayDraws {
  /** chains × draws × d. Rows that are not finite are left out. */
  readonly position: Tensor;
  /** ln of importance weights, chains × draws, if they have some; rows where it is −∞ are left out. */
  readonly logWeight?: Tensor | undefined;
  /** chains × draws × d, if the buffer holds gradients and they are known. */
  readonly gradient?: Tensor | undefined;
}

/** One in so many chains is held out. */
const HELD_OUT = 8;
/** Of few chains every eighth of so many stretches is, as far as there are steps for them. */
const STRETCHES = 32;

/**
 * An empty buffer.
 *
 * @param dimension Number of coordinates.
 * @param options Whether it holds gradients of the log density too, no by default, and the share of rows
 * with importance weights, 0 by default.
 * @returns The buffer.
 */
export function emptyReplay(
  dimension: number,
  { withGradient = false, importance = 0 }: {
    readonly withGradient?: boolean | undefined;
    readonly importance?: number | undefined;
  } = {},
): Replay {
  return {
    dimension,
    data: new Float64Array(0),
    logWeight: new Float64Array(0),
    importance,
    gradient: withGradient ? new Float64Array(0) : undefined,
    cycle: new Uint32Array(0),
    held: new Uint8Array(0),
  };
}

type NumberArray = Float64Array | Uint32Array | Uint8Array;

/** The rows of both arrays without the oldest ones. */
function joined<A extends NumberArray>(before: A, added: A, surplus: number): A {
  const all = new (before.constructor as new (length: number) => A)(before.length + added.length);
  all.set(before);
  all.set(added, before.length);
  return surplus > 0 ? all.slice(surplus) as A : all;
}

/** Whether each row is held out, chains × draws. */
function heldOut(
  { data, shape: [chains, draws, d] }: Tensor,
  cycle: number,
  before: Replay,
): readonly boolean[] {
  const isHeld = (number: number): boolean => number % HELD_OUT === HELD_OUT - 1;
  const rows = Array.from({ length: chains * draws }, (_, row) => row);
  if (chains >= HELD_OUT) return rows.map((row) => isHeld(Math.floor(row / draws)));
  // The number of each place where a chain stays for one draw or several.
  const places = new Uint32Array(rows.length);
  for (const row of rows) {
    if (row % draws === 0) continue;
    let moved = false;
    for (let i = row * d; !moved && i < (row + 1) * d; i++) moved = data[i] !== data[i - d];
    places[row] = places[row - 1] + (moved ? 1 : 0);
  }
  // A chain that has not moved since the call before is where it was: with the mark that it had.
  const last = before.held.length - chains;
  const stayed = Array.from({ length: chains }, (_, chain) => {
    if (last < 0) return false;
    for (let i = 0; i < d; i++) {
      if (before.data[(last + chain) * d + i] !== data[chain * draws * d + i]) return false;
    }
    return true;
  });
  return rows.map((row) => {
    const chain = Math.floor(row / draws);
    if (places[row] === 0 && stayed[chain]) return before.held[last + chain] === 1;
    const of = places[row - row % draws + draws - 1] + 1;
    const stretch = Math.ceil(of / STRETCHES);
    return isHeld(Math.floor((cycle * draws + places[row]) / stretch));
  });
}

/**
 * Adds positions, step by step for all chains, so that the oldest rows are the oldest steps; when there
 * are more than `capacity` rows, the oldest go.
 *
 * Every eighth chain is held out for validation, all of it and in every cycle: successive states of a
 * chain are near each other or the same, so that a state that is held out tells nothing new if its
 * neighbours are trained on. With fewer chains every eighth step of all of them is held out, counted
 * from cycle to cycle: one cycle may hold less than eight. Steps in which a chain stays where it is count
 * as one, and more than 32 in a call are taken in stretches of neighbours, about 32 of them.
 *
 * @param replay The buffer before.
 * @param draws Positions and what is known of them.
 * @param options The cycle's number, and the most rows that are kept.
 * @returns The buffer after.
 */
export function addToReplay(
  replay: Replay,
  { position, logWeight, gradient }: ReplayDraws,
  { cycle, capacity }: { readonly cycle: number; readonly capacity: number },
): Replay {
  const { dimension: d } = replay;
  const [chains, draws] = position.shape;
  const marks = heldOut(position, cycle, replay);
  const rows: number[] = [];
  const held: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    for (let chain = 0; chain < chains; chain++) {
      const row = chain * draws + draw;
      const here = position.data.subarray(row * d, (row + 1) * d) as Float64Array;
      if (!here.every(Number.isFinite)) continue;
      if (logWeight !== undefined && !Number.isFinite(logWeight.data[row])) continue;
      rows.push(row);
      held.push(marks[row] ? 1 : 0);
    }
  }
  const picked = (from: Tensor | undefined, width: number): Float64Array => {
    const out = new Float64Array(rows.length * width).fill(NaN);
    if (from === undefined) return out;
    rows.forEach((row, i) => {
      for (let k = 0; k < width; k++) out[i * width + k] = from.data[row * width + k];
    });
    return out;
  };
  const surplus = Math.max(0, replay.cycle.length + rows.length - capacity);
  return {
    dimension: d,
    data: joined(replay.data, picked(position, d), surplus * d),
    importance: replay.importance,
    logWeight: joined(replay.logWeight, picked(logWeight, 1), surplus),
    gradient: replay.gradient && joined(replay.gradient, picked(gradient, d), surplus * d),
    cycle: joined(replay.cycle, new Uint32Array(rows.length).fill(cycle), surplus),
    held: joined(replay.held, Uint8Array.from(held), surplus),
  };
}

/**
 * The numbers of the rows that are trained on, or of those that are held out.
 *
 * @param replay The buffer.
 * @param held Whether those that are held out are wanted.
 * @returns Their numbers, ascending.
 */
export function rowsOf({ held }: Replay, wanted: "trained" | "held"): Uint32Array {
  const mark = wanted === "held" ? 1 : 0;
  return Uint32Array.from(held.keys().filter((row) => held[row] === mark));
}

/**
 * The training of a flow as a pure step.
 *
 * @module
 */
import type { Flow, FlowState } from "../flows/flow.ts";
import type { Key } from "../tensor/random.ts";
import type { TrainingStep } from "./plan.ts";
import { type Replay, rowsOf } from "./replay.ts";
import { importanceWeights } from "./row_weights.ts";

/** A flow that is being trained; plain data. */
export interface FlowTraining {
  /** The flow after the last update. */
  readonly flow: FlowState;
  /** The one that is best at held-out positions so far. */
  readonly best: FlowState;
  /** What it learns from, and what it is judged by. */
  readonly replay: Replay;
  /** The number of the next cycle. */
  readonly cycle: number;
  /** Whether the next cycle is the last one, in which the learning rate may fall to 0. */
  readonly last: boolean;
  /** Cycles since the loss at held-out positions last fell by more than 0.02 nats. */
  readonly stale: number;
  /** Mean loss −E ln q over the updates of each cycle; first that without training. */
  readonly loss: readonly number[];
  /** −E ln q of the best flow at held-out positions after each cycle; NaN if none are held out. */
  readonly validation: readonly number[];
}

/** A step of training: one cycle. */
export type FlowTrainingStep = (
  training: FlowTraining,
  key: Key,
  options?: { readonly signal?: AbortSignal | undefined },
) => Promise<FlowTraining>;

/** Less of a gain in the loss, in nats, is not worth another cycle. */
const LEAST_GAIN = 0.02;
/** The newest held-out rows are enough to judge by. */
const MOST_HELD = 1000;
/** So many positions show at most what the whitening alone is worth. */
const MOST_FIRST = 500;
/** From fewer rows there is no covariance. */
const LEAST_WHITENED = 2;

/** Positions of these rows, rows × d. */
function positionsOf({ data, dimension: d }: Replay, rows: Uint32Array): Float64Array {
  const positions = new Float64Array(rows.length * d);
  rows.forEach((row, i) => positions.set(data.subarray(row * d, (row + 1) * d), i * d));
  return positions;
}

/** Positions that flows are judged by. */
interface Held {
  /** The newest held-out positions, rows × d. */
  readonly positions: Float64Array;
  /** How much each counts; they add up to 1. */
  readonly weights: Float64Array;
}

function heldOf(replay: Replay): Held {
  const rows = rowsOf(replay, "held").slice(-MOST_HELD);
  const all = importanceWeights(replay);
  const weights = Float64Array.from(rows, (row) => all?.[row] ?? 1);
  const sum = weights.reduce((total, each) => total + each, 0);
  return { positions: positionsOf(replay, rows), weights: weights.map((each) => each / sum) };
}

/**
 * What the whitening is found from, rows × d: it has d² / 2 numbers, as many as draws where those are few,
 * so that held-out positions must not reach it either.
 */
function whiteningPositions(replay: Replay): Float64Array {
  const rows = rowsOf(replay, "trained");
  return rows.length < LEAST_WHITENED ? replay.data : positionsOf(replay, rows);
}

interface Judged {
  readonly flow: FlowState;
  readonly loss: number;
  /** ln q at each held-out position. */
  readonly logDensity: Float64Array;
}

/**
 * Whether one flow is better at held-out positions than another by more than the standard error of the
 * difference: of many candidates one is always better at a few positions.
 *
 * Source: the rule of one standard error, Breiman et al., Classification and Regression Trees, 1984, §3.4.3.
 */
function isBetter(a: Judged, b: Judged, { weights }: Held): boolean {
  const n = weights.length;
  const gain = b.loss - a.loss;
  // Without anything held out the newest is the best.
  if (n === 0) return true;
  if (!Number.isFinite(gain)) return a.loss < Infinity && !(a.loss >= b.loss);
  const squares = a.logDensity.reduce((sum, each, i) => {
    const off = weights[i] * (each - b.logDensity[i] - gain);
    return sum + off * off;
  }, 0);
  return gain > Math.sqrt(squares * n / Math.max(1, n - 1));
}

/** Half way between two flows: weights of one training average well (Wortsman et al. 2022). */
function between(a: FlowState, b: FlowState): FlowState {
  return { ...a, weights: a.weights.map((weight, i) => 0.5 * (weight + b.weights[i])) };
}

/** −E ln q at held-out positions; NaN if there are none. */
function heldLoss(logDensity: Float64Array, { weights }: Held): number {
  if (weights.length === 0) return NaN;
  return -logDensity.reduce((sum, each, i) => sum + weights[i] * each, 0);
}

/** Some of all positions, evenly spaced: enough for the first point of a curve. */
function someOf({ data, dimension }: Replay): Float64Array {
  const size = data.length / dimension;
  const count = Math.min(size, MOST_FIRST);
  const out = new Float64Array(count * dimension);
  for (let i = 0; i < count; i++) {
    const at = Math.floor(i * size / count) * dimension;
    out.set(data.subarray(at, at + dimension), i * dimension);
  }
  return out;
}

function meanLoss(logDensity: Float64Array): number {
  return -logDensity.reduce((sum, each) => sum + each, 0) / logDensity.length;
}

/**
 * Starts the training of a flow: whitens it by what it is to learn from, held-out positions left out.
 *
 * @param flow The kind of flow.
 * @param state A state of it, as `flow.init` gives one.
 * @param replay What it learns from.
 * @param cycle The number of the cycle; 0 by default.
 * @returns The training before its first cycle, with the loss of the whitening alone.
 */
export async function startTraining(
  flow: Flow,
  state: FlowState,
  replay: Replay,
  cycle = 0,
): Promise<FlowTraining> {
  const white = flow.whiten(state, whiteningPositions(replay));
  const held = heldOf(replay);
  return {
    flow: white,
    best: white,
    replay,
    cycle,
    last: false,
    stale: 0,
    loss: [meanLoss(await flow.logDensity(white, someOf(replay)))],
    validation: [heldLoss(await flow.logDensity(white, held.positions), held)],
  };
}

/**
 * A step of training: one cycle of updates, after which the flow is compared with the best one before at
 * positions that neither was trained on, and kept if it is better by more than the standard error of the
 * difference. The last cycle starts from the best one.
 *
 * @param flow The kind of flow.
 * @param train How it learns in a cycle.
 * @returns The step, from a training and a key to the training after.
 */
export function trainingStep(flow: Flow, train: TrainingStep): FlowTrainingStep {
  return async (training, key, { signal } = {}) => {
    const { replay, cycle, last, stale, best } = training;
    const before = last ? best : training.flow;
    const { state, average = state, loss } = await train(flow, {
      state: before,
      replay,
      cycle,
      last,
      stale,
      updates: training.flow.updates,
      key,
      signal,
    });
    const held = heldOf(replay);
    const judged = async (candidate: FlowState): Promise<Judged> => {
      const logDensity = await flow.logDensity(candidate, held.positions);
      return { flow: candidate, loss: heldLoss(logDensity, held), logDensity };
    };
    const toBeat = await judged(best);
    const candidates = [await judged(average), await judged(between(average, best))];
    const chosen = candidates.reduce((a, b) => b.loss < a.loss ? b : a);
    const kept = isBetter(chosen, toBeat, held) ? chosen : toBeat;
    return {
      ...training,
      flow: state,
      best: kept.flow,
      cycle: cycle + 1,
      stale: toBeat.loss - kept.loss < LEAST_GAIN ? stale + 1 : 0,
      loss: [...training.loss, loss],
      validation: [...training.validation, kept.loss],
    };
  };
}

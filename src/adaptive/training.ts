/**
 * How the flow learns within a cycle, and when it has learned enough.
 *
 * @module
 */
import { pausesOf } from "../device/pause.ts";
import type { Batch } from "../flows/batch.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import { permutation } from "../random/words.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { type Key, split } from "../tensor/random.ts";
import { AT_LEAST_0, COUNT, expectNumber, POSITIVE, SHARE, type Sound } from "./expect_number.ts";
import { constantRate, type LearningRate, type TrainingPlace } from "./learning_rate.ts";
import type { TrainingInput, TrainingOutput, TrainingRule, TrainingStep } from "./plan.ts";
import { type Replay, rowsOf } from "./replay.ts";
import { importanceWeights, recencyWeights, withMeanOne } from "./row_weights.ts";
import type { FlowProgress } from "./run_state.ts";
import { withScoreTerm } from "./score_term.ts";

/** Options of {@linkcode trainInCycles}. */
export interface TrainingOptions {
  /** Gradient updates of each cycle; 150 by default. */
  readonly updates?: number;
  /** Rows of a mini-batch; 128 by default: small batches reach the same loss with fewer examples. */
  readonly batch?: number;
  /**
   * Step of Adam: a number stands for `constantRate` of it; 8e-3 by default. See also `cosineRate` and
   * `plateauRate`, or give a function of your own.
   */
  readonly learningRate?: number | LearningRate;
  /** Largest global norm of the slopes; 1 by default. */
  readonly clip?: number;
  /** AdamW's decoupled weight decay; 0 by default. */
  readonly weightDecay?: number;
  /** Cycles after which a position counts half; 10 by default, ∞ to let all count the same. */
  readonly halfLife?: number;
  /**
   * Share, from 0 to 1, that all proposals of global moves have in training beside the states of chains,
   * with their importance weights p/q; 0 by default. Proposals know the right shares of the modes that
   * the flow reaches, also where chains started with wrong ones and rarely jump.
   */
  readonly importance?: number;
  /**
   * λ of a score term (λ/2) E‖∇ ln q − ∇ ln p‖² in white coordinates; 0, for none, by default. It makes
   * an update about four times as expensive, and pays where positions are few and dimensions many.
   */
  readonly score?: number;
}

const OPTIONS: Readonly<Record<keyof TrainingOptions, true>> = {
  updates: true,
  batch: true,
  learningRate: true,
  clip: true,
  weightDecay: true,
  halfLife: true,
  importance: true,
  score: true,
};

/** Updates between two looks at the abort signal: some tens of milliseconds. */
const UPDATES_AT_ONCE = 75;

function complete(options: TrainingOptions): Required<TrainingOptions> {
  expectOptions(options, Object.keys(OPTIONS), "train");
  const { learningRate = 8e-3 } = options;
  if (typeof learningRate !== "function") {
    expectNumber("train", "learningRate", learningRate, {
      ...AT_LEAST_0,
      expected: "a number of at least 0, or a function",
    });
  }
  const number = (
    name: Exclude<keyof TrainingOptions, "learningRate">,
    otherwise: number,
    sound: Sound,
  ): number => expectNumber("train", name, options[name] ?? otherwise, sound);
  return {
    updates: number("updates", 150, COUNT),
    batch: number("batch", 128, COUNT),
    learningRate: typeof learningRate === "function" ? learningRate : constantRate(learningRate),
    clip: number("clip", 1, POSITIVE),
    weightDecay: number("weightDecay", 0, AT_LEAST_0),
    halfLife: number("halfLife", 10, POSITIVE),
    importance: number("importance", 0, SHARE),
    score: number("score", 0, AT_LEAST_0),
  };
}

/** Mini-batches without replacement; a new random order when the rows are used up. */
function* batches(key: Key, rows: Uint32Array, size: number): Generator<Uint32Array, never> {
  let [forOrder, later] = split(key);
  while (true) {
    const order = permutation([forOrder.data[0], forOrder.data[1]], rows.length);
    for (let next = 0; next + size <= rows.length; next += size) {
      yield order.subarray(next, next + size).map((i) => rows[i]);
    }
    [forOrder, later] = split(later);
  }
}

/** How much each row counts; undefined where all count the same. */
function weightsOf(
  { replay, cycle }: TrainingInput,
  rows: Uint32Array,
  { halfLife }: Required<TrainingOptions>,
): Float32Array | undefined {
  const byAge = Number.isFinite(halfLife) && replay.cycle.some((added) => added !== cycle);
  const byImportance = importanceWeights(replay);
  if (!byAge && byImportance === undefined) return undefined;
  const weights = recencyWeights(replay, { now: cycle, halfLife });
  if (byImportance !== undefined) {
    weights.forEach((_, row) => weights[row] *= byImportance[row]);
  }
  return withMeanOne(weights, rows);
}

/** A mean of means, each of so many. */
function weightAverage(
  length: number,
): { add(mean: Float32Array, count: number): void; mean(): Float32Array } {
  const sum = new Float64Array(length);
  let total = 0;
  return {
    add(mean, count) {
      mean.forEach((weight, i) => sum[i] += count * weight);
      total += count;
    },
    mean: () => Float32Array.from(sum, (each) => each / total),
  };
}

/**
 * Trains with mini-batches drawn without replacement from the replay buffer, held-out rows left out, by
 * AdamW with clipping: one cycle. Beside the last weights it gives their mean over the second half of the
 * cycle, which is better by far as long as the learning rate is not small.
 *
 * Source of the mean: Polyak & Juditsky 1992; for networks Izmailov et al., "Averaging weights leads to
 * wider optima and better generalization", UAI 2018.
 *
 * The order of rows comes from the input's key. A step whose loss is not finite changes nothing.
 *
 * @param options Updates of a cycle, rows of a batch, learning rate, and how much each row counts.
 * @returns The training step.
 * @throws {TypeError} If there is an unknown option.
 * @throws {RangeError} If an option is out of range.
 */
export function trainInCycles(options: TrainingOptions = {}): TrainingStep {
  const how = complete(options);
  const { updates, batch, clip, weightDecay, score } = how;
  const rate = how.learningRate as LearningRate;
  const step = async (flow: Flow, input: TrainingInput): Promise<TrainingOutput> => {
    const { replay, last, stale, key, signal } = input;
    const rows = rowsOf(replay, "trained");
    if (rows.length === 0) {
      throw new RangeError("Cannot train a flow without positions: the replay buffer has none");
    }
    const weights = weightsOf(input, rows, how);
    const rowsOfBatch = batches(key, rows, Math.min(batch, rows.length));
    const pauses = pausesOf(signal);
    let { state } = input;
    const half = Math.floor(updates / 2);
    let loss = 0;
    const average = weightAverage(state.weights.length);
    for (let done = 0; done < updates;) {
      const together: Batch[] = [];
      // The score term is made from the flow as it is before the update.
      // A call ends where averaging begins.
      const end = done < half ? half : updates;
      const most = score > 0 ? 1 : UPDATES_AT_ONCE;
      while (together.length < most && done < end) {
        const chosen = rowsOfBatch.next().value;
        const place: TrainingPlace = {
          update: input.updates + done,
          share: done / updates,
          last,
          stale,
        };
        together.push({
          rows: chosen,
          ...weights && { weights: Float32Array.from(chosen, (row) => weights[row]) },
          learningRate: rate(place),
          clip,
          weightDecay,
        });
        done++;
      }
      const updated = score > 0
        ? await scored(flow, state, replay, together[0], score)
        : await flow.updates(state, replay.data, together);
      state = updated.state;
      if (done > half) average.add(updated.average, together.length);
      loss += updated.losses.reduce((sum, each) => sum + each, 0) / updates;
      if (pauses.due()) await pauses.take();
    }
    // Where the rate falls to 0 the last weights are the best.
    return { state, average: last ? undefined : { ...state, weights: average.mean() }, loss };
  };
  return Object.assign(step, { usesGradient: score > 0, importance: how.importance });
}

async function scored(
  flow: Flow,
  state: FlowState,
  replay: Replay,
  { rows, weights, ...how }: Batch,
  share: number,
): ReturnType<Flow["updates"]> {
  const { data, batch } = await withScoreTerm(flow, state, replay, { rows, weights, share });
  return await flow.updates(state, data, [{ ...batch, ...how }]);
}

/** Options of {@linkcode stopTraining}. */
export interface StopTrainingOptions {
  /**
   * A mean acceptance probability at which the flow is good enough; 0.5 by default, to which the last
   * cycle adds: a better flow costs more time than it saves, since draws are cheap.
   */
  readonly acceptance?: number;
  /** Cycles after which training ends if neither acceptance nor validation loss improved; 4 by default. */
  readonly patience?: number;
}

/** At this acceptance of the first cycle, before any training, the whitening is all that is needed. */
const ENOUGH = 0.6;
/** With this effective sample fraction, and so many independent positions for each local step: a mode of few
 * chains shows in these, not in the acceptance. */
const [LEAST_FRACTION, LEAST_EFFICIENCY] = [0.4, 0.3];
/** Cycles after which a flow that is worth less than the local moves is given up. */
const TRIAL = 3;
/** An acceptance is better if it is so many times the best one before. */
const BETTER = 1.03;

/**
 * Ends training when the global moves are accepted often enough, or when for some cycles neither they
 * have been accepted more often nor the flow has got better at positions that it was not trained on: one
 * with more weights than it has data for gets worse again. It ends at once where the first cycle, in
 * which nothing is learned but location and covariance, has an acceptance of 0.6 and an
 * effective sample fraction of 0.4, and local moves lead to an independent position in three steps; and after three cycles where local moves alone lead to independent positions more often than global ones are accepted twice.
 *
 * @param options What is enough.
 * @returns The rule.
 * @throws {TypeError} If there is an unknown option.
 * @throws {RangeError} If an option is out of range.
 */
export function stopTraining(options: StopTrainingOptions = {}): TrainingRule {
  expectOptions(options, ["acceptance", "patience"], "stop training");
  const { acceptance = 0.5, patience = 4 } = options;
  expectNumber("stop training", "acceptance", acceptance, POSITIVE);
  expectNumber("stop training", "patience", patience, {
    expected: "a number of at least 1",
    is: (value) => value >= 1,
  });
  return (
    { acceptance: all, stale, localEfficiency = 0, effectiveSampleFraction = 0 }: FlowProgress,
  ) => {
    const enough = all[0] >= Math.max(ENOUGH, acceptance) &&
      effectiveSampleFraction >= LEAST_FRACTION && localEfficiency >= LEAST_EFFICIENCY;
    if (all.length === 1 && enough) return "now";
    let [best, at] = [0, -1];
    all.forEach((each, cycle) => {
      if (each > BETTER * best) [best, at] = [each, cycle];
    });
    if (all.length >= TRIAL && 2 * best < localEfficiency) return true;
    return best >= acceptance || Math.min(all.length - 1 - at, stale) >= patience;
  };
}

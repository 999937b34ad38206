/**
 * How the flow learns within a run.
 *
 * @module
 */
import { pausesOf } from "../device/pause.ts";
import type { Batch } from "../flows/engine.ts";
import type { Flow } from "../flows/flow.ts";
import { permutation } from "../random/words.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { type Key, split } from "../tensor/random.ts";
import type { TrainingInput, TrainingOutput, TrainingRule, TrainingStep } from "./plan.ts";
import type { FlowProgress } from "./run_state.ts";

/** Options of {@linkcode trainInCycles}. */
export interface TrainingOptions {
  /** Gradient updates of each cycle; 150 by default. */
  readonly updates?: number;
  /** Rows of a mini-batch; 128 by default: small batches reach the same loss with fewer examples. */
  readonly batch?: number;
  /**
   * Learning rate of Adam; 5e-3 by default. It stays the same until the last cycle, in which it falls
   * linearly to 0, so that training can end when it is good enough, and still anneal.
   */
  readonly learningRate?: number;
}

/** Updates between two looks at the abort signal: some tens of milliseconds. */
const UPDATES_AT_ONCE = 20;

/** Rows of mini-batches without replacement; a new random order when the rows are used up. */
function* batches(key: Key, rows: number, size: number): Generator<Uint32Array, never> {
  let [forOrder, later] = split(key);
  while (true) {
    const order = permutation([forOrder.data[0], forOrder.data[1]], rows);
    for (let next = 0; next + size <= rows; next += size) yield order.subarray(next, next + size);
    [forOrder, later] = split(later);
  }
}

/**
 * Trains with mini-batches drawn without replacement from the replay buffer, by Adam with a constant
 * learning rate and a linear cool-down in the last cycle.
 *
 * Source of the schedule: Hägele et al., "Scaling laws and compute-optimal training beyond fixed
 * training durations", NeurIPS 2024.
 *
 * @param options Updates of a cycle, rows of a batch, learning rate.
 * @returns The training step.
 * @throws {TypeError} If there is an unknown option.
 */
export function trainInCycles(options: TrainingOptions = {}): TrainingStep {
  expectOptions(options, ["updates", "batch", "learningRate"], "train");
  const { updates = 150, batch = 128, learningRate = 5e-3 } = options;
  return async (flow: Flow, input: TrainingInput): Promise<TrainingOutput> => {
    const { replay: { data, dimension }, last, key, signal } = input;
    const rows = data.length / dimension;
    const rowsOf = batches(key, rows, Math.min(batch, rows));
    let { state } = input;
    const pauses = pausesOf(signal);
    let loss = 0;
    for (let done = 0; done < updates;) {
      const together: Batch[] = [];
      while (together.length < UPDATES_AT_ONCE && done < updates) {
        const rest = last ? 1 - done / updates : 1;
        together.push({ rows: rowsOf.next().value, learningRate: learningRate * rest });
        done++;
      }
      const updated = await flow.updates(state, data, together);
      state = updated.state;
      loss += updated.losses.reduce((sum, each) => sum + each, 0) / updates;
      if (pauses.due()) await pauses.take();
    }
    return { state, loss };
  };
}

/** Options of {@linkcode stopTraining}. */
export interface StopTrainingOptions {
  /**
   * A mean acceptance probability at which the flow is good enough; 0.5 by default, to which the last
   * cycle adds: a better flow costs more time than it saves, since draws are cheap.
   */
  readonly acceptance?: number;
  /** Cycles without a better acceptance after which training ends; 4 by default. */
  readonly patience?: number;
}

/** An acceptance is better if it is so many times the best one before. */
const BETTER = 1.03;

/**
 * Ends training when the global moves are accepted often enough, or have not been accepted more often
 * for some cycles: a flow with more weights than it has data for gets worse again.
 *
 * @param options What is enough.
 * @returns The rule.
 * @throws {TypeError} If there is an unknown option.
 */
export function stopTraining(options: StopTrainingOptions = {}): TrainingRule {
  expectOptions(options, ["acceptance", "patience"], "stop training");
  const { acceptance = 0.5, patience = 4 } = options;
  return ({ acceptance: all }: FlowProgress) => {
    let [best, at] = [0, -1];
    all.forEach((each, cycle) => {
      if (each > BETTER * best) [best, at] = [each, cycle];
    });
    return best >= acceptance || all.length - 1 - at >= patience;
  };
}

/**
 * How the flow learns within a run.
 *
 * @module
 */
import type { Flow } from "../flows/flow.ts";
import type { Key } from "../tensor/random.ts";
import { split } from "../tensor/random.ts";
import { cos } from "../tensor/scalar_math.ts";
import { permutation } from "../random/words.ts";
import type { TrainingInput, TrainingOutput, TrainingRule, TrainingStep } from "./plan.ts";
import type { FlowProgress } from "./run_state.ts";

/** Options of {@linkcode trainInCycles}. */
export interface TrainingOptions {
  /** Gradient updates of each cycle; 100 by default. */
  readonly updates?: number;
  /** Rows of a mini-batch; 256 by default: small batches reach the same loss with fewer examples. */
  readonly batch?: number;
  /** Highest learning rate of Adam; 5e-3 by default, annealed to 0 over all cycles by a cosine. */
  readonly learningRate?: number;
}

const PI = 3.141592653589793;

function wordsOf(key: Key): [number, number] {
  return [key.data[0], key.data[1]];
}

/**
 * Trains with mini-batches drawn without replacement from the replay buffer, by Adam with a cosine
 * schedule over all cycles.
 *
 * @param options Updates of a cycle, rows of a batch, learning rate.
 * @returns The training step.
 */
export function trainInCycles(options: TrainingOptions = {}): TrainingStep {
  const { updates = 100, batch = 256, learningRate = 5e-3 } = options;
  return (flow: Flow, input: TrainingInput): Promise<TrainingOutput> => {
    const { replay: { data, dimension }, cycle, cycles, key, signal } = input;
    const rows = data.length / dimension;
    const size = Math.min(batch, rows);
    let { state } = input;
    let loss = 0;
    let order = new Uint32Array(0);
    let next = 0;
    let epoch = key;
    for (let i = 0; i < updates; i++) {
      signal?.throwIfAborted();
      if (next + size > order.length) {
        const [forOrder, later] = split(epoch);
        order = permutation(wordsOf(forOrder), rows) as Uint32Array<ArrayBuffer>;
        epoch = later;
        next = 0;
      }
      const examples = new Float64Array(size * dimension);
      for (let row = 0; row < size; row++) {
        const from = order[next + row] * dimension;
        examples.set(data.subarray(from, from + dimension), row * dimension);
      }
      next += size;
      const progress = (cycle + i / updates) / cycles;
      const rate = learningRate * 0.5 * (1 + cos(PI * progress));
      const updated = flow.update(state, examples, { learningRate: rate });
      state = updated.state;
      loss += updated.loss / updates;
    }
    return Promise.resolve({ state, loss });
  };
}

/** Options of {@linkcode stopTraining}. */
export interface StopTrainingOptions {
  /** A mean acceptance probability at which the flow is good enough; 0.85 by default. */
  readonly acceptance?: number;
}

/**
 * Ends training when the global moves are accepted often enough.
 *
 * @param options What is enough.
 * @returns The rule.
 */
export function stopTraining({ acceptance = 0.85 }: StopTrainingOptions = {}): TrainingRule {
  return ({ acceptance: all }: FlowProgress) => (all.at(-1) ?? 0) >= acceptance;
}

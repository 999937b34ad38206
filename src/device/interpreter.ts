/**
 * The interpreter as a device: slow, and the reference that the others must equal.
 *
 * @module
 */
import type { Program } from "../tensor/program.ts";
import { foldIn, type Key } from "../tensor/random.ts";
import { stack } from "../tensor/operations.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { applyProgram } from "../tensor/trace.ts";
import type { Device, MapRunner, RunOptions, StepResult, StepRunner } from "./device.ts";
import { words } from "../tensor/tensor.ts";

function step(program: Program, leaves: number, record: readonly number[]): StepRunner {
  return {
    run(
      state: readonly Tensor[],
      shared: readonly Tensor[],
      key: Key,
      { steps, thin, firstStep = 0, signal }: RunOptions,
    ): Promise<StepResult> {
      const chains = state[0].shape[0];
      const results = Array.from({ length: chains }, (_, chain) => {
        const chainKey = foldIn(key, words([chain], []));
        let now: readonly Tensor[] = state.map((leaf) => leaf.at(chain));
        const kept: Tensor[][] = record.map(() => []);
        for (let i = 0; i < steps; i++) {
          signal?.throwIfAborted();
          const stepKey = foldIn(chainKey, words([firstStep + i], []));
          now = applyProgram(program, [...now, ...shared, stepKey]);
          if (thin !== undefined && (i + 1) % thin === 0) {
            record.forEach((leaf, k) => kept[k].push(now[leaf]));
          }
        }
        return { now, draws: kept.map((entries) => entries.length === 0 ? [] : [stack(entries)]) };
      });
      return Promise.resolve({
        state: Array.from({ length: leaves }, (_, i) => stack(results.map(({ now }) => now[i]))),
        draws: thin === undefined
          ? []
          : record.map((_, k) => stack(results.map(({ draws }) => draws[k][0]))),
      });
    },
  };
}

function map(program: Program): MapRunner {
  return {
    run(own: readonly Tensor[], shared: readonly Tensor[]): Promise<readonly Tensor[]> {
      const results = Array.from(
        { length: own[0].shape[0] },
        (_, i) => applyProgram(program, [...own.map((input) => input.at(i)), ...shared]),
      );
      return Promise.resolve(
        program.outputs.map((_, k) => stack(results.map((result) => result[k]))),
      );
    },
  };
}

/** Runs programs one chain and one equation at a time. */
export const interpreterDevice: Device = { name: "interpreter", step, map };

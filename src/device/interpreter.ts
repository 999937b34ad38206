/**
 * The interpreter as a device: slow, and the reference that the others must equal.
 *
 * @module
 */
import { inputTypes, type Program } from "../tensor/program.ts";
import { foldIn, type Key } from "../tensor/random.ts";
import { stack } from "../tensor/operations.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor, words } from "../tensor/tensor.ts";
import { evaluateProgram } from "../tensor/interpreter/interpret.ts";
import type { Precision } from "../tensor/functions/precision.ts";
import { chainsOf, checkRun, checkStep } from "./checks.ts";
import type {
  Device,
  MapOptions,
  MapRunner,
  RunOptions,
  StepResult,
  StepRunner,
} from "./device.ts";
import { pausesOf } from "./pause.ts";

/** A program as a function of concrete tensors. */
function functionOf(
  program: Program,
  precision: Precision,
): (inputs: readonly Tensor[]) => Tensor[] {
  return (inputs) => evaluateProgram(program, inputs, precision).map(fromArray);
}

function step(
  program: Program,
  leaves: number,
  record: readonly number[],
  precision: Precision,
): StepRunner {
  checkStep(program, leaves);
  const types = inputTypes(program).slice(0, -1);
  const once = functionOf(program, precision);
  return {
    async run(
      state: readonly Tensor[],
      shared: readonly Tensor[],
      key: Key,
      options: RunOptions,
    ): Promise<StepResult> {
      checkRun(options);
      const { steps, thin, firstStep = 0, firstChain = 0, signal } = options;
      const chains = chainsOf(types, state, shared);
      const pauses = pausesOf(signal);
      const kept = thin === undefined ? 0 : Math.floor(steps / thin);
      const draws = record.map((leaf) => {
        const { dtype, shape } = types[leaf];
        const size = chains * kept * sizeOf(shape);
        return { dtype, shape: [chains, kept, ...shape], data: allocate(dtype, size) };
      });
      const last: (readonly Tensor[])[] = [];
      for (let chain = 0; chain < chains; chain++) {
        const chainKey = foldIn(key, words([firstChain + chain], []));
        let now: readonly Tensor[] = state.map((leaf) => leaf.at(chain));
        for (let i = 0; i < steps; i++) {
          if (pauses.due()) await pauses.take();
          const stepKey = foldIn(chainKey, words([firstStep + i], []));
          now = once([...now, ...shared, stepKey]);
          if (thin === undefined || (i + 1) % thin !== 0) continue;
          const draw = chain * kept + (i + 1) / thin - 1;
          record.forEach((leaf, k) => draws[k].data.set(now[leaf].data, draw * now[leaf].size));
        }
        last.push(now);
      }
      return {
        state: Array.from({ length: leaves }, (_, i) => stack(last.map((now) => now[i]))),
        draws: draws.map(fromArray),
      };
    },
  };
}

function map(program: Program, precision: Precision): MapRunner {
  const types = inputTypes(program);
  const once = functionOf(program, precision);
  return {
    async run(
      own: readonly Tensor[],
      shared: readonly Tensor[],
      { signal }: MapOptions = {},
    ): Promise<readonly Tensor[]> {
      const points = chainsOf(types, own, shared);
      const pauses = pausesOf(signal);
      const results: Tensor[][] = [];
      for (let i = 0; i < points; i++) {
        if (pauses.due()) await pauses.take();
        results.push(once([...own.map((input) => input.at(i)), ...shared]));
      }
      return program.outputs.map((_, k) => stack(results.map((result) => result[k])));
    },
  };
}

function interpreterDeviceOf(precision: Precision): Device {
  return {
    name: "interpreter",
    precision,
    step: (program, leaves, record) => step(program, leaves, record, precision),
    map: (program) => map(program, precision),
    hold: () => ({ release: () => {} }),
  };
}

/** Runs programs one chain and one equation at a time. */
export const interpreterDevice: Device = interpreterDeviceOf("f64");

/** The same in single precision. */
export const interpreterSingleDevice: Device = interpreterDeviceOf("f32");

import assert from "node:assert/strict";
import { chooseDevice } from "../../../src/device/choose.ts";
import type { Device, StepResult } from "../../../src/device/device.ts";
import { UnsupportedProgram } from "../../../src/compile/wgsl/shader.ts";
import type { Primitive, ValueType } from "../../../src/tensor/program.ts";
import { key } from "../../../src/tensor/random.ts";
import { fromArray, type Tensor } from "../../../src/tensor/tensor.ts";
import { fastCheck as fc } from "../../deps.ts";
import { exactDevice, ON_GPU } from "../../device/webgpu_adapter.ts";
import { assertSameBits } from "../../tensor/bits.ts";
import { randomCase } from "../random_case.ts";

/** Each program is compiled by a driver, which takes a tenth of a second: fewer of them than for WebAssembly. */
const MORE_RUNS = Deno.env.get("TRIBUTARY_RANDOM_PROGRAMS");
const SEARCH = {
  seed: Number(Deno.env.get("TRIBUTARY_RANDOM_PROGRAMS_SEED") ?? 1),
  numRuns: Number(MORE_RUNS ?? 60),
  endOnFailure: MORE_RUNS === undefined,
};

const KEY: ValueType = { dtype: "u32", shape: [2] };
/** Up to two workgroups. */
const CHAINS = 100;

const numbers = fc.array(fc.nat({ max: 2 ** 30 }), { minLength: 20, maxLength: 400, size: "max" });
const interpreter = chooseDevice("interpreter", { precision: "f32" });

/** Floats as a device in single precision has them. */
function rounded(value: Tensor): Tensor {
  if (value.dtype !== "f64") return value;
  const { dtype, shape, data } = value;
  return fromArray({ dtype, shape, data: Float64Array.from(data, Math.fround) });
}

/** What a program gives on a GPU; nothing if it calls the host, which the text says. */
async function onGpu<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UnsupportedProgram) return undefined;
    throw error;
  }
}

Deno.test({
  name: "functions printed exactly as WGSL give the interpreter's bits on random programs",
  ...ON_GPU,
  async fn() {
    const seen = new Set<Primitive>();
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(numbers, async (numbers) => {
        const { program, own, shared } = randomCase(
          numbers,
          [],
          ({ pool }, _, decisions) => pool.slice(-2 - decisions.below(4)),
          (primitive) => seen.add(primitive),
          CHAINS,
        );
        const inputs = [own.map(rounded), shared.map(rounded)] as const;
        const actual = await onGpu(() => exactDevice.map(program, own.length).run(...inputs));
        if (actual === undefined) return;
        compared++;
        const expected = await interpreter.map(program, own.length).run(...inputs);
        expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
      }),
      SEARCH,
    );
    assert.ok(compared >= SEARCH.numRuns / 2, `only ${compared} programs ran`);
    assert.ok(seen.size > 50, `only ${seen.size} primitives`);
  },
});

Deno.test({
  name: "steps printed exactly as WGSL give the interpreter's bits on random steps",
  ...ON_GPU,
  async fn() {
    await fc.assert(
      fc.asyncProperty(numbers, fc.integer({ min: 1, max: 4 }), async (numbers, thin) => {
        const { program, own, shared } = randomCase(
          numbers,
          [KEY],
          (program, state) => state.map((type) => program.nextOf(type)),
          undefined,
          CHAINS,
        );
        const all = own.map((_, leaf) => leaf);
        const inputs = [own.map(rounded), shared.map(rounded)] as const;
        const run = (device: Device): Promise<StepResult> =>
          device.step(program, own.length, all)
            .run(...inputs, key(5), { steps: 9, firstStep: 2, firstChain: 3, thin });
        const actual = await onGpu(() => run(exactDevice));
        if (actual === undefined) return;
        const expected = await run(interpreter);
        expected.state.forEach((leaf, i) => assertSameBits(actual.state[i], leaf, `leaf ${i}`));
        expected.draws.forEach((leaf, i) => assertSameBits(actual.draws[i], leaf, `draws ${i}`));
      }),
      { ...SEARCH, numRuns: Math.ceil(SEARCH.numRuns / 2) },
    );
  },
});

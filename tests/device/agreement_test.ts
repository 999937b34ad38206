import assert from "node:assert/strict";
import { chooseDevice } from "../../src/device/choose.ts";
import type { Device } from "../../src/device/device.ts";
import { PRECISIONS } from "../../src/tensor/functions/precision.ts";
import { ensembleRun, mapChains } from "../../src/kernels/ensemble.ts";
import { hmc } from "../../src/kernels/hmc.ts";
import type { ChainState, Kernel } from "../../src/kernels/kernel.ts";
import { mala } from "../../src/kernels/mala.ts";
import { rwm } from "../../src/kernels/rwm.ts";
import { density } from "../../src/target/density.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { leaves, type Tree } from "../../src/tensor/tree.ts";
import { assertSameBits } from "../tensor/bits.ts";
import {
  dualMoon,
  eightSchools,
  gaussian,
  logistic,
  rosenbrock,
  type TestDensity,
} from "../targets/mod.ts";

async function run(
  device: Device,
  { dimension, logDensity }: TestDensity,
  kernel: Kernel<ChainState & Tree>,
  steps: number,
): Promise<Map<string, Tensor>> {
  const target = density(dimension, logDensity);
  // Nineteen chains: full groups of 8 or 16, and one with missing places.
  const position = normal(key(3), [19, dimension]).mul(0.5);
  const start = mapChains(
    ({ position }: { readonly position: Tensor }) => kernel.init(target)(position),
    { device },
  );
  const advance = ensembleRun(
    (
      state: ChainState & Tree,
      shared: { readonly stepSize: Tensor; readonly inverseMass: Tensor },
      k,
    ) => kernel.step(target, shared)(state, k),
    device,
    ["position", "logDensity", "acceptance"],
  );
  const first = await start({ position });
  const inverseMass = tensor(
    Float64Array.from({ length: dimension }, (_, i) => 0.5 + i / dimension),
  );
  const { state, draws } = await advance(first, { stepSize: tensor(0.11), inverseMass }, key(9), {
    steps,
    thin: 3,
    firstStep: 5,
  });
  return new Map([
    ...leaves(first).map(({ name, value }) => [`first ${name}`, value] as const),
    ...leaves(state).map(({ name, value }) => [`last ${name}`, value] as const),
    ...Object.entries(draws).map(([name, value]) => [`draws of ${name}`, value] as const),
  ]);
}

const CASES: readonly (readonly [TestDensity, number])[] = [
  [dualMoon, 10],
  [rosenbrock, 10],
  [eightSchools, 10],
  [gaussian(2), 10],
  // Beyond what is written out: loops over memory.
  [gaussian(100), 4],
  [logistic(70, 5), 4],
];

for (const [target, steps] of CASES) {
  for (const kernel of [rwm(), mala(), hmc({ leapfrogSteps: 4 })]) {
    for (const precision of PRECISIONS) {
      Deno.test(`${precision} ${kernel.name} on ${target.name}: WebAssembly gives the interpreter's bits`, async () => {
        const anyKernel = kernel as unknown as Kernel<ChainState & Tree>;
        const [expected, actual] = [
          await run(chooseDevice("interpreter", { precision }), target, anyKernel, steps),
          await run(chooseDevice("wasm", { precision }), target, anyKernel, steps),
        ];
        assert.ok(expected.size >= 9);
        for (const [name, value] of expected) {
          assertSameBits(actual.get(name) as Tensor, value, name);
          if (precision === "f32") value.data.forEach((x) => assert.equal(x, Math.fround(x)));
        }
        // A comparison of chains that never moved would prove little.
        const moved = expected.get("last position") as Tensor;
        const started = expected.get("first position") as Tensor;
        assert.ok(moved.data.some((value, i) => value !== started.data[i]));
      });
    }
  }
}

import assert from "node:assert/strict";
import {
  type ChainState,
  density,
  type DeviceName,
  type KernelParameters,
  key,
  mala,
  normal,
  ones,
  rwm,
  startChains,
  type Target,
  type Tensor,
  tensor,
  type Tree,
  uniform,
  vectorize,
  where,
  zeros,
} from "../../mod.ts";
import { chooseDevice } from "../../src/device/choose.ts";
import { ensembleRun } from "../../src/kernels/ensemble.ts";
import { leaves } from "../../src/tensor/tree.ts";
import { dualMoon, eightSchools, logistic, rosenbrock } from "../targets/mod.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { type AnyKernel, KERNELS } from "./kernels.ts";

const gaussian = density(2, (x) => x.sub([1, 2]).square().sum().mul(-0.5));

interface Run {
  readonly kernel: AnyKernel;
  readonly position: Tensor;
  readonly parameters: KernelParameters;
  readonly steps: number;
  readonly device?: DeviceName;
}

/** Runs a kernel's own steps. */
async function run(
  target: Target,
  { kernel, position, parameters, steps, device = "auto" }: Run,
): Promise<ChainState & Tree> {
  const state = await startChains(target, kernel, { device })(position);
  return await vectorize(kernel.step(target, parameters), { device })(state, key(1), { steps });
}

for (const [name, kernel] of KERNELS) {
  for (
    const { name: what, dimension, logDensity } of [
      dualMoon,
      rosenbrock,
      eightSchools,
      logistic(70, 5),
    ]
  ) {
    Deno.test(`${name} keeps log density and gradient to the bit on ${what}`, async () => {
      const target = density(dimension, logDensity);
      for (const [device, steps] of [["wasm", 200], ["interpreter", 3]] as const) {
        const position = normal(key(0), [9, dimension]).mul(0.3);
        const parameters = { stepSize: 0.07, inverseMass: ones([dimension]).mul(1.3) };
        const state = await run(target, { kernel, position, parameters, steps, device });
        const fresh = await startChains(target, kernel, { device })(state.position);
        assert.ok(state.position.data.some((x, i) => x !== position.data[i]));
        for (const [i, { name: leaf, value }] of leaves(state).entries()) {
          const ofChain = leaf === "acceptance" || kernel.kept?.includes(leaf);
          if (!ofChain) assertSameBits(value, leaves(fresh)[i].value, leaf);
        }
      }
    });
  }

  Deno.test(`${name} with a metric does what it does without on scaled coordinates`, async () => {
    const variance = [0.5, 4];
    const sd = variance.map(Math.sqrt);
    const curved = (x: Tensor): Tensor =>
      x.at(0).square().mul(-0.5).sub(x.at(1).sub(x.at(0).square()).square().mul(0.2));
    const start = normal(key(0), [40, 2]);
    const steps = 5;
    const withMetric = await run(density(2, curved), {
      kernel,
      position: start.mul(sd),
      parameters: { stepSize: 0.3, inverseMass: variance },
      steps,
    });
    const scaled = await run(density(2, (z) => curved(z.mul(sd))), {
      kernel,
      position: start,
      parameters: { stepSize: 0.3 },
      steps,
    });
    const off = withMetric.position.sub(scaled.position.mul(sd)).abs().max().item();
    assert.ok(off < 1e-9, String(off));
  });

  Deno.test(`${name} takes parameters in every form alike`, async () => {
    const position = normal(key(0), [9, 2]);
    const results: Tensor[] = [];
    for (
      const parameters of [
        { stepSize: 0.4 },
        { stepSize: tensor(0.4), inverseMass: 1 },
        { stepSize: 0.4, inverseMass: [1, 1] },
        { stepSize: 0.4, inverseMass: ones([2]) },
      ]
    ) results.push((await run(gaussian, { kernel, position, parameters, steps: 7 })).position);
    // As values that the compiled step is given, as adaptation does.
    const state = await startChains(gaussian, kernel)(position);
    const given = ensembleRun(
      (
        state: ChainState & Tree,
        shared: { readonly stepSize: Tensor; readonly inverseMass: Tensor },
        key,
      ) => kernel.step(gaussian, shared)(state, key),
      chooseDevice(),
    );
    const shared = { stepSize: tensor(0.4), inverseMass: ones([2]) };
    results.push((await given(state, shared, key(1), { steps: 7 })).state.position);
    for (const result of results) assertSameBits(result, results[0], "position");
    const longer = await run(gaussian, {
      kernel,
      position,
      parameters: { stepSize: 0.5 },
      steps: 7,
    });
    assert.notDeepEqual(longer.position.data, results[0].data);
  });

  // One coordinate is enough, but for a velocity of unit length.
  const dimension = name === "mams()" ? 2 : 1;
  const beside = (at: Tensor): Tensor => at.slice(1).square().sum().mul(-0.5);

  Deno.test(`${name} never goes where there is no density`, async () => {
    const inside = uniform(key(0), [200, dimension]).add(0.1);
    // NaN, −∞ or +∞ for x < 0, or a gradient that is NaN there.
    const x = (at: Tensor): Tensor => at.at(0);
    const half = {
      NaN: (at: Tensor) => x(at).log().sub(x(at)),
      "-Infinity": (at: Tensor) => where(x(at).greater(0), x(at).neg(), -Infinity),
      Infinity: (at: Tensor) => where(x(at).greater(0), x(at).neg(), Infinity),
      "NaN gradient": (at: Tensor) => x(at).abs().sqrt().sub(x(at).sqrt().mul(0)).neg(),
    };
    for (const [what, logDensity] of Object.entries(half)) {
      const target = density(dimension, (at) => logDensity(at).add(beside(at)));
      const parameters = { stepSize: 0.5 };
      const state = await run(target, { kernel, position: inside, parameters, steps: 30 });
      const moved = state.position.data.filter((value, i) => value !== inside.data[i]).length;
      const first = state.position.slice(0, 1, { axis: 1 }).data;
      assert.ok(first.every((value) => value > 0), what);
      assert.ok(state.logDensity.data.every(Number.isFinite), what);
      assert.ok(state.acceptance.data.every((p) => p >= 0 && p <= 1), what);
      assert.ok(state.acceptance.data.includes(0), what);
      assert.ok(moved > 100, `${what}: ${moved} moved`);
    }
  });

  Deno.test(`${name} leaves a place of no density`, async () => {
    const target = density(
      dimension,
      (at) => where(at.at(0).greater(0), at.at(0).neg(), -Infinity).add(beside(at)),
    );
    const position = ones([100, dimension]).mul(-0.1);
    const state = await run(target, {
      kernel,
      position,
      parameters: { stepSize: 0.5 },
      steps: 100,
    });
    assert.ok(state.position.slice(0, 1, { axis: 1 }).data.every((value) => value > 0));
  });

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ["no parameters", {}, /^TypeError: Cannot step without a step size: .*\{ stepSize: 0\.1 \}/],
    ["a step size of 0", { stepSize: 0 }, /^RangeError: .*`stepSize` 0: expected positive/],
    ["a negative step size", { stepSize: -0.1 }, /^RangeError: .*`stepSize` -0\.1: expected/],
    ["a step size that is NaN", { stepSize: NaN }, /^RangeError: .*`stepSize` NaN: expected/],
    ["step sizes", { stepSize: [1, 2] }, /^TypeError: .*`stepSize` f64\[2\]: expected f64\[\]$/],
    [
      "a metric of another dimension",
      { stepSize: 1, inverseMass: [1, 1, 1] },
      /^TypeError: .*`inverseMass` f64\[3\]: expected f64\[\] or f64\[2\]$/,
    ],
    [
      "a dense metric",
      { stepSize: 1, inverseMass: [[1, 0], [0, 1]] },
      /^TypeError: .*`inverseMass` f64\[2, 2\]: expected f64\[\] or f64\[2\]$/,
    ],
    [
      "a negative variance",
      { stepSize: 1, inverseMass: [1, -2] },
      /^RangeError: .*`inverseMass` -2: expected positive numbers$/,
    ],
  ];
  for (const [what, parameters, message] of refused) {
    Deno.test(`${name} refuses ${what}`, () => {
      assert.throws(() => kernel.step(gaussian, parameters as KernelParameters), message);
    });
  }

  Deno.test(`${name} refuses a state of another target`, async () => {
    const line = density(3, (x) => x.square().sum().neg());
    const state = await startChains(line, kernel)(zeros([4, 3]));
    await assert.rejects(
      vectorize(kernel.step(gaussian, { stepSize: 1 }))(state, key(0)),
      /^TypeError: .*at a position f64\[3\]: the target has 2 coordinates, f64\[2\]$/,
    );
  });
}

Deno.test("mala() and rwm() refuse options, which they do not have", () => {
  for (const [make, name] of [[mala, "MALA"], [rwm, "RWM"]] as const) {
    const refuse = (given: unknown, message: RegExp): void =>
      assert.throws(() => (make as (options: unknown) => unknown)(given), {
        name: "TypeError",
        message,
      });
    refuse(
      { stepSize: 1 },
      new RegExp(`^Cannot make ${name} with \\(an object\\): it has no options; `),
    );
    refuse(
      3,
      /with \(3\): it has no options; the step size goes to its step, as in (mala|rwm)\(\)\./,
    );
    assert.equal(make().name, name.toLowerCase());
  }
});

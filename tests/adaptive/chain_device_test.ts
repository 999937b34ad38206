import assert from "node:assert/strict";
import { dualMoon } from "../../examples/dual_moon.ts";
import { eightSchools } from "../../examples/eight_schools.ts";
import { density, key, normal, planFor, sample, type Target } from "../../mod.ts";
import { chainDeviceFor } from "../../src/adaptive/chain_device.ts";
import { chooseDevice } from "../../src/device/choose.ts";
import { canFallBack } from "../../src/device/fallback.ts";
import { assertSameBits } from "../tensor/bits.ts";

const SOFTWARE = { info: { description: "SwiftShader" }, limits: {} };

/** How often an adapter is asked for while this runs; there is a software one, or what is given. */
async function asked(
  work: () => Promise<unknown>,
  adapter: object | null = SOFTWARE,
): Promise<number> {
  const before = Object.getOwnPropertyDescriptor(navigator, "gpu");
  let count = 0;
  const requestAdapter = (): Promise<unknown> => {
    count++;
    return Promise.resolve(adapter);
  };
  Object.defineProperty(navigator, "gpu", { value: { requestAdapter }, configurable: true });
  try {
    await work();
  } finally {
    if (before === undefined) Reflect.deleteProperty(navigator, "gpu");
    else Object.defineProperty(navigator, "gpu", before);
  }
  return count;
}

/** A target of so much work that a GPU would pay; it is never run. */
const heavy = density(20, (x) => {
  const rows = normal(key(1), [2000, 20]);
  return rows.dot(x).softplus().sum().neg();
});
const MANY = { target: heavy as Target, chains: 20_000, workers: 2 };

Deno.test('small runs by "auto" ask for no adapter, and have the bits of the default', async () => {
  for (const target of [dualMoon, eightSchools] as Target[]) {
    const options = { stop: { maxDraws: 20 }, workers: 1 } as const;
    const expected = await sample(target, key(1), options);
    const count = await asked(async () => {
      const run = await sample(target, key(1), { ...options, device: "auto" });
      assert.deepEqual(run.draws, expected.draws);
      assert.deepEqual([run.device.name, run.device.fallbacks], ["wasm", []]);
    });
    assert.equal(count, 0);
  }
});

Deno.test("the default asks for no adapter, however much there is to do", () => {
  for (const device of [undefined, "wasm"] as const) {
    const chosen = chainDeviceFor({ ...device && { device } }, MANY);
    assert.deepEqual([chosen.name, chosen.precision, canFallBack(chosen)], ["wasm", "f64", false]);
  }
  const plan = planFor(heavy, { chains: 20_000 });
  assert.deepEqual([plan.chainDevice?.name, plan.chainDevice?.precision], ["wasm", "f64"]);
});

Deno.test('much work by "auto" asks for an adapter when it begins, and takes no software one', async () => {
  const { position, double } = {
    position: normal(key(2), [3, 20]),
    double: chooseDevice("wasm", { workers: 1 }),
  };
  const count = await asked(async () => {
    const chosen = chainDeviceFor({ device: "auto", workers: 1 }, MANY);
    assert.equal(chosen.name, "webgpu");
    assert.ok(canFallBack(chosen));
    const evaluate = chosen.map(heavy.value, 1);
    for (let time = 0; time < 2; time++) {
      const [found] = await evaluate.run([position], []);
      assertSameBits(found, (await double.map(heavy.value, 1).run([position], []))[0], "densities");
    }
    assert.deepEqual(chosen.fallbacks, [{
      from: "webgpu",
      to: "wasm",
      kind: "unavailable",
      reason: "its adapter is software (SwiftShader)",
    }]);
  });
  assert.equal(count, 1);
});

Deno.test('"auto" takes no GPU for what was asked for in double precision, and "webgpu" takes any', async () => {
  const count = await asked(() => {
    const chosen = chainDeviceFor({ device: "auto", precision: "f64" }, MANY);
    assert.deepEqual([chosen.name, chosen.precision], ["wasm", "f64"]);
    const named = chainDeviceFor({ device: "webgpu" }, { ...MANY, chains: 1 });
    assert.deepEqual([named.name, named.precision], ["webgpu", "f32"]);
    return Promise.resolve();
  });
  assert.equal(count, 0);
});

Deno.test('"auto" is "wasm" for steps by themselves', () => {
  for (const precision of ["f64", "f32"] as const) {
    const device = chooseDevice("auto", { precision });
    assert.deepEqual([device.name, device.precision], ["wasm", precision]);
  }
});

Deno.test('a run by "webgpu" where there is no adapter has the bits of the default, and says so', async () => {
  const options = { chains: 16, workers: 1, stop: { maxDraws: 20 } } as const;
  const expected = await sample(dualMoon, key(1), options);
  const count = await asked(async () => {
    const run = await sample(dualMoon, key(1), { ...options, device: "webgpu" });
    assert.deepEqual(run.draws, expected.draws);
    assert.deepEqual(run.device, {
      name: "wasm",
      precision: "f64",
      fallbacks: [{
        from: "webgpu",
        to: "wasm",
        kind: "unavailable",
        reason: "WebGPU has no adapter here",
      }],
      rounding: undefined,
    });
    assert.deepEqual(run.warnings, [
      ...expected.warnings,
      'The chains moved on the device "wasm" in place of "webgpu": WebGPU has no adapter here. ' +
      'Draws are none the worse for it; `device: "auto"` takes a GPU only where there is one.',
    ]);
  }, null);
  assert.equal(count, 1);
});

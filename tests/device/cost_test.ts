import assert from "node:assert/strict";
import { dualMoon } from "../../examples/dual_moon.ts";
import { eightSchools } from "../../examples/eight_schools.ts";
import { expectedMilliseconds, gpuPays, type RunCost } from "../../src/device/cost.ts";
import { hostDensity, type Target } from "../../mod.ts";
import { workOf } from "../../src/tensor/work.ts";

const LARGE: RunCost = { gradient: 1e6, density: 5e5, chains: 10_000, workers: 2 };

function costOf(
  { value, valueAndGradient }: Target,
  chains: number,
  workers: number,
): RunCost {
  return { gradient: workOf(valueAndGradient ?? value), density: workOf(value), chains, workers };
}

Deno.test("small runs never take a GPU, however few cores there are", () => {
  for (const target of [dualMoon, eightSchools]) {
    for (const chains of [1, 100, 1000]) assert.ok(!gpuPays(costOf(target as Target, chains, 1)));
  }
});

Deno.test("much work of many chains takes one, and the more cores there are the more work it needs", () => {
  assert.ok(gpuPays(LARGE));
  // However much there is to do, few chains leave a GPU idle.
  for (const chains of [1, 10, 100]) {
    assert.ok(!gpuPays({ ...LARGE, gradient: 1e9, density: 1e6, chains }));
  }
  assert.ok(!gpuPays({ ...LARGE, gradient: 1e3, density: 500, chains: 100 }));
  const least = (workers: number): number => {
    let gradient = 1;
    while (!gpuPays({ ...LARGE, gradient, density: gradient / 2, workers })) {
      gradient *= 1.1;
      // The densities of draws are computed by WebAssembly whatever moves the chains.
      if (gradient > 1e12) return Infinity;
    }
    return gradient;
  };
  const needed = [1, 2, 4, 6].map(least);
  needed.forEach((work, i) => assert.ok(i === 0 || work > needed[i - 1], `${needed}`));
});

Deno.test("a GPU has to be faster by more than estimates are wrong", () => {
  const gains: number[] = [];
  for (let gradient = 1e3; gradient < 1e7; gradient *= 1.2) {
    const cost = { ...LARGE, gradient, density: gradient / 10 };
    const { wasm, webgpu } = expectedMilliseconds(cost);
    gains.push(wasm / webgpu);
    assert.equal(gpuPays(cost), wasm > 2 * webgpu);
    // More chains cost a GPU nothing until it is full, and WebAssembly as much each.
    const more = expectedMilliseconds({ ...cost, chains: 2 * cost.chains });
    assert.ok(Math.abs(more.wasm / wasm - 2) < 1e-9 && more.webgpu <= 2 * webgpu);
  }
  assert.ok(gains.some((gain) => gain > 1.1 && gain < 1.9) && gains.some((gain) => gain > 2.1));
});

Deno.test("a density that calls JavaScript never takes a GPU", () => {
  assert.ok(!gpuPays(costOf(hostDensity(2, ([x, y]) => -x * x - y * y) as Target, 1e6, 1)));
});

import assert from "node:assert/strict";
import type { EnsembleScale } from "../../src/adaptive/ensemble_scale.ts";
import { climbs, hasDrifted, windowScale } from "../../src/adaptive/drift.ts";
import { density, key, normal, sample, tensor } from "../../mod.ts";

Deno.test("independent windows do not drift, windows at different places or scales do", () => {
  const window = (seed: number) => normal(key(seed), [100, 20, 3]);
  let alarms = 0;
  for (let seed = 0; seed < 20; seed++) {
    if (
      hasDrifted(windowScale(window(2 * seed)), windowScale(window(2 * seed + 1)), { chains: 100 })
    ) alarms++;
  }
  // Twenty draws of each chain make a window far more precise than the one draw that is counted.
  assert.equal(alarms, 0);
  const before = windowScale(window(100));
  assert.ok(hasDrifted(before, windowScale(window(101).add([0, 0.6, 0])), { chains: 100 }));
  assert.ok(hasDrifted(before, windowScale(window(101).mul([1, 1, 0.5])), { chains: 100 }));
  assert.ok(!hasDrifted(undefined, before, { chains: 100 }));
});

Deno.test("the warm-up is longer for chains that start far out in a narrow valley that bends", async () => {
  const windowsOf = async (target: ReturnType<typeof density>): Promise<number> => {
    let windows = 0;
    await sample(target, key(1), {
      flow: "none",
      stop: { maxDraws: 20 },
      onProgress: ({ phase }) => windows += phase === "warmup" ? 1 : 0,
    });
    return windows;
  };
  const easy = density(2, (x) => x.square().sum().mul(-0.5));
  // Sixty widths of the valley's length away, along a parabola that no metric straightens.
  const valley = density(2, (x) => {
    const bend = x.at(1).sub(x.at(0).square().div(20));
    return x.at(0).sub(60).square().mul(-0.5).sub(bend.square().mul(250));
  });
  // Two of settling, the second of which shows that nothing drifts, and three of the local kernel.
  assert.equal(await windowsOf(easy), 5);
  assert.ok(await windowsOf(valley) > 5);
});

Deno.test("chains whose log densities are far apart are on their way, draws and a few of them are not", () => {
  for (const d of [1, 10, 100]) {
    const position = normal(key(d), [100, d]);
    const logDensity = position.square().sum(1).mul(-0.5);
    assert.ok(!climbs({ position, logDensity }));
    assert.ok(climbs({ position, logDensity: logDensity.mul(1000) }));
    const few = Float64Array.from(logDensity.data);
    few.fill(-1e9, 0, 10);
    assert.ok(!climbs({ position, logDensity: tensor(few) }));
  }
});

Deno.test("an angle that crosses the cut has not drifted", () => {
  const at = (median: number): EnsembleScale => ({
    median: Float64Array.of(median),
    variance: Float64Array.of(0.1),
  });
  const how = { chains: 100, periodic: [true] };
  assert.ok(!hasDrifted(at(3.13), at(-3.13), how));
  assert.ok(hasDrifted(at(3.13), at(-3.13), { chains: 100 }));
  assert.ok(hasDrifted(at(3.13), at(-2.5), how));
});

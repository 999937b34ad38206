import assert from "node:assert/strict";
import type { EnsembleScale } from "../../src/adaptive/ensemble_scale.ts";
import { hasDrifted, windowScale } from "../../src/adaptive/drift.ts";
import { density, key, normal, sample } from "../../mod.ts";

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

Deno.test("the warm-up is longer for chains that start far out on a narrow ridge", async () => {
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
  // A correlation of 0.9999, and the centre a hundred widths of the ridge's length away.
  const ridge = density(2, (x) => {
    const [along, across] = [x.at(0).add(x.at(1)).sub(400), x.at(0).sub(x.at(1))];
    return along.square().mul(0.05).add(across.square().mul(500)).mul(-0.5);
  });
  assert.equal(await windowsOf(easy), 4);
  assert.ok(await windowsOf(ridge) > 4);
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

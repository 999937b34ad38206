/** The library in a page that moves chains by WebGPU, or would if it could. */
import assert from "node:assert/strict";
import type { SampleResult } from "../../mod.ts";
import golden from "../golden/dual_moon.json" with { type: "json" };
import { requirement } from "../requirement.ts";
import { drawsOf, zScore } from "../statistics/measure.ts";
import { bundle, chromium, runInPage } from "./chromium.ts";

interface Page {
  readonly name: string;
  readonly graphics: readonly string[];
  readonly device: "webgpu" | "wasm";
  readonly precision: "f32" | "f64";
  /** Kinds of what was given up. */
  readonly given: readonly string[];
  readonly warnings: readonly RegExp[];
}

const PAGES: readonly Page[] = [
  {
    name: "SwiftShader",
    graphics: ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
    device: "webgpu",
    precision: "f32",
    given: [],
    warnings: [],
  },
  {
    name: "no adapter",
    graphics: ["--disable-gpu", "--disable-software-rasterizer"],
    device: "wasm",
    precision: "f64",
    given: ["unavailable"],
    warnings: [/^The chains moved on the device "wasm" in place of "webgpu": /],
  },
];

for (const { name, graphics, ...expected } of PAGES) {
  Deno.test({
    name: `a page with ${name} samples dual moon right by the device "webgpu"`,
    ...requirement("chromium", chromium !== undefined),
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await bundle(new URL("./gpu_page.ts", import.meta.url), `${folder}/page.js`);
        const script = await Deno.readTextFile(`${folder}/page.js`);
        const how = { policy: "script-src 'self' 'wasm-unsafe-eval'", isolated: false, graphics };
        const found = await runInPage(chromium as string, script, how, `${folder}/profile`);
        assert.doesNotMatch(found, /^error/);
        const { draws, device, warnings, logEvidence } = JSON.parse(found) as
          & Pick<SampleResult<unknown>, "device" | "warnings" | "logEvidence">
          & { readonly draws: { readonly data: number[]; readonly shape: number[] } };
        assert.deepEqual([device.name, device.precision], [expected.device, expected.precision]);
        assert.deepEqual(device.fallbacks.map(({ kind }) => kind), expected.given);
        assert.equal(warnings.length, expected.warnings.length);
        warnings.forEach((text, i) => assert.match(text, expected.warnings[i]));
        const x = { data: Float64Array.from(draws.data), shape: draws.shape };
        const whole = x.data.every((each) => each === Math.fround(each));
        assert.equal(whole, device.precision === "f32");
        // Each |z| < 5 has a false-alarm rate of 6e-7: 5 moments, 4 weights and log Z, 6e-6 in all.
        const moments = golden.meanSquare.map((truth, i) =>
          zScore(drawsOf(x, (point) => point[i] * point[i]), truth)
        );
        const weights = golden.modes.map(({ signs: [a, b], weight }) =>
          zScore(drawsOf(x, (point) => Number(a * point[0] > 0 && b * point[1] > 0)), weight)
        );
        assert.ok(logEvidence !== undefined);
        const z = (logEvidence.estimate - golden.logEvidence) / logEvidence.standardError;
        for (const score of [...moments, ...weights, z]) {
          assert.ok(Math.abs(score) < 5, `z = ${score}`);
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

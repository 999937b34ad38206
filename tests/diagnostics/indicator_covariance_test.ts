import assert from "node:assert/strict";
import { covariance } from "../../src/diagnostics/autocovariance.ts";
import { indicatorCovariance } from "../../src/diagnostics/indicator_covariance.ts";
import { memory } from "../../src/diagnostics/memory.ts";
import { replications, uniforms } from "./series.ts";

Deno.test("indicatorCovariance() is the covariance of zeros and ones, whichever are counted", () => {
  const room = memory();
  const shapes = [[1, 2], [2, 7], [3, 40], [4, 125], [1, 300]];
  for (const [chains, draws] of shapes) {
    for (const share of [0, 0.05, 0.3, 0.5, 1]) {
      const [key] = replications(100 * draws + chains, 1);
      const values = uniforms(key, chains * draws).map((x) => Number(x < share));
      const places = (wanted: number) =>
        Uint32Array.from(Array.from(values.keys()).filter((i) => values[i] === wanted));
      const expected = covariance({ values, chains, draws });
      for (const ones of [places(1), places(0).reverse()]) {
        const { at, between } = indicatorCovariance({ chains, draws, ones }, room);
        assert.ok(Math.abs(between - expected.between) < 1e-14);
        for (let lag = 0; lag < draws; lag++) {
          assert.ok(Math.abs(at(lag) - expected.at(lag)) < 1e-14, `${draws} draws, lag ${lag}`);
        }
      }
    }
  }
});

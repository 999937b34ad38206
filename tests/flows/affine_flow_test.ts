import assert from "node:assert/strict";
import { affineFlow, type AffineFlowOptions } from "../../src/flows/affine_flow.ts";
import { perturbed } from "./reference.ts";
import { normals } from "../diagnostics/series.ts";

Deno.test("a first affine flow is the identity", async () => {
  const flow = affineFlow({ components: false });
  const points = normals([1, 1], 60);
  const { value, logDeterminant } = await flow.forward(flow.init(3, [1, 2]), points);
  assert.deepEqual(value, points);
  assert.ok(logDeterminant.every((each) => each === 0));
});

Deno.test("one affine layer shifts and scales one half by functions of the other, by at most e²", async () => {
  const flow = affineFlow({ layers: 1, components: false });
  const state = perturbed(flow.init(2, [1, 2]), [1, 3], 3);
  const moved = state.masks[0].indexOf(true);
  const rows = [[0.3, 0], [0.3, 1], [0.3, -2], [-1.7, 0], [-1.7, 1]];
  const points = rows.map(([given, x]) => moved === 1 ? [given, x] : [x, given]).flat();
  const { value, logDeterminant } = await flow.forward(state, Float64Array.from(points));
  const y = rows.map((_, i) => value[2 * i + moved]);
  rows.forEach(([given], i) => assert.equal(value[2 * i + 1 - moved], given));
  // y = x eˢ + t, the same s and t for the same given number.
  const scale = y[1] - y[0];
  assert.ok(Math.abs(Math.log(scale) - logDeterminant[0]) < 1e-12);
  assert.ok(Math.abs(y[2] - (y[0] - 2 * scale)) < 1e-12);
  assert.ok(Math.abs(Math.log(y[4] - y[3]) - logDeterminant[3]) < 1e-12);
  assert.notEqual(logDeterminant[0], logDeterminant[3]);
  // Weights of any size leave it bounded.
  const wild = perturbed(state, [1, 4], 100);
  const far = await flow.forward(wild, normals([1, 5], 200));
  assert.ok(far.logDeterminant.every((each) => Math.abs(each) <= 2));
  assert.ok(far.logDeterminant.some((each) => Math.abs(each) > 1.9));
});

Deno.test("affineFlow() refuses what makes no sense", () => {
  const refused: [unknown, RegExp][] = [
    [{ layers: 0 }, /^RangeError: Cannot make an affine flow with `layers` 0/],
    [{ bins: 3 }, /^TypeError: .*unknown option `bins`/],
    [{ degrees: -1 }, /^RangeError: .*`degrees` -1/],
  ];
  for (const [options, message] of refused) {
    assert.throws(() => affineFlow(options as AffineFlowOptions), message);
  }
});

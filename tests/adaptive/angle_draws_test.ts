import assert from "node:assert/strict";
import { aroundMeans, asDirections } from "../../src/adaptive/angle_draws.ts";
import { convergence } from "../../mod.ts";
import { normals } from "../diagnostics/series.ts";

const N = 400;
/** Four chains of angles around a centre, and a plain number. */
const around = (center: number) => {
  const z = normals([1, 2], 4 * N);
  const wrap = (x: number): number => x - 2 * Math.PI * Math.round(x / (2 * Math.PI));
  return {
    phase: { data: z.map((each) => wrap(center + 0.3 * each)), shape: [4, N] },
    x: { data: normals([1, 3], 4 * N), shape: [4, N] },
  };
};
const parameters = [{ name: "phase", shape: [], periodic: [true] }, { name: "x", shape: [] }];

Deno.test("how far angles have converged does not depend on where the circle is cut", () => {
  const worst = (center: number): number[] => {
    const [inner, outer] = ["phase", "sin phase"].map((name) =>
      convergence(asDirections(around(center), parameters)[name])[0]
    );
    return [Math.max(inner.rHat, outer.rHat), inner.effectiveSampleSize, outer.effectiveSampleSize];
  };
  // A quarter turn changes cosine and sine for each other.
  const [a, b] = [worst(0), worst(Math.PI)];
  assert.ok(Math.abs(a[0] - b[0]) < 1e-3);
  a.slice(1).forEach((each, i) => assert.ok(Math.abs(each / b[i + 1] - 1) < 1e-3));
  assert.deepEqual(asDirections(around(1), parameters)["x"], around(1).x);
});

Deno.test("chains on opposite sides have not converged, nor do those that differ in the sine alone", () => {
  const { phase } = around(0);
  const apart = phase.data.map((each, i) => i < 2 * N ? each + Math.PI / 2 : each - Math.PI / 2);
  const draws = asDirections({ phase: { data: apart, shape: [4, N] } }, [parameters[0]]);
  assert.ok(convergence(draws["sin phase"])[0].rHat > 1.5);
});

Deno.test("a summary is of angles around their mean direction", () => {
  const { phase } = aroundMeans(around(Math.PI), parameters);
  const mean = phase.data.reduce((sum, each) => sum + each, 0) / phase.data.length;
  const square = phase.data.reduce((sum, each) => sum + (each - mean) ** 2, 0) / phase.data.length;
  assert.ok(Math.abs(Math.abs(mean) - Math.PI) < 0.05 && Math.abs(Math.sqrt(square) - 0.3) < 0.02);
  const raw = around(Math.PI).phase.data;
  phase.data.forEach((each, i) => assert.ok(Math.abs(Math.cos(each) - Math.cos(raw[i])) < 1e-12));
});

Deno.test("elements that are no angles stay as they are", () => {
  const draws = { x: { data: Float64Array.of(3, 9, -3, 8), shape: [1, 2, 2] } };
  const mixed = [{ name: "x", shape: [2], periodic: [true, false] }];
  const { x, "sin x": sines } = asDirections(draws, mixed);
  assert.deepEqual([x.data[1], x.data[3], sines.data[1], sines.data[3]], [9, 8, 9, 8]);
  assert.ok(
    Math.abs(x.data[0] - Math.cos(3)) < 1e-14 && Math.abs(sines.data[2] + Math.sin(3)) < 1e-14,
  );
  const whole = aroundMeans(draws, mixed)["x"].data;
  assert.ok(Math.abs(whole[0] - whole[2]) < 0.3);
  assert.deepEqual([whole[1], whole[3]], [9, 8]);
});

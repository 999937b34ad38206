import assert from "node:assert/strict";
import { aroundMean, circularMean, TURN, wrapAngle, wrapped } from "../../src/target/circle.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { uniforms } from "../diagnostics/series.ts";

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a}, not ${b}`);

Deno.test("wrapAngle() takes whole turns off", () => {
  for (const u of uniforms([1, 1], 200)) {
    const x = 100 * (u - 0.5);
    const angle = wrapAngle(x);
    assert.ok(Math.abs(angle) <= Math.PI);
    near(Math.sin(angle), Math.sin(x));
    near(Math.cos(angle), Math.cos(x));
  }
  assert.equal(wrapAngle(1.5), 1.5);
  assert.ok(Number.isNaN(wrapAngle(NaN)));
});

Deno.test("circularMean() is where angles point to, wherever the circle is cut", () => {
  near(circularMean([0.1, 0.3]), 0.2);
  near(circularMean([Math.PI - 0.1, 0.3 - Math.PI]), wrapAngle(Math.PI + 0.1));
  // Every other number, from the second on.
  near(circularMean([9, 0.5, 9, 0.7], 2, 1), 0.6);
});

Deno.test("positions are changed along periodic coordinates alone, by whole turns", () => {
  const positions = tensor([[[7, 7], [-3, -3]], [[-9, -9], [3.1, 3.1]]]);
  const back = wrapped(positions, [false, true]).data;
  const around = aroundMean(positions, [false, true]).data;
  positions.data.forEach((x, i) => {
    if (i % 2 === 0) return assert.deepEqual([back[i], around[i]], [x, x]);
    assert.ok(Math.abs(back[i]) <= Math.PI);
    for (const each of [back[i], around[i]]) near((each - x) / TURN, Math.round((each - x) / TURN));
  });
  assert.equal(wrapped(positions, [false, false]), positions);
  // A cluster across the cut is one cluster.
  const cluster = aroundMean(tensor([[3.1], [-3.1], [3.0], [-3.0]]), [true]).data;
  assert.ok(Math.max(...cluster) - Math.min(...cluster) < 0.3);
});

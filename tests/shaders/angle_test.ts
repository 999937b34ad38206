import assert from "node:assert/strict";
import shader from "../../shaders/angle.wgsl" with { type: "text" };
import { requirement } from "../requirement.ts";
import { normals } from "../diagnostics/series.ts";
import { computeFloats, hasAdapter } from "./compute.ts";
import { ulpError } from "./ulp.ts";

const onAdapter = requirement("webgpu", await hasAdapter());

/** The relative error that the shader's comment promises: 2^-22 is at most four units. */
const ULPS = 4;

/** Points all around, some of them on the axes, the diagonals and the edges of the reduction. */
const points: readonly number[] = [
  ...normals([1, 2], 20_000).map(Math.fround),
  ...[[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, 1], [1, -1], [-1, -1]].flat(),
  ...[0.4142135, 0.4142136, 1e-20].flatMap((t) => [t, 1, 1, t, -t, 1, 1, -t, t, -1, -1, t]),
];
const input = Float32Array.from(points);

/** The largest error in ulp. */
async function worst(code: string): Promise<number> {
  const value = "angle_of(input[2u * i], input[2u * i + 1u])";
  const actual = await computeFloats([code], { value, input, count: input.length / 2 });
  return actual.reduce(
    (most, angle, i) => Math.max(most, ulpError(angle, Math.atan2(input[2 * i], input[2 * i + 1]))),
    0,
  );
}

Deno.test({
  name: `angle_of() is within ${ULPS} ulp of the angle of a point`,
  ...onAdapter,
  fn: async () => {
    const error = await worst(shader);
    assert.ok(error <= ULPS, `${error} ulp`);
  },
});

for (
  const [from, to] of [
    ["-0.33332955", "-0.3333"],
    ["if (x < 0.0) { angle = PI - angle; }", ""],
    ["0.25 * PI", "0.5 * PI"],
  ]
) {
  Deno.test({
    name: `angle_of() with ${to || "nothing"} for ${from} is caught`,
    ...onAdapter,
    fn: async () => {
      assert.ok(shader.includes(from));
      assert.ok(await worst(shader.replace(from, to)) > ULPS);
    },
  });
}

Deno.test({
  name: "wrap() takes whole turns off",
  ...onAdapter,
  fn: async () => {
    const angles = Float32Array.from({ length: 999 }, (_, i) => (i - 499) / 50);
    const wrapped = await computeFloats([shader], { value: "wrap(input[i])", input: angles });
    wrapped.forEach((angle, i) => {
      assert.ok(Math.abs(angle) <= Math.PI + 1e-6);
      const turns = (angles[i] - angle) / (2 * Math.PI);
      assert.ok(Math.abs(turns - Math.round(turns)) < 1e-6, `${angles[i]}`);
    });
  },
});

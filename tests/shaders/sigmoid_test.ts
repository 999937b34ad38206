import assert from "node:assert/strict";
import elementary from "../../shaders/elementary.wgsl" with { type: "text" };
import shader from "../../shaders/sigmoid.wgsl" with { type: "text" };
import { requirement } from "../requirement.ts";
import { computeFloats, hasAdapter } from "./compute.ts";

const onAdapter = requirement("webgpu", await hasAdapter());

/** The error that the shader's comment promises. */
const TOLERANCE = 2 ** -22;

const input = Float32Array.from({ length: 20_001 }, (_, i) => (i - 10_000) / 100);

interface Measured {
  readonly value: string;
  readonly reference: (x: number) => number;
  /** A mistake that is to be caught. */
  readonly mistake: readonly [string, string];
}

const measured: readonly Measured[] = [
  {
    value: "hyperbolic_tangent(input[i])",
    reference: Math.tanh,
    mistake: ["2.0 * clamp", "1.999 * clamp"],
  },
  {
    value: "softplus(input[i]).x",
    reference: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    mistake: ["max(x, 0.0)", "x"],
  },
  {
    value: "softplus(input[i]).y",
    reference: (x) => 1 / (1 + Math.exp(-x)),
    mistake: ["share, x < 0.0", "share, x > 0.0"],
  },
];

/** The largest error, relative where the value is large. */
async function worst(code: string, { value, reference }: Measured): Promise<number> {
  const actual = await computeFloats([elementary, code], { value, input });
  return actual.reduce((most, each, i) => {
    const expected = reference(input[i]);
    const error = Math.abs(each - expected) / Math.max(1, Math.abs(expected));
    return error <= most ? most : Number.isNaN(error) ? Infinity : error;
  }, 0);
}

for (const row of measured) {
  Deno.test({
    name: `${row.value} has the error that is promised`,
    ...onAdapter,
    fn: async () => {
      const error = await worst(shader, row);
      assert.ok(error <= TOLERANCE, `${error}`);
    },
  });

  Deno.test({
    name: `${row.value} with ${row.mistake[1]} for ${row.mistake[0]} is caught`,
    ...onAdapter,
    fn: async () => {
      const mutant = shader.replace(...row.mistake);
      assert.notEqual(mutant, shader);
      assert.ok(await worst(mutant, row) > TOLERANCE);
    },
  });
}

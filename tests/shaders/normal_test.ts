import assert from "node:assert/strict";
import elementary from "../../shaders/elementary.wgsl" with { type: "text" };
import shader from "../../shaders/normal.wgsl" with { type: "text" };
import threefry from "../../shaders/threefry.wgsl" with { type: "text" };
import { randomWords } from "../../src/random/words.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { cos, log, sin } from "../../src/tensor/functions/scalar_math.ts";
import { requirement } from "../requirement.ts";
import { computeFloats, hasAdapter } from "./compute.ts";

const onAdapter = requirement("webgpu", await hasAdapter());
const shaders = [threefry, elementary, shader];

/** The relative error that the shader's comment promises. */
const TOLERANCE = 2 ** -20;

/** What rounding the angle to f64 leaves of a number near 0: 2π·2^-53 times the largest radius. */
const ANGLE_ROUNDING = 6.8 * 2 * Math.PI * 2 ** -53;

/** Words where a step of the transform changes its form, and their neighbours. */
const EDGES = [0, 1, 2, 3, 4, 5, 6, 7].map((octant) => octant * 2 ** 29).concat(0xb504f333)
  .flatMap((word) => [-2, -1, 0, 1, 2].map((step) => (word + step) >>> 0));

function worst(actual: Float32Array, expected: ArrayLike<number>): number {
  return actual.reduce((largest, value, i) => {
    const error = Math.abs(value - expected[i]) - ANGLE_ROUNDING;
    return Math.max(largest, error / Math.abs(expected[i]));
  }, 0);
}

Deno.test({
  name: "normal() gives the f64 numbers of the same key and index, rounded",
  ...onAdapter,
  fn: async () => {
    for (const seed of [0, 1, 2 ** 40 + 7]) {
      const words = key(seed);
      const actual = await computeFloats(shaders, {
        value: "normal(vec2<u32>(input[0], input[1]), i)",
        input: Uint32Array.from(words.data),
        count: 50_001,
      });
      const error = worst(actual, normal(words, [actual.length]).data);
      assert.ok(error <= TOLERANCE, `seed ${seed}: relative error ${error}`);
    }
  },
});

Deno.test({
  name: "box_muller() keeps its digits for extreme words",
  ...onAdapter,
  fn: async () => {
    const random = [...randomWords([0, 2], EDGES.length)];
    const pairs = [
      ...EDGES.flatMap((first) => EDGES.map((second) => [first, second])),
      ...EDGES.flatMap((edge, i) => [[edge, random[i]], [random[i], edge]]),
    ];
    const expected = pairs.flatMap(([first, second]) => {
      const radius = Math.sqrt(-2 * log((first + 0.5) / 2 ** 32));
      const angle = 2 * Math.PI * ((second + 0.5) / 2 ** 32);
      return [radius * cos(angle), radius * sin(angle)];
    });
    const value = "box_muller(vec2<u32>(input[i / 2u * 2u], input[i / 2u * 2u + 1u]))[i % 2u]";
    const input = Uint32Array.from(pairs.flat());
    const error = worst(await computeFloats(shaders, { value, input }), expected);
    assert.ok(error <= TOLERANCE, `relative error ${error}`);
  },
});

Deno.test({
  name: "a sine in place of a cosine is caught",
  ...onAdapter,
  fn: async () => {
    const mutant = shader.replace("cosine_of_angle(angle)", "sine_of_angle(angle)");
    assert.notEqual(mutant, shader);
    const actual = await computeFloats([threefry, elementary, mutant], {
      value: "normal(vec2<u32>(0u, input[0]), i)",
      input: Uint32Array.of(0),
      count: 10,
    });
    assert.ok(worst(actual, normal(key(0), [actual.length]).data) > TOLERANCE);
  },
});

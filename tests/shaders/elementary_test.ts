import assert from "node:assert/strict";
import shader from "../../shaders/elementary.wgsl" with { type: "text" };
import { cos, exp, log, sin } from "../../src/tensor/functions/scalar_math.ts";
import { requirement } from "../requirement.ts";
import { computeFloats, computeWords, hasAdapter } from "./compute.ts";
import { bitsOf, floatsBetween, ulpError } from "./ulp.ts";

const onAdapter = requirement("webgpu", await hasAdapter());

/** Arguments in each range and at evenly spaced values in it. */
const COUNT = 40_000;

/** Where the error of sin and cos is held to a bound. */
const PERIODIC_RANGE = 1e4;

/** The neighbours in f32 of the multiples of π/2, where the reduction loses most. */
function nearQuarterTurns(limit: number): number[] {
  const turns = Math.floor(limit / (Math.PI / 2));
  return Array.from({ length: turns }, (_, n) => Math.fround((n + 1) * (Math.PI / 2)));
}

function evenly(low: number, high: number): number[] {
  return Array.from({ length: COUNT }, (_, i) => low + (high - low) * (i / (COUNT - 1)));
}

function bothSigns(sizes: readonly number[]): number[] {
  return sizes.flatMap((x) => [x, -x]);
}

const angles = bothSigns([
  ...floatsBetween(2 ** -40, PERIODIC_RANGE, COUNT),
  ...evenly(0, PERIODIC_RANGE),
  ...evenly(0, 2 * Math.PI),
  ...nearQuarterTurns(PERIODIC_RANGE),
]);

interface Measured {
  /** The function in the shader. */
  readonly name: string;
  /** The reference in f64, whose own error is below 2^-28 f32 units in the last place. */
  readonly reference: (x: number) => number;
  /** More than was measured, since a device may fuse and reorder in ways of its own. */
  readonly ulps: number;
  /** One coefficient of its polynomial. */
  readonly coefficient: string;
  readonly inputs: Float32Array<ArrayBuffer>;
  /** Arguments and results at the edges of the domain and outside it. */
  readonly special: readonly (readonly [number, number])[];
}

const measured: readonly Measured[] = [
  {
    name: "exponential",
    reference: exp,
    ulps: 1.5,
    coefficient: "0.16666521",
    inputs: Float32Array.from([
      ...floatsBetween(2 ** -40, 88.72283, COUNT),
      ...floatsBetween(-(2 ** -40), -87.33654, COUNT),
      ...evenly(-87.33654, 88.72283),
    ]),
    special: [
      [0, 1],
      [-0, 1],
      [88.72284, Infinity],
      [-87.33656, 0],
      [3e38, Infinity],
      [-3e38, 0],
      [Infinity, Infinity],
      [-Infinity, 0],
      [NaN, NaN],
    ],
  },
  {
    name: "natural_log",
    reference: log,
    ulps: 1.5,
    coefficient: "0.3333333",
    inputs: Float32Array.from([
      ...floatsBetween(2 ** -126, 3.4e38, COUNT),
      ...floatsBetween(0.5, 1 - 2 ** -24, COUNT),
      ...floatsBetween(1, 2, COUNT),
    ]),
    special: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [2 ** -127, -Infinity],
      [-1, NaN],
      [-Infinity, NaN],
      [Infinity, Infinity],
      [NaN, NaN],
    ],
  },
  {
    name: "sine",
    reference: sin,
    ulps: 3,
    coefficient: "0.16666655",
    inputs: Float32Array.from(angles),
    special: [[0, 0], [Infinity, NaN], [-Infinity, NaN], [NaN, NaN]],
  },
  {
    name: "cosine",
    reference: cos,
    ulps: 3,
    coefficient: "0.041666646",
    inputs: Float32Array.from(angles),
    special: [[0, 1], [-0, 1], [Infinity, NaN], [-Infinity, NaN], [NaN, NaN]],
  },
];

/** The largest error of a function in ulp, and where it is. */
async function worst(
  code: string,
  { name, reference, inputs }: Measured,
): Promise<[number, string]> {
  const actual = await computeFloats([code], { value: `${name}(input[i])`, input: inputs });
  const errors = actual.map((y, i) => ulpError(y, reference(inputs[i])));
  const error = errors.reduce((a, b) => Math.max(a, b), 0);
  const i = errors.indexOf(error);
  return [error, `${name}(${inputs[i]}) is ${actual[i]}, ${error} ulp off`];
}

for (const row of measured) {
  const { name, ulps, coefficient, special } = row;

  Deno.test({
    name: `${name}() is within ${ulps} ulp of the exact value`,
    ...onAdapter,
    fn: async () => {
      const [error, text] = await worst(shader, row);
      assert.ok(error <= ulps, text);
    },
  });

  Deno.test({
    name: `${name}() decides zeros, infinities, NaN and the edges of its domain`,
    ...onAdapter,
    fn: async () => {
      const input = Float32Array.from(special, ([x]) => x);
      const value = `bitcast<u32>(${name}(input[i]))`;
      const actual = await computeWords([shader], { value, input });
      assert.deepEqual([...actual], special.map(([, y]) => bitsOf(y)));
    },
  });

  Deno.test({
    name: `a coefficient of ${name}() that is off by 1e-5 is caught`,
    ...onAdapter,
    fn: async () => {
      const mutant = shader.replace(coefficient, `${Number(coefficient) + 1e-5}`);
      assert.notEqual(mutant, shader);
      const [error] = await worst(mutant, row);
      assert.ok(error > ulps, `${error} ulp`);
    },
  });
}

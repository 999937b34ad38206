import assert from "node:assert/strict";
import { interpreterSingleDevice } from "../../src/device/interpreter.ts";
import { wasmSingleDevice } from "../../src/device/wasm.ts";
import { evaluateProgram } from "../../src/tensor/interpreter/interpret.ts";
import { isOf, type Program } from "../../src/tensor/program.ts";
import { bits, type Key, key, normal, split, uniform } from "../../src/tensor/random.ts";
import { type Tensor, tensor, words } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "./bits.ts";

const KEY = { dtype: "u32" as const, shape: [2] };

function drawing(draw: (of: Key) => Tensor): Program {
  return trace((of) => [draw(of as Key)], [KEY]);
}

/** A million numbers: a thousand keys, compiled in single precision. */
async function million(draw: (of: Key) => Tensor): Promise<Float64Array> {
  const keys = words(split(key(11), 1000).flatMap((of) => [...of.data]), [1000, 2]);
  const [drawn] = await wasmSingleDevice.map(drawing(draw), 1).run([keys], []);
  return drawn.data as Float64Array;
}

/** What the program gives in single precision when its random words are all these two. */
function withWords(program: Program, first: number, second: number): Float64Array {
  const equations = program.equations.map((equation) => {
    if (!isOf(equation, "threefry")) return equation;
    const { dtype, shape } = program.types[equation.results[0]];
    const size = shape.reduce((product, length) => product * length, 1);
    const data = Uint32Array.from({ length: size }, (_, i) => i % 2 === 0 ? first : second);
    return { ...equation, primitive: "constant", parameters: { value: { dtype, shape, data } } };
  });
  const replaced = { ...program, equations } as unknown as Program;
  return evaluateProgram(replaced, [key(1)], "f32")[0].data as Float64Array;
}

const EXTREME = [
  0,
  1,
  2 ** 8,
  2 ** 31,
  2 ** 32 - 2 ** 8,
  2 ** 32 - 129,
  2 ** 32 - 128,
  2 ** 32 - 1,
];

Deno.test("f32 uniform() lies in [0, 1) for the most extreme words", () => {
  const program = drawing((of) => uniform(of, [3]));
  for (const first of EXTREME) {
    for (const second of EXTREME) {
      const [u] = withWords(program, first, second);
      assert.ok(u >= 0 && u < 1, `${u} from ${first}, ${second}`);
      assert.ok(Math.abs(u - first / 2 ** 32) <= 2 ** -24);
    }
  }
});

Deno.test("f32 normal() is finite for the most extreme words", () => {
  const program = drawing((of) => normal(of, [2]));
  for (const first of EXTREME) {
    for (const second of EXTREME) {
      for (const z of withWords(program, first, second)) {
        assert.ok(Math.abs(z) < 6.77, `${z} from ${first}, ${second}`);
      }
    }
  }
});

Deno.test("a word becomes the nearest f32 that is a word, so that none becomes 2³²", async () => {
  const program = trace((w) => [w.as("f64"), w.as("f64").as("u32")], [{ dtype: "u32", shape: [] }]);
  const given = words([0, 1, 2 ** 24 + 1, 2 ** 24 + 3, 2 ** 32 - 129, 2 ** 32 - 1]);
  for (const device of [interpreterSingleDevice, wasmSingleDevice]) {
    const [floats, back] = await device.map(program, 1).run([given], []);
    const expected = [0, 1, 2 ** 24, 2 ** 24 + 4, 2 ** 32 - 2 ** 8, 2 ** 32 - 2 ** 8];
    assert.deepEqual([...floats.data], expected);
    assert.deepEqual([...back.data], expected);
  }
});

Deno.test("words do not depend on the precision, and numbers are the f64 ones to their digits", async () => {
  const program = trace(
    (of) => [bits(of as Key, [99]), uniform(of as Key, [99]), normal(of as Key, [99])],
    [KEY],
  );
  const [drawn, u, z] = await wasmSingleDevice.map(program, 1).run([key(5).reshape([1, 2])], []);
  assertSameBits(drawn.at(0), bits(key(5), [99]), "bits");
  const near = (actual: Tensor, expected: Tensor): number =>
    Math.max(...actual.at(0).sub(expected).abs().data);
  assert.ok(near(u, uniform(key(5), [99])) <= 2 ** -25);
  assert.ok(near(z, normal(key(5), [99])) < 3e-6);
});

/** Moments of a million draws; a standard normal variate is farther than this from 0 once in 10⁷. */
function assertMoments(draws: Float64Array, moments: readonly (readonly number[])[]): void {
  for (const [power, mean, variance] of moments) {
    const deviation = (tensor(draws).pow(power).mean().item() - mean) *
      Math.sqrt(draws.length / variance);
    assert.ok(Math.abs(deviation) < 5.33, `moment ${power}: ${deviation}`);
  }
}

Deno.test("f32 uniform() has the moments of a uniform number; false alarm once in 10⁶", async () => {
  const draws = await million((of) => uniform(of, [1000]));
  assertMoments(
    draws,
    [1, 2, 3, 4].map((k) => {
      const mean = 1 / (k + 1);
      return [k, mean, 1 / (2 * k + 1) - mean * mean];
    }),
  );
  const [least, most] = draws.reduce(([a, b], u) => [Math.min(a, u), Math.max(b, u)], [1, 0]);
  // Of a million the least is above 1.7e-5 with probability e^(−17).
  assert.ok(least >= 0 && least < 1.7e-5 && most > 1 - 1.7e-5 && most < 1, `${least}, ${most}`);
});

Deno.test("f32 normal() has the moments of a standard normal number; false alarm once in 10⁶", async () => {
  const draws = await million((of) => normal(of, [1000]));
  assertMoments(draws, [[1, 0, 1], [2, 1, 2], [3, 0, 15], [4, 3, 96], [6, 15, 10170]]);
  const most = draws.reduce((a, z) => Math.max(a, Math.abs(z)), 0);
  // P(|z| > 3.8) = 1.4e-4: none of a million with probability e^(−145).
  assert.ok(most > 3.8 && most < 6.77, `${most}`);
  // P(|z| < 0.01) = 0.0079787; the count of a million has standard deviation 89.
  const small = draws.filter((z) => Math.abs(z) < 0.01).length;
  assert.ok(Math.abs(small - 7979) < 5.33 * 89, `${small}`);
});

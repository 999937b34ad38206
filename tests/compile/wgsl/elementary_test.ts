import assert from "node:assert/strict";
import { chooseDevice } from "../../../src/device/choose.ts";
import { UNARY } from "../../../src/tensor/program.ts";
import { apply, type Tensor, tensor } from "../../../src/tensor/tensor.ts";
import { trace } from "../../../src/tensor/trace.ts";
import { exactDevice, ON_GPU } from "../../device/webgpu_adapter.ts";
import { assertSameBits } from "../../tensor/bits.ts";
import {
  specialValues,
  TABULATED,
  tabulated,
  ulpDistance,
} from "../../tensor/functions/single/ulp.ts";
import { specialFloats, spreadSingleFloats } from "../floats.ts";

const SCALAR = { dtype: "f64" as const, shape: [] };
const interpreter = chooseDevice("interpreter", { precision: "f32" });
const gpu = chooseDevice("webgpu");

const PAIRED = [
  ...["min", "max", "add", "sub", "mul", "div", "mod", "atan2", "logAddExp"] as const,
  ...["less", "lessEqual", "equal"] as const,
];

/** Floats, each as it is in single precision. */
function floats(values: readonly number[]): Tensor {
  return tensor(Float64Array.from(values, Math.fround));
}

Deno.test({
  name:
    "every function printed exactly as WGSL has the interpreter's bits on special and on spread values",
  ...ON_GPU,
  async fn() {
    const program = trace((x) => UNARY.map((name) => apply(name, {}, [x])[0]), [SCALAR]);
    const points = floats([...specialFloats(), ...spreadSingleFloats(4000)]);
    const expected = await interpreter.map(program, 1).run([points], []);
    const actual = await exactDevice.map(program, 1).run([points], []);
    UNARY.forEach((name, i) => assertSameBits(actual[i], expected[i], name));
  },
});

Deno.test({
  name: "every function of two values printed exactly as WGSL has the interpreter's bits",
  ...ON_GPU,
  async fn() {
    const program = trace(
      (a, b) => PAIRED.map((name) => apply(name, {}, [a, b])[0]),
      [SCALAR, SCALAR],
    );
    const values = specialFloats();
    const numbers = [...spreadSingleFloats(2000)];
    const first = floats([...values.flatMap((a) => values.map(() => a)), ...numbers]);
    const second = floats([...values.flatMap(() => values), ...numbers.toReversed()]);
    const expected = await interpreter.map(program, 2).run([first, second], []);
    const actual = await exactDevice.map(program, 2).run([first, second], []);
    PAIRED.forEach((name, i) => assertSameBits(actual[i], expected[i], name));
  },
});

Deno.test({
  name:
    "comparisons, choices and conversions in WGSL know NaN, infinities and zeros as they are printed",
  ...ON_GPU,
  async fn() {
    const program = trace((a, b) => {
      const [less, equal] = [a.less(b), a.equal(b)];
      return [
        ...[less, a.lessEqual(b), equal, less.not(), a.equal(a), a.equal(a).not()],
        ...[apply("min", {}, [a, b])[0], apply("max", {}, [a, b])[0], a.neg(), a.abs()],
        ...[a.as("u32"), a.as("bool"), a.as("u32").as("f64"), apply("sign", {}, [a])[0]],
      ];
    }, [SCALAR, SCALAR]);
    // Subnormal numbers may count as 0 on a GPU.
    const values = [...specialFloats(), 255, 256.5, -3, 0.999].map(Math.fround)
      .filter((x) => x === 0 || !(Math.abs(x) < 2 ** -126));
    const first = floats(values.flatMap((a) => values.map(() => a)));
    const second = floats(values.flatMap(() => values));
    const expected = await interpreter.map(program, 2).run([first, second], []);
    const actual = await gpu.map(program, 2).run([first, second], []);
    expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
  },
});

/** What the documentation promises of functions in single precision, and what division and √ may add. */
const ALLOWED: { readonly [P in typeof TABULATED[number]]: number } = {
  ...{ exp: 2, log: 2, log1p: 4, expm1: 3, sin: 3, cos: 3, tan: 7, tanh: 6 },
  ...{ sigmoid: 6, softplus: 3, atan: 4, erf: 6, erfc: 9, erfcx: 11 },
  ...{ logNormalCdf: 12, lgamma: 10, digamma: 8 },
};

for (const name of TABULATED) {
  Deno.test({
    name: `${name} in WGSL is within ${
      ALLOWED[name]
    } ulp of the exact value, and has its special values`,
    ...ON_GPU,
    async fn() {
      const program = trace((x) => apply(name, {}, [x]), [SCALAR]);
      const table = [...tabulated(name), ...specialValues(name)];
      const [actual] = await gpu.map(program, 1).run([floats(table.map(({ x }) => x))], []);
      table.forEach(({ x, y }, i) => {
        // What is no normal number may be 0, and so may the argument.
        if ([x, y].some((each) => each !== 0 && Math.abs(each) < 2 ** -126)) return;
        const text = `${name} ${x} = ${actual.data[i]}, not ${y}`;
        assert.ok(ulpDistance(actual.data[i], y) <= ALLOWED[name], text);
      });
    },
  });
}

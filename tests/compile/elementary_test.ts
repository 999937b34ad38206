import { chooseDevice } from "../../src/device/choose.ts";
import { PRECISIONS } from "../../src/tensor/functions/precision.ts";
import { UNARY } from "../../src/tensor/program.ts";
import { apply, tensor } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { specialFloats, spreadFloats, spreadSingleFloats } from "./floats.ts";

const SCALAR = { dtype: "f64" as const, shape: [] };

for (const precision of PRECISIONS) {
  const interpreter = chooseDevice("interpreter", { precision });
  const wasm = chooseDevice("wasm", { precision });
  const spread = precision === "f64" ? spreadFloats : spreadSingleFloats;

  for (const name of UNARY) {
    Deno.test(`${precision} ${name} in WebAssembly has the interpreter's bits on special and on spread values`, async () => {
      const program = trace((x) => apply(name, {}, [x]), [SCALAR]);
      const points = tensor(Float64Array.from([...specialFloats(), ...spread(4000)]));
      const [expected] = await interpreter.map(program, 1).run([points], []);
      const [actual] = await wasm.map(program, 1).run([points], []);
      assertSameBits(actual, expected, name);
    });
  }

  for (const name of ["min", "max", "add", "mul", "div", "sub", "mod", "atan2"] as const) {
    Deno.test(`${precision} ${name} in WebAssembly has the interpreter's bits on pairs of special and of spread values`, async () => {
      const program = trace((a, b) => apply(name, {}, [a, b]), [SCALAR, SCALAR]);
      const values = specialFloats();
      const numbers = spread(2000);
      const first = tensor(
        Float64Array.from([...values.flatMap((a) => values.map(() => a)), ...numbers]),
      );
      const second = tensor(
        Float64Array.from([...values.flatMap(() => values), ...numbers.toReversed()]),
      );
      const [expected] = await interpreter.map(program, 2).run([first, second], []);
      const [actual] = await wasm.map(program, 2).run([first, second], []);
      assertSameBits(actual, expected, name);
    });
  }

  Deno.test(`${precision} conversions in WebAssembly have the interpreter's results out of range too`, async () => {
    const program = trace(
      (x) => [x.as("u32"), x.as("bool"), x.as("u32").as("f64"), x.as("u32").as("bool").as("u32")],
      [SCALAR],
    );
    const points = tensor(Float64Array.from([...specialFloats(), 255, 256, 256.5, -3, 0.999]));
    const expected = await interpreter.map(program, 1).run([points], []);
    const actual = await wasm.map(program, 1).run([points], []);
    expected.forEach((value, i) => assertSameBits(actual[i], value, `conversion ${i}`));
  });
}

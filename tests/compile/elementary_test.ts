import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { UNARY } from "../../src/tensor/program.ts";
import { apply, tensor } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { specialFloats, spreadFloats } from "./floats.ts";

const SCALAR = { dtype: "f64" as const, shape: [] };

for (const name of UNARY) {
  Deno.test(`${name} in WebAssembly has the interpreter's bits on special and on spread values`, async () => {
    const program = trace((x) => apply(name, {}, [x]), [SCALAR]);
    const points = tensor(Float64Array.from([...specialFloats(), ...spreadFloats(4000)]));
    const [expected] = await interpreterDevice.map(program, 1).run([points], []);
    const [actual] = await wasmDevice.map(program, 1).run([points], []);
    assertSameBits(actual, expected, name);
  });
}

for (const name of ["min", "max", "div", "sub", "mod", "atan2", "logAddExp"] as const) {
  Deno.test(`${name} in WebAssembly has the interpreter's bits on pairs of special and of spread values`, async () => {
    const program = trace((a, b) => apply(name, {}, [a, b]), [SCALAR, SCALAR]);
    const values = specialFloats();
    const spread = spreadFloats(2000);
    const first = tensor(
      Float64Array.from([...values.flatMap((a) => values.map(() => a)), ...spread]),
    );
    const second = tensor(
      Float64Array.from([...values.flatMap(() => values), ...spread.toReversed()]),
    );
    const [expected] = await interpreterDevice.map(program, 2).run([first, second], []);
    const [actual] = await wasmDevice.map(program, 2).run([first, second], []);
    assertSameBits(actual, expected, name);
  });
}

Deno.test("conversions in WebAssembly have the interpreter's results out of range too", async () => {
  const program = trace(
    (x) => [x.as("u32"), x.as("bool"), x.as("u32").as("f64"), x.as("u32").as("bool").as("u32")],
    [SCALAR],
  );
  const points = tensor(Float64Array.from([...specialFloats(), 255, 256, 256.5, -3, 0.999]));
  const expected = await interpreterDevice.map(program, 1).run([points], []);
  const actual = await wasmDevice.map(program, 1).run([points], []);
  expected.forEach((value, i) => assertSameBits(actual[i], value, `conversion ${i}`));
});

import assert from "node:assert/strict";
import { compileMap } from "../../src/compile/ensemble.ts";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import { cholesky, diagonal, solveTriangular } from "../../src/tensor/linear_algebra.ts";
import { arange } from "../../src/tensor/operations.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { apply, type Tensor } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "../tensor/bits.ts";

const f64 = (...shape: number[]) => ({ dtype: "f64" as const, shape });

for (const n of [1, 2, 5, 8, 9, 20]) {
  Deno.test(`triangular matrices of ${n} rows have the interpreter's bits in WebAssembly`, async () => {
    for (const columns of [1, 3, 70]) {
      const program = trace((a, b) => {
        const dominant = a.add(arange(n).reshape([n, 1]).equal(arange(n)).as("f64").mul(3 * n));
        const l = cholesky(dominant);
        return [
          l,
          // Not positive definite, most of them.
          cholesky(a),
          ...apply("choleskyGradient", {}, [l, a]),
          ...[0, 1, 2, 3].map((which) =>
            solveTriangular(dominant, b, { lower: which % 2 === 0, transpose: which > 1 })
          ),
          solveTriangular(l.exp(), b.sin()).sum(0),
        ];
      }, [f64(n, n), f64(n, columns)]);
      const inputs = [normal(key(1), [11, n, n]), normal(key(2), [11, n, columns])];
      const expected = await interpreterDevice.map(program, 2).run(inputs, []);
      const actual = await wasmDevice.map(program, 2).run(inputs, []);
      expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
    }
  });
}

/** The log density of a Gaussian process at n places, up to a constant. */
function process(n: number): (x: Tensor) => Tensor {
  const places = arange(n).mul(0.3);
  const [squares, y] = [places.reshape([n, 1]).sub(places).square(), normal(key(1), [n])];
  const same = arange(n).reshape([n, 1]).equal(arange(n)).as("f64");
  return (x) => {
    const a = squares.mul(x.at(0).exp()).neg().exp().mul(x.at(1).exp()).add(same);
    const l = cholesky(a);
    return solveTriangular(l, y).square().sum().mul(-0.5).sub(diagonal(l).log().sum());
  };
}

Deno.test("the gradient of a Gaussian process has the interpreter's bits in WebAssembly", async () => {
  for (const n of [4, 8, 9, 30]) {
    const program = valueAndGradient(trace((x) => [process(n)(x)], [f64(2)]));
    const points = normal(key(2), [5, 2]);
    const expected = await interpreterDevice.map(program, 1).run([points], []);
    const actual = await wasmDevice.map(program, 1).run([points], []);
    expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
  }
});

Deno.test("a larger matrix makes no larger program", () => {
  const code = [70, 100].map((n) => {
    const program = valueAndGradient(trace((x) => [process(n)(x)], [f64(2)]));
    // Squares and truth values as floats, and three vectors.
    return compileMap(program, 1).bytes.length - 8 * (2 * n * n + n);
  });
  assert.ok(Math.abs(code[1] - code[0]) < 2000, `${code}`);
});

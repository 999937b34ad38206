import assert from "node:assert/strict";
import { tensor } from "../../../src/tensor/tensor.ts";
import { specialFloats, spreadFloats } from "../../compile/floats.ts";
import { specialValues, tabulated, ulpDistance } from "../ulp.ts";

for (const name of ["sigmoid", "softplus", "sqrt"] as const) {
  Deno.test(`${name}() of a tensor is within 2 ulp of the exact value`, () => {
    for (const { x, y } of [...tabulated(name), ...specialValues(name)]) {
      const actual = tensor(x)[name]().item();
      // Where eˣ is subnormal, it is 0.
      if (name !== "sqrt" && x < -708.4) {
        assert.equal(actual, 0);
        continue;
      }
      assert.ok(ulpDistance(actual, y) <= 2, `at ${x}: ${actual}, not ${y}`);
    }
  });
}

Deno.test("sin() and cos() stay in [−1, 1] however large the angle", () => {
  // Past 10¹⁷ they were huge: a density would have drawn chains there.
  for (const x of [...specialFloats(), ...spreadFloats(20_000), 1e17, 1e18, 1e22, 1e100]) {
    for (const y of [tensor(x).sin().item(), tensor(x).cos().item()]) {
      assert.ok(Number.isFinite(x) ? Math.abs(y) <= 1 : Number.isNaN(y), `${y} at ${x}`);
    }
  }
});

Deno.test("sin() and cos() lose their digits no faster than the angle grows", () => {
  for (const name of ["sin", "cos"] as const) {
    for (const { x, y } of tabulated(name)) {
      if (Math.abs(x) > 1e15) continue;
      const error = Math.abs(tensor(x)[name]().item() - y);
      assert.ok(error <= 2e-16 * Math.max(1, Math.abs(x)), `${name} at ${x}: off by ${error}`);
    }
  }
});

import assert from "node:assert/strict";
import { scalarNames } from "../../src/diagnostics/scalar_names.ts";

Deno.test("scalarNames() counts in row-major order", () => {
  assert.deepEqual(scalarNames("mu", []), ["mu"]);
  assert.deepEqual(scalarNames("theta", [2]), ["theta[0]", "theta[1]"]);
  assert.deepEqual(scalarNames("w", [2, 3]), [
    "w[0,0]",
    "w[0,1]",
    "w[0,2]",
    "w[1,0]",
    "w[1,1]",
    "w[1,2]",
  ]);
  assert.deepEqual(scalarNames("none", [2, 0]), []);
});

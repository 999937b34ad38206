import assert from "node:assert/strict";
import { joinDraws } from "../../src/kernels/join_draws.ts";
import { tensor } from "../../mod.ts";

Deno.test("draws of runs follow each other, chain by chain", () => {
  const first = tensor([[[1, 2]], [[3, 4]]]);
  const second = tensor([[[5, 6], [7, 8]], [[9, 10], [11, 12]]]);
  const all = joinDraws([first, second]);
  assert.deepEqual(all.toArray(), [
    [[1, 2], [5, 6], [7, 8]],
    [[3, 4], [9, 10], [11, 12]],
  ]);
  assert.deepEqual(joinDraws([first]).toArray(), first.toArray());
});

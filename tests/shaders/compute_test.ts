import assert from "node:assert/strict";
import { requirement } from "../requirement.ts";
import { computeFloats, computeWords, hasAdapter } from "./compute.ts";

const onAdapter = requirement("webgpu", await hasAdapter());

Deno.test({
  name: "computeFloats() and computeWords() evaluate an expression for every index",
  ...onAdapter,
  fn: async () => {
    const shader = "fn twice(x: f32) -> f32 { return 2.0 * x; }";
    const input = Float32Array.from({ length: 1000 }, (_, i) => i / 8);
    const doubled = await computeFloats([shader], { value: "twice(input[i])", input });
    assert.deepEqual(doubled, input.map((x) => 2 * x));
    const words = await computeWords([], { value: "u32(input[8u]) + i", input, count: 3 });
    assert.deepEqual([...words], [1, 2, 3]);
  },
});

Deno.test({
  name: "computeFloats() rejects a shader that does not compile",
  ...onAdapter,
  fn: () =>
    assert.rejects(
      computeFloats([], { value: "absent(input[i])", input: new Float32Array(1) }),
      /Cannot run the shader: .*absent/s,
    ),
});

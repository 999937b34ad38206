import assert from "node:assert/strict";
import { decide } from "./requirement.ts";

Deno.test("decide() runs the tests of a tool that is there", () => {
  assert.equal(decide("rust", true, ""), "run");
  assert.equal(decide("rust", true, "rust"), "run");
});

Deno.test("decide() skips the tests of a tool that is not there", () => {
  assert.equal(decide("rust", false, ""), "skip");
  assert.equal(decide("rust", false, "chromium,webgpu"), "skip");
});

Deno.test("decide() fails where a tool that is not there is required", () => {
  assert.equal(decide("rust", false, "rust"), "fail");
  assert.equal(decide("rust", false, "chromium, rust"), "fail");
});

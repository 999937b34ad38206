import assert from "node:assert/strict";
import { libraryAt } from "../../src/tensor/user_frame.ts";

Deno.test("what is beside a bundle of the library is the user's", () => {
  assert.equal(
    libraryAt("https://a.host/tributary/src/tensor/user_frame.ts"),
    "https://a.host/tributary/src/",
  );
  assert.equal(libraryAt("https://a.host/out/tributary.js"), "https://a.host/out/tributary.js");
});

/** The committed engine: built from `wasm/`, small, the same bits everywhere, nobody's paths. */
import assert from "node:assert/strict";
import { ENGINE_BYTES } from "../../src/flows/engine_bytes.ts";
import { build, hasToolchain, moduleText } from "../../wasm/build.ts";
import { requirement } from "../requirement.ts";
import { instructionsOf, sectionsOf } from "./instructions.ts";

const committed = Uint8Array.fromBase64(ENGINE_BYTES);
const rust = requirement("rust", await hasToolchain());

/** The compilers that a module says it was made by. */
function compilers(module: Uint8Array): string {
  const producers = sectionsOf(module).find(({ name }) => name === "producers");
  return new TextDecoder().decode(producers?.content);
}

Deno.test({
  name: "the engine's bytes are what wasm/ builds",
  ...rust,
  fn: async () => {
    const built = await build();
    if (compilers(built) !== compilers(committed)) {
      console.log("skipping the comparison of the engine's bytes: another compiler made them");
      return;
    }
    const file = new URL("../../src/flows/engine_bytes.ts", import.meta.url);
    assert.ok(
      await Deno.readTextFile(file) === moduleText(built),
      "src/flows/engine_bytes.ts is not what wasm/ builds: run `deno task build:wasm`",
    );
  },
});

Deno.test("the engine is small enough to be imported", () => {
  assert.ok(committed.length <= 150_000, `${committed.length} bytes`);
});

/** Relaxed SIMD, whose results depend on the machine, fused multiplication and addition among them. */
const RELAXED = /^fd 1[0-9a-f]{2}$/;
/** Instructions on several threads, whose order does. */
const ATOMIC = /^fe /;

Deno.test("the engine has no instruction whose result depends on the machine", () => {
  const names = [...instructionsOf(committed).keys()];
  assert.deepEqual(names.filter((name) => RELAXED.test(name) || ATOMIC.test(name)), []);
  // f32x4.mul and f64x2.mul: the reader sees the instructions that the engine is made for.
  assert.ok(names.includes("fd e6") && names.includes("fd f2"));
});

Deno.test("a fused multiplication and addition is noticed", () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const zero = [0xfd, 12, ...Array<number>(16).fill(0)];
  const body = [0, ...zero, ...zero, ...zero, 0xfd, 0x85, 0x02, 0x1a, 0x0b];
  const module = Uint8Array.of(...header, 10, body.length + 2, 1, body.length, ...body);
  const names = [...instructionsOf(module).keys()];
  assert.deepEqual(names, ["fd c", "fd 105", "1a", "b"]);
  assert.ok(names.some((name) => RELAXED.test(name)));
});

Deno.test("the engine asks for nothing but SIMD and what every browser has", () => {
  const features = sectionsOf(committed).find(({ name }) => name === "target_features");
  const text = new TextDecoder().decode(features?.content);
  assert.match(text, /\+.?simd128/s);
  assert.doesNotMatch(text, /relaxed|atomics|fp16/);
});

Deno.test("the engine holds no path of the machine that built it", () => {
  const text = new TextDecoder("latin1").decode(committed);
  assert.doesNotMatch(text, /\/(home|root|usr|Users|tmp|build)\/|\.cargo|\.rs\b/);
});

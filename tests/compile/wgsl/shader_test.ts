/**
 * The text of shaders. `TRIBUTARY_UPDATE_SNAPSHOTS=1` (with `--allow-write`) writes the snapshots anew: read
 * what changed before it is committed.
 */
import assert from "node:assert/strict";
import { mapShader, stepShader, UnsupportedProgram } from "../../../src/compile/wgsl/shader.ts";
import { rwm } from "../../../src/kernels/rwm.ts";
import type { ChainState } from "../../../src/kernels/kernel.ts";
import { density } from "../../../src/target/density.ts";
import { arange } from "../../../src/tensor/operations.ts";
import type { ValueType } from "../../../src/tensor/program.ts";
import { type Key, key } from "../../../src/tensor/random.ts";
import { apply, type Tensor, tensor } from "../../../src/tensor/tensor.ts";
import { exampleOf, repeatLoop, trace, traceTree } from "../../../src/tensor/trace.ts";

const f64 = (...shape: number[]): ValueType => ({ dtype: "f64", shape });
const u32 = (...shape: number[]): ValueType => ({ dtype: "u32", shape });

/** A random walk on a Gaussian in a box, outside of which the density is 0. */
function walk(): string {
  const target = density(2, (x) => {
    const inside = x.abs().max().less(3);
    return apply("select", {}, [inside, x.square().sum().mul(-0.5), tensor(-Infinity)])[0];
  });
  const state = {
    position: exampleOf(f64(2)),
    logDensity: exampleOf(f64()),
    acceptance: exampleOf(f64()),
  };
  const { program } = traceTree(
    (state: ChainState, shared: { readonly stepSize: Tensor }, k: Key) =>
      rwm().step(target, shared)(state, k) as typeof state,
    state as unknown as ChainState & { readonly [name: string]: Tensor },
    { stepSize: tensor(1) },
    key(0),
  );
  return stepShader(program, 3, [0]).code;
}

/** Programs whose texts are kept. */
const KEPT: { readonly [name: string]: () => string } = {
  "random walk in a box": walk,
  "rows of data and chosen rows": () =>
    mapShader(
      trace((x, i) => {
        const rows = arange(200).reshape([100, 2]).sin();
        const terms = rows.mul(x).sum([1]).exp();
        return [terms.sum(), apply("gather", { axis: 0 }, [terms, i])[0]];
      }, [f64(2), u32()]),
      2,
    ).code,
  "turns of each chain's own": () =>
    mapShader(
      trace((x, turns) => {
        const [last] = repeatLoop(
          turns,
          ([y]: readonly Tensor[], i) => [y.mul(y).add(i.as("f64"))],
          [x],
        );
        return [last.div(last), last.sub(last), last.mul(0)];
      }, [f64(), u32()]),
      2,
    ).code,
};

for (const [name, text] of Object.entries(KEPT)) {
  Deno.test(`the WGSL of ${name} is the one that was kept`, async () => {
    const url = new URL(
      `./snapshots/${name.replaceAll(" ", "_").replace("'", "")}.wgsl`,
      import.meta.url,
    );
    const actual = text();
    if (Deno.env.get("TRIBUTARY_UPDATE_SNAPSHOTS") !== undefined) {
      await Deno.writeTextFile(url, actual);
    }
    assert.equal(actual, await Deno.readTextFile(url));
  });
}

Deno.test("a program that calls a function of the host is refused for a GPU", () => {
  const host = {
    name: "blackBox",
    value: (x: readonly number[] | Float64Array) => x[0],
  } as Parameters<typeof apply<"host">>[1]["host"];
  const program = trace((x) => apply("host", { host, output: "value" }, [x]), [f64(2)]);
  assert.throws(() => mapShader(program, 1), (error) => {
    assert.ok(error instanceof UnsupportedProgram);
    assert.match(error.message, /^Cannot run on the device "webgpu" what calls functions of Java/);
    return true;
  });
});

Deno.test("no literal is zero, infinite or NaN, which a shader's compiler would take for its own purposes", () => {
  const program = trace(
    (x) => [
      ...[x.mul(0), x.add(Infinity), x.sub(NaN), x.mul(-0), x.add(2 ** -140)],
      apply("select", {}, [x.less(0), tensor(-Infinity), x])[0],
    ],
    [f64()],
  );
  const { code } = mapShader(program, 1);
  const body = code.slice(code.indexOf("fn main"));
  for (const bits of ["00000000", "7f800000", "7fc00000", "80000000", "00000200", "ff800000"]) {
    assert.ok(body.includes(`bitcast<f32>(0x${bits}u | nothing)`), bits);
  }
  assert.doesNotMatch(body, /[^0-9.e]-?0f/);
});

Deno.test("comparisons look at the bits of what may be NaN, and of nothing else", () => {
  const program = trace(
    (x, n) => [x.less(1), x.equal(x), n.as("f64").less(7), n.as("f64").less(x.abs())],
    [f64(), u32()],
  );
  const { code } = mapShader(program, 2);
  const masks = code.split("\n").filter((line) =>
    /let v\d+ = .*(<|isNan)/.test(line) && !line.includes("bitcast")
  );
  assert.equal(masks.length, 4, code);
  const looks = masks.map((line) => line.split("isNan").length - 1);
  assert.deepEqual(looks, [1, 1, 0, 1], masks.join("\n"));
});

Deno.test("scratch memory begins at 0 and takes no place among what all chains share", () => {
  const known = tensor(Float64Array.from({ length: 100 }, (_, i) => i / 7));
  const program = trace(
    (x, y) => {
      const large = x.reshape([1, 100]).mul(x.reshape([100, 1])).exp();
      return [large.sum([0]).mul(y).sum(), large.sum([1]).mul(known).sum()];
    },
    [f64(100), f64(100)],
  );
  const { scratchBytes, dataBytes, sharedBytes } = mapShader(program, 1);
  assert.equal(sharedBytes, 400);
  // The shared input, and what is known before: 100 numbers.
  assert.ok(dataBytes >= 800 && dataBytes <= 1024, `${dataBytes} bytes`);
  assert.ok(scratchBytes >= 100 * 256 && scratchBytes % 64 === 0, `${scratchBytes} bytes`);
});

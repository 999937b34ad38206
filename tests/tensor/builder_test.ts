import assert from "node:assert/strict";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import type { Primitive, Program, ValueType } from "../../src/tensor/program.ts";
import { where } from "../../src/tensor/operations.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { fill, type Tensor, tensor, words } from "../../src/tensor/tensor.ts";
import { applyProgram, repeatLoop, trace } from "../../src/tensor/trace.ts";
import { specialFloats, spreadFloats } from "../compile/floats.ts";
import { assertSameBits } from "./bits.ts";
import { ulpDistance } from "./ulp.ts";

const SCALAR: ValueType = { dtype: "f64", shape: [] };
const VECTOR: ValueType = { dtype: "f64", shape: [100] };

function primitives(program: Program): Primitive[] {
  return program.equations.map(({ primitive }) => primitive);
}

function traced(f: (x: Tensor) => Tensor, type: ValueType = SCALAR): Program {
  return trace((x) => [f(x)], [type]);
}

const VALUES = tensor(Float64Array.from([...specialFloats(), ...spreadFloats(500)]));

Deno.test("equal equations are written once", () => {
  const program = traced((x) => x.exp().add(x.exp().mul(x.exp())));
  assert.deepEqual(primitives(program), ["exp", "mul", "add"]);
  const slices = traced((x) => x.at(1).mul(x.at(-99)).add(x.slice(1, 2).sum()), VECTOR);
  assert.equal(primitives(slices).filter((name) => name === "slice").length, 1);
});

Deno.test("equations that differ in a parameter alone are kept apart", () => {
  const program = traced((x) => x.at(1).mul(x.at(2)), VECTOR);
  assert.equal(primitives(program).filter((name) => name === "slice").length, 2);
  const zeros = trace((x) => [x.maximum(0), x.maximum(-0)], [SCALAR]);
  const [plus, minus] = applyProgram(zeros, [tensor(-0)]).map((result) => result.item());
  assert.deepEqual([plus, minus], [0, -0]);
  const sums = trace((x) => [x.sum(0), x.sum(1)], [{ dtype: "f64", shape: [2, 2] }]);
  assert.equal(sums.equations.length, 2);
});

Deno.test("constants are computed when a function is traced", () => {
  const program = traced((x) => x.mul(tensor([1, 2]).exp().sum()).add(tensor(3).log()));
  assert.deepEqual(primitives(program).filter((name) => name !== "constant"), ["mul", "add"]);
});

Deno.test("a small computation does not become a large constant", () => {
  const program = traced((x) => x.add(fill([1000], 2).exp()));
  for (const { primitive, parameters } of program.equations) {
    if (primitive !== "constant") continue;
    const { value } = parameters as { value: { data: ArrayLike<number> } };
    assert.equal(value.data.length, 1);
  }
});

Deno.test("what no result needs is left out", () => {
  const program = traced((x) => {
    x.exp().sin();
    return x.cos();
  });
  assert.deepEqual(primitives(program), ["cos"]);
  const loop = traced((x) => {
    repeatLoop(3, (y: Tensor) => y.add(1), x);
    return x.neg();
  });
  assert.deepEqual(primitives(loop), ["neg"]);
});

const identities: { readonly [name: string]: (x: Tensor) => Tensor } = {
  "x · 1": (x) => x.mul(1),
  "1 · x": (x) => tensor(1).mul(x),
  "x / 1": (x) => x.div(1),
  "x − 0": (x) => x.sub(0),
  "x + −0": (x) => x.add(-0),
  "−0 + x": (x) => tensor(-0).add(x),
  "x · ones": (x) => x.mul(fill([100], 1)),
  "x as f64": (x) => x.as("f64"),
  "x in its own shape": (x) => x.reshape([100]).broadcastTo([100]),
};

for (const [name, f] of Object.entries(identities)) {
  Deno.test(`${name} writes nothing`, () => {
    assert.deepEqual(primitives(traced(f, VECTOR)), []);
    const x = VALUES.slice(0, 100);
    assertSameBits(f(x), x, name);
  });
}

const exact: { readonly [name: string]: (x: Tensor) => Tensor } = {
  // These differ from x at −0, where they are 0.
  "x + 0": (x) => x.add(0),
  "0 + x": (x) => tensor(0).add(x),
  "x − −0": (x) => x.sub(-0),
  "x · 0": (x) => x.mul(0),
  "x · −1": (x) => x.mul(-1),
  "0 − x": (x) => tensor(0).sub(x),
  "x / 2": (x) => x.div(2),
  "x / −0.125": (x) => x.div(-0.125),
  "x / 0": (x) => x.div(0),
  "x / ∞": (x) => x.div(Infinity),
  "x / NaN": (x) => x.div(NaN),
  // These or their reciprocals are subnormal in one of the precisions, or no numbers of it.
  "x / 1e-300": (x) => x.div(1e-300),
  "x / 1e300": (x) => x.div(1e300),
  "x / 2¹⁰²²": (x) => x.div(2 ** 1022),
  "x / 1e38": (x) => x.div(1e38),
  "x / 2¹⁰²³": (x) => x.div(2 ** 1023),
  "x / 1.7e308": (x) => x.div(1.7e308),
  "x / 5e-324": (x) => x.div(5e-324),
  "where(x < 0, x, 0)": (x) => where(x.less(0), x, 0),
};

for (const [name, f] of Object.entries(exact)) {
  Deno.test(`${name} has the same bits at once, traced and compiled`, async () => {
    const expected = f(VALUES);
    const program = traced(f);
    const [interpreted] = await interpreterDevice.map(program, 1).run([VALUES], []);
    const [compiled] = await wasmDevice.map(program, 1).run([VALUES], []);
    assertSameBits(interpreted, expected, name);
    assertSameBits(compiled, expected, name);
  });
}

Deno.test("division by a constant becomes a product, within an ulp and with the same bits everywhere", async () => {
  for (const divisor of [3, 0.1, -7, 2 ** -126, 1e-37, 1e37, 2 ** 126, 1 / 3, 1 + 2 ** -52]) {
    const f = (x: Tensor): Tensor => x.div(divisor);
    const program = traced(f);
    assert.deepEqual(primitives(program), ["constant", "mul"]);
    const [interpreted] = await interpreterDevice.map(program, 1).run([VALUES], []);
    const [compiled] = await wasmDevice.map(program, 1).run([VALUES], []);
    assertSameBits(compiled, interpreted, `x / ${divisor}`);
    const quotients = f(VALUES);
    interpreted.data.forEach((product, i) => {
      const ulps = ulpDistance(product, quotients.data[i]);
      assert.ok(ulps <= 1, `${VALUES.data[i]} / ${divisor}: ${ulps} ulp`);
    });
  }
});

Deno.test("two divisions by the same data share their reciprocals", () => {
  const data = normal(key(1), [100]);
  const program = traced((x) => x.div(data).sin().div(data), VECTOR);
  const constants = program.equations.filter(({ primitive }) => primitive === "constant");
  // Data that nothing else needs are left out, their reciprocals are there once.
  assert.equal(constants.length, 1);
});

Deno.test("a large constant of one number is that number, broadcast", () => {
  const data = normal(key(1), [100]);
  // Data times ones were data again, in a second copy.
  const program = traced(
    (x) => x.add(data).mul(tensor(new Float64Array(100).fill(1))).sub(data),
    VECTOR,
  );
  assert.deepEqual(primitives(program), ["constant", "add", "sub"]);
  const filled = traced((x) => x.add(tensor(new Float64Array(100).fill(2))), VECTOR);
  assert.deepEqual(primitives(filled), ["constant", "broadcast", "add"]);
});

Deno.test("a loop takes what it uses from around it, at any depth, as operands", () => {
  const program = trace((x, y) => {
    const z = x.exp();
    return [
      repeatLoop(2, (a: Tensor) => repeatLoop(2, (b: Tensor) => b.mul(z).add(y), a.add(z)), x),
    ];
  }, [SCALAR, SCALAR]);
  const [a, b] = [0.5, 0.25];
  let expected = tensor(a);
  const z = expected.exp();
  for (let i = 0; i < 2; i++) {
    expected = expected.add(z);
    for (let j = 0; j < 2; j++) expected = expected.mul(z).add(b);
  }
  assertSameBits(applyProgram(program, [tensor(a), tensor(b)])[0], expected, "nested loops");
  assert.equal(primitives(program).filter((name) => name === "exp").length, 1);
});

Deno.test("repeatLoop() is the step, so many times, at once and traced, with its index", () => {
  type State = { readonly n: Tensor; readonly x: Tensor };
  const step = ({ n, x }: State, index: Tensor): State => ({
    // The order in which a record is written down does not matter.
    x: x.mul(2).add(index.as("f64")),
    n: n.add(index),
  });
  const initial: State = { n: words([0], []), x: tensor(1) };
  const eager = repeatLoop(5, step, initial);
  assert.deepEqual([eager.n.item(), eager.x.item()], [10, 58]);
  const program = trace((n, x, count) => {
    const { n: a, x: b } = repeatLoop(count, step, { n, x });
    return [a, b];
  }, [{ dtype: "u32", shape: [] }, SCALAR, { dtype: "u32", shape: [] }]);
  for (const count of [5, 0]) {
    const { n, x } = repeatLoop(count, step, initial);
    const results = applyProgram(program, [initial.n, initial.x, words([count], [])]);
    assert.deepEqual(results.map((result) => result.item()), [n.item(), x.item()]);
  }
});

Deno.test("repeatLoop() refuses steps that change the form of the state, and numbers that are none", () => {
  const x = tensor([1, 2]);
  const refuses = (f: () => unknown, name: string, message: RegExp): void =>
    assert.throws(f, { name, message });
  refuses(
    () => repeatLoop(2, ({ a }) => ({ a: a.sum() }), { a: x }),
    "TypeError",
    /^Cannot repeat this step: it turns a from f64\[2\] into f64\[\] \(at .*builder_test/,
  );
  refuses(
    () => repeatLoop(2, (a: Tensor) => a.less(0), x),
    "TypeError",
    /it turns the state from f64\[2\] into bool\[2\]/,
  );
  const renamed = ({ a }: { a: Tensor }): { a: Tensor } => ({ b: a }) as unknown as { a: Tensor };
  refuses(
    () => repeatLoop(2, renamed, { a: x }),
    "TypeError",
    /it turns a state of a into one of b/,
  );
  const shorter = ([a]: Tensor[]): Tensor[] => [a];
  refuses(() => repeatLoop(2, shorter, [x, x]), "TypeError", /a state of 0, 1 into one of 0/);
  const same = (a: Tensor): Tensor => a;
  refuses(() => repeatLoop(-1, same, x), "RangeError", /Cannot repeat -1 times/);
  refuses(() => repeatLoop(1.5, same, x), "RangeError", /Cannot repeat 1.5 times/);
  refuses(() => repeatLoop(tensor(2), same, x), "TypeError", /expected a u32 scalar/);
  refuses(() => repeatLoop(words([1, 2]), same, x), "TypeError", /expected a u32 scalar/);
});

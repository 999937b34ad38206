import assert from "node:assert/strict";
import { compileMap } from "../../src/compile/ensemble.ts";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { grad, valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import { stack } from "../../src/tensor/operations.ts";
import type { Program } from "../../src/tensor/program.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { scan } from "../../src/tensor/scan.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { repeatLoop, trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "./bits.ts";
import { assertSlopes } from "./central_differences.ts";

const f64 = (...shape: number[]) => ({ dtype: "f64" as const, shape });

/** A recurrence written out, turn by turn. */
function writtenOut(
  f: (carry: Tensor, x: Tensor) => [Tensor, Tensor],
  init: Tensor,
  xs: Tensor,
  reverse: boolean,
): [Tensor, Tensor] {
  let carry = init;
  const order = Array.from({ length: xs.shape[0] }, (_, i) => reverse ? xs.shape[0] - 1 - i : i);
  const ys: Tensor[] = [];
  for (const i of order) [carry, ys[i]] = f(carry, xs.at(i));
  return [carry, stack(ys)];
}

const autoregression = (carry: Tensor, x: Tensor): [Tensor, Tensor] => {
  const next = carry.mul(0.5).add(x).sin();
  return [next, next.mul(x)];
};

Deno.test("scan() is the step on each part, from either end, at once and traced", () => {
  for (const reverse of [false, true]) {
    for (const [width, turns] of [[1, 5], [3, 1], [70, 4]]) {
      const [init, xs] = [normal(key(1), [width]), normal(key(2), [turns, width])];
      const expected = writtenOut(autoregression, init, xs, reverse);
      scan(autoregression, init, xs, { reverse })
        .forEach((value, i) => assertSameBits(value, expected[i], `result ${i}`));
    }
  }
});

Deno.test("scan() takes and stacks trees, and any of its parts may be empty", () => {
  const [{ sum }, { twice, index }] = scan(
    ({ sum }: { sum: Tensor }, [x, n]: readonly Tensor[]) => [
      { sum: sum.add(x) },
      { twice: x.mul(2), index: n },
    ],
    { sum: tensor(0) },
    [tensor([1, 2, 4]), tensor([5, 6, 7]).as("u32")],
  );
  assert.equal(sum.item(), 7);
  assert.deepEqual(twice.toArray(), [2, 4, 8]);
  assert.equal(index.dtype, "u32");
  const [none, squares] = scan((_, x: Tensor) => [[], x.square()], [], tensor([1, 2, 3]));
  assert.deepEqual([none, squares.toArray()], [[], [1, 4, 9]]);
  const [last, nothing] = scan((x: Tensor) => [x.mul(2), []], tensor(1), [], { length: 5 });
  assert.deepEqual([last.item(), nothing], [32, []]);
  const [same, empty] = scan(autoregression, tensor(3), tensor([]));
  assert.deepEqual([same.item(), empty.shape], [3, [0]]);
});

Deno.test("scan() says what is wrong", () => {
  const x = tensor([1, 2]);
  const keep = (carry: Tensor, y: Tensor): [Tensor, Tensor] => [carry, y];
  assert.throws(() => scan(keep, x, tensor(1)), /Cannot scan over a scalar: it has no axis/);
  assert.throws(
    () => scan((c, _) => [c, []], x, [x, tensor([1, 2, 3])]),
    /Cannot scan over 1 of shape \[3\]: expected 2 parts/,
  );
  assert.throws(() => scan((c, _) => [c, []], x, []), /give the number of turns as `length`/);
  assert.throws(() => scan((c, _) => [c, []], x, [], { length: -1 }), RangeError);
  assert.throws(
    () => scan((c, _) => [c.sum(), []], x, x),
    /Cannot scan with this step: it turns the state from f64\[2\] into f64\[\]/,
  );
  const noPair = ((c: Tensor) => c) as unknown as typeof keep;
  assert.throws(() => scan(noPair, x, x), /it must give back a list of two/);
  const mistyped = { reversed: true } as unknown as { reverse: boolean };
  assert.throws(() => scan(keep, x, x, mistyped), /unknown option `reversed`/);
});

/** Scans through which a scalar function of a vector of 6 passes. */
const functions: { readonly [name: string]: (x: Tensor) => Tensor } = {
  "the carry": (x) => scan((c: Tensor, y: Tensor) => [c.mul(y).sin(), []], x.at(0), x)[0],
  "what is stacked": (x) => scan(autoregression, x.at(5), x)[1].square().sum(),
  "a reversed scan": (x) =>
    scan(autoregression, x.at(5), x, { reverse: true })[1].mul([1, 2, 3, 4, 5, 6]).sum(),
  "captures alone": (x) => {
    const [phi, sigma] = [x.at(0).tanh(), x.at(1).exp()];
    const data = tensor([0.3, -0.2, 0.5, 0.9]);
    const [, terms] = scan(
      (level: Tensor, y: Tensor) => {
        const next = phi.mul(level).add(y);
        return [next, next.div(sigma).square().add(sigma.log())];
      },
      tensor(0),
      data,
    );
    return terms.sum();
  },
  "a carry of words beside it": (x) =>
    scan(
      ({ n, sum }: { n: Tensor; sum: Tensor }, y: Tensor) => [
        { n: n.add(2), sum: sum.add(y.mul(n.as("f64")).sin()) },
        [],
      ],
      { n: tensor(1).as("u32"), sum: tensor(0) },
      x,
    )[0].sum,
  "large carries and captures": (x) => {
    const wide = x.reshape([6, 1]).mul(normal(key(3), [6, 20])).sin();
    return scan((c: Tensor, y: Tensor) => [c.mul(y).add(wide), c.sum(1)], wide, x)[0].sum();
  },
  "a scan within a scan": (x) =>
    scan(
      (c: Tensor, y: Tensor) => {
        const [inner, ys] = scan((d: Tensor, z: Tensor) => [d.mul(z).cos(), d.mul(y)], c, x);
        return [inner.add(ys.sum().mul(0.1)), ys];
      },
      x.at(1),
      x.slice(0, 3),
    )[1].square().sum(),
  "repeatLoop()": (x) => repeatLoop(5, (c: Tensor) => c.sin().add(c.mul(x)), x.cos()).sum(),
  "repeatLoop() with its index": (x) =>
    repeatLoop(4, (c: Tensor, i) => c.mul(i.as("f64").add(x.at(0))).sin(), x).sum(),
  "no turns": (x) => repeatLoop(0, (c: Tensor) => c.sin(), x.square()).sum(),
};

for (const [name, f] of Object.entries(functions)) {
  Deno.test(`grad() through a scan agrees with central differences: ${name}`, () =>
    assertSlopes(f, normal(key(9), [6]).mul(0.7), name));
  Deno.test(`the gradient of a scan has the interpreter's bits in WebAssembly: ${name}`, async () => {
    const program = valueAndGradient(trace((x) => [f(x)], [f64(6)]));
    const points = normal(key(10), [11, 6]);
    const expected = await interpreterDevice.map(program, 1).run([points], []);
    const actual = await wasmDevice.map(program, 1).run([points], []);
    expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
  });
}

Deno.test("grad() of grad() goes through scans", () => {
  const f = (x: Tensor): Tensor => scan(autoregression, x.at(0), x)[1].sum();
  assertSlopes((x) => grad(f)(x).mul([1, 2, 3]).sum(), tensor([0.3, -0.4, 0.9]), "grad(grad)");
});

function nested({ equations }: Program): number {
  return equations.reduce(
    (sum, { parameters }) => sum + 1 + ("body" in parameters ? nested(parameters.body) : 0),
    0,
  );
}

Deno.test("neither a scan nor its gradient grows with the number of turns", () => {
  const sizes = [100, 1000].map((turns) => {
    const data = normal(key(1), [turns]);
    const f = (x: Tensor): Tensor =>
      scan(
        (c: Tensor, y: Tensor) => {
          const next = c.mul(x.at(0)).add(y);
          return [next, next.square().mul(x.at(1))];
        },
        tensor(0),
        data,
      )[1].sum();
    const program = valueAndGradient(trace((x) => [f(x)], [f64(2)]));
    return [nested(program), compileMap(program, 1).bytes.length - 8 * turns];
  });
  assert.equal(sizes[0][0], sizes[1][0]);
  // Addresses and lengths take a few bytes more.
  assert.ok(Math.abs(sizes[0][1] - sizes[1][1]) < 100, `${sizes}`);
});

Deno.test("what nobody reads of a scan is not computed", () => {
  const program = trace((x) => {
    const [{ a }] = scan(
      ({ a, b }: { a: Tensor; b: Tensor }, y: Tensor) => [
        { a: a.add(y), b: b.mul(a).exp() },
        [y.sin(), b],
      ],
      { a: tensor(0), b: tensor(1) },
      x,
    );
    return [a];
  }, [f64(3)]);
  const [{ parameters }] = program.equations.filter(({ primitive }) => primitive === "scan");
  const { body, carries } = parameters as { body: Program; carries: number };
  assert.deepEqual(body.equations.map(({ primitive }) => primitive), ["add"]);
  assert.deepEqual([carries, body.outputs.length], [1, 1]);
});

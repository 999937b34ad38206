import assert from "node:assert/strict";
import { evaluateProgram } from "../../src/tensor/interpreter/interpret.ts";
import { where } from "../../src/tensor/operations.ts";
import { type Precision, PRECISIONS } from "../../src/tensor/functions/precision.ts";
import type { Primitive, Program } from "../../src/tensor/program.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { type Tensor, tensor, words } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { specialFloats, spreadFloats, spreadSingleFloats } from "../compile/floats.ts";
import { assertSameBits } from "./bits.ts";
import { ulpDistance } from "./ulp.ts";

const SPECIAL = specialFloats();
/** Special floats, and random ones of either precision. */
const VALUES = tensor([...SPECIAL, ...spreadFloats(300), ...spreadSingleFloats(300)]);
/** All pairs of special floats. */
const [FIRST, SECOND] = [0, 1].map((which) =>
  tensor(SPECIAL.flatMap((x) => SPECIAL.map((y) => which === 0 ? x : y)))
);

/** What a program computes with, constants not counted. */
function primitives({ equations }: Program): Primitive[] {
  return equations.map(({ primitive }) => primitive).filter((name) => name !== "constant");
}

/** A function of values and of numbers: traced with the numbers known, and with them as inputs, which nothing can simplify. */
function both(
  f: (values: readonly Tensor[], numbers: readonly Tensor[]) => Tensor,
  values: readonly Tensor[],
  numbers: readonly Tensor[],
) {
  const known = trace((...xs) => [f(xs, numbers)], values);
  const given = trace(
    (...all) => [f(all.slice(0, values.length), all.slice(values.length))],
    [...values, ...numbers],
  );
  return {
    primitives: primitives(known),
    plain: primitives(given),
    run: (precision: Precision): readonly [simplified: Tensor, plain: Tensor] => {
      // The tensors that a device gets are rounded as it rounds them.
      const rounded = (x: Tensor): Tensor =>
        precision === "f32" && x.dtype === "f64"
          ? tensor(Float64Array.from(x.data, Math.fround)).reshape(x.shape)
          : x;
      const [inputs, constants] = [values.map(rounded), numbers.map(rounded)];
      return [
        evaluateProgram(known, inputs, precision)[0] as Tensor,
        evaluateProgram(given, [...inputs, ...constants], precision)[0] as Tensor,
      ];
    },
    /** At once, operation by operation, rounded at the end: of one operation that rounds. */
    atOnce: (precision: Precision): Tensor => {
      const round = precision === "f32" ? Math.fround : (x: number) => x;
      const rounded = values.map((x) => tensor(Float64Array.from(x.data, round)));
      return tensor(Float64Array.from(f(rounded, numbers).data, round));
    },
  };
}

/** Asserts that what is written shorter has the same bits. */
function same(
  name: string,
  expected: readonly Primitive[],
  { primitives, run }: ReturnType<typeof both>,
): void {
  assert.deepEqual(primitives, expected, name);
  for (const precision of PRECISIONS) {
    const [simplified, plain] = run(precision);
    assertSameBits(simplified, plain, `${name}, ${precision}`);
  }
}

Deno.test("a + (−b) is one subtraction with the same bits, from either side", () => {
  const same = (
    name: string,
    expected: readonly Primitive[],
    { primitives, run, atOnce }: ReturnType<typeof both>,
  ): void => {
    assert.deepEqual(primitives, expected, name);
    for (const precision of PRECISIONS) {
      assertSameBits(run(precision)[0], atOnce(precision), `${name}, ${precision}`);
    }
  };
  same("a + (−b)", ["sub"], both(([a, b]) => a.add(b.neg()), [FIRST, SECOND], []));
  same("(−a) + b", ["sub"], both(([a, b]) => a.neg().add(b), [FIRST, SECOND], []));
  same("−(a + b)", ["add", "neg"], both(([a, b]) => a.add(b).neg(), [FIRST, SECOND], []));
  same("(−a) − b", ["neg", "sub"], both(([a, b]) => a.neg().sub(b), [FIRST, SECOND], []));
});

Deno.test("identities of words leave nothing to compute, and no more than they should", () => {
  const x = words([0, 1, 7, 0x80000000, 0xffffffff]);
  const of = (f: (x: Tensor, number: Tensor) => Tensor, number: number) =>
    both(([x], [n]) => f(x, n.broadcastTo([5])), [x], [words([number], [])]);
  same("x + 0", [], of((x, n) => x.add(n), 0));
  same("0 + x", [], of((x, n) => n.add(x), 0));
  same("x − 0", [], of((x, n) => x.sub(n), 0));
  same("x · 1", [], of((x, n) => x.mul(n), 1));
  same("1 · x", [], of((x, n) => n.mul(x), 1));
  same("0 − x", ["sub"], of((x, n) => n.sub(x), 0));
  same("x + 1", ["add"], of((x, n) => x.add(n), 1));
});

Deno.test("two choices that leave each other nothing are one choice, with the same bits", () => {
  const mask = FIRST.less(SECOND);
  const nothing = tensor(-0);
  const of = (
    f: (mask: Tensor, a: Tensor, b: Tensor, zero: Tensor) => Tensor,
    zero: Tensor = nothing,
  ) => both(([m, a, b], [z]) => f(m, a, b, z), [mask, FIRST, SECOND], [zero]);
  same("m ? a : b", ["select"], of((m, a, b, z) => where(m, a, z).add(where(m, z, b))));
  same("m ? b : a", ["select"], of((m, a, b, z) => where(m, z, a).add(where(m, b, z))));
  // 0 is not nothing: −0 + 0 is 0. And with two masks both may be there.
  const kept = (program: ReturnType<typeof both>): void => {
    assert.equal(program.primitives.filter((name) => name === "select").length, 2);
    for (const precision of PRECISIONS) {
      const [simplified, plain] = program.run(precision);
      assertSameBits(simplified, plain, precision);
    }
  };
  kept(of((m, a, b, z) => where(m, a, z).add(where(m, z, b)), tensor(0)));
  kept(of((m, a, b, z) => where(m, a, z).add(where(a.less(0), z, b))));
  kept(of((m, a, b, z) => where(m, a, z).add(where(m, b, z))));
});

/** Constants whose products and reciprocals are ordinary numbers of both precisions. */
const ORDINARY = [3, -0.1, 1e15, 1e-15, 2 ** -40, -1 / 3];

Deno.test("two constant factors are one, within 2 ulp where no product leaves the range", () => {
  for (const a of ORDINARY) {
    for (const b of ORDINARY) {
      for (const order of [0, 1, 2, 3]) {
        const times = (x: Tensor, factor: Tensor, swapped: boolean): Tensor =>
          swapped ? factor.broadcastTo(x.shape).mul(x) : x.mul(factor);
        const program = both(
          ([x], [a, b]) => times(times(x, a, order % 2 === 1), b, order > 1),
          [VALUES],
          [tensor(a), tensor(b)],
        );
        assert.deepEqual(program.primitives, a * b === 1 ? [] : ["broadcast", "mul"]);
        for (const precision of PRECISIONS) {
          const [simplified, plain] = program.run(precision);
          const unit = precision === "f64" ? 1 : 2 ** 29;
          const smallest = precision === "f64" ? 2 ** -1022 : 2 ** -126;
          simplified.data.forEach((product, i) => {
            const [x, expected] = [VALUES.data[i], plain.data[i]];
            const inner = Math.abs(x * a);
            const ordinary = inner >= smallest && inner <= 1 / smallest &&
              Math.abs(expected) >= smallest;
            if (Number.isFinite(x) && !ordinary) return;
            const ulps = ulpDistance(product, expected) / unit;
            assert.ok(ulps <= 2, `${precision} ${x} · ${a} · ${b}: ${ulps} ulp`);
          });
        }
      }
    }
  }
});

Deno.test("constant factors whose product loses digits or leaves the range of a precision stay two", () => {
  const pairs = [[1e200, 1e200], [1e-200, 1e-200], [1e30, 1e30], [1e-30, 1e-30], [1e-20, 1e-20]];
  for (const [a, b] of [...pairs, [0, 3], [Infinity, 3], [NaN, 3]]) {
    const spread = a === b ? [] : ["broadcast" as const];
    same(
      `x · ${a} · ${b}`,
      ["broadcast", "mul", ...spread, "mul"],
      both(([x], [a, b]) => x.mul(a).mul(b), [VALUES], [tensor(a), tensor(b)]),
    );
  }
});

Deno.test("arrays of factors are one where every product is an ordinary number", () => {
  const x = tensor([1e-40, 3]);
  const of = (...factors: number[][]) =>
    both(([x], [a, b]) => x.mul(a).mul(b), [x], factors.map((array) => tensor(array)));
  same("one product too large", ["mul", "mul"], of([1e30, 2], [1e30, 4]));
  assert.deepEqual(of([1e10, 2], [1e10, 4]).primitives, ["mul"]);
});

Deno.test("constant factors are multiplied where their shapes agree, and stay two where they do not", () => {
  const x = normal(key(1), [10, 10]);
  const of = (a: Tensor, b: Tensor): Primitive[] =>
    both(([x], [a, b]) => x.mul(a).mul(b), [x], [a, b]).primitives;
  const row = normal(key(2), [10]);
  const column = normal(key(3), [10, 1]);
  assert.equal(of(row, row).filter((name) => name === "mul").length, 1);
  assert.equal(of(row, column).filter((name) => name === "mul").length, 1);
  // One number for all elements is not written out for them.
  assert.equal(of(row, tensor(2)).filter((name) => name === "mul").length, 2);
  // A factor that is not known stays what it is.
  const unknown = both(([x, y], [a]) => x.mul(y).mul(a), [x, x], [tensor(2)]);
  assert.equal(unknown.primitives.filter((name) => name === "mul").length, 2);
});

Deno.test("a division by a number becomes a product within an ulp in both precisions", () => {
  for (const divisor of [...ORDINARY, 2 ** -126, 2 ** 126]) {
    const program = both(([x], [c]) => x.div(c), [VALUES], [tensor(divisor)]);
    assert.deepEqual(program.primitives, ["broadcast", "mul"]);
    for (const precision of PRECISIONS) {
      const [simplified, plain] = program.run(precision);
      simplified.data.forEach((product, i) => {
        const ulps = ulpDistance(product, plain.data[i]) / (precision === "f64" ? 1 : 2 ** 29);
        // Of a subnormal number of 32 bits, an ulp is more.
        const error = Math.abs(product - plain.data[i]);
        const text = `${precision} ${VALUES.data[i]} / ${divisor}: ${ulps} ulp`;
        // The divisor is rounded to 32 bits before the division, its reciprocal after.
        const most = precision === "f64" ? 1 : 2;
        assert.ok(ulps <= most || (precision === "f32" && error <= 2 ** -149), text);
      });
    }
  }
});

Deno.test("a division by what is no ordinary number of both precisions stays one", () => {
  for (const divisor of [0, -0, Infinity, NaN, 4e-39, 1e-40, 1e-300, 5e-324, 1e38, 1e39, 1e300]) {
    same(
      `x / ${divisor}`,
      ["broadcast", "div"],
      both(([x], [c]) => x.div(c), [VALUES], [tensor(divisor)]),
    );
  }
  // One such number among others is enough.
  const x = tensor([1, 2]);
  same("x / [2, 0]", ["div"], both(([x], [c]) => x.div(c), [x], [tensor([2, 0])]));
});

import assert from "node:assert/strict";
import { grad } from "../../src/tensor/gradients/gradient.ts";
import * as special from "../../src/tensor/special_functions.ts";
import { key, normal } from "../../src/tensor/random.ts";
import { type Tensor, tensor, type TensorLike } from "../../src/tensor/tensor.ts";
import { specialFloats, spreadFloats } from "../compile/floats.ts";
import { specialValues, tabulated, ulpDistance, worst } from "./ulp.ts";

const { atan, atan2, digamma, erf, erfc, erfcx, lgamma, logAddExp, logNormalCdf, mod, sign, tan } =
  special;
const { trigamma } = special;

interface Promised {
  readonly f: (x: TensorLike) => Tensor;
  readonly ulps: number;
  readonly where?: (x: number) => boolean;
}

/** What the documentation promises. */
const promised = {
  tan: { f: tan, ulps: 4, where: (x) => Math.abs(x) <= 1e6 },
  atan: { f: atan, ulps: 2 },
  erf: { f: erf, ulps: 3 },
  erfc: { f: erfc, ulps: 5 },
  erfcx: { f: erfcx, ulps: 5 },
  logNormalCdf: { f: logNormalCdf, ulps: 6 },
  lgamma: { f: lgamma, ulps: 6 },
  digamma: { f: digamma, ulps: 5, where: (x) => x > 0 },
  trigamma: { f: trigamma, ulps: 4 },
} satisfies { readonly [name: string]: Promised };

for (const [name, { f, ulps, where = () => true }] of Object.entries<Promised>(promised)) {
  const known = name as keyof typeof promised;
  const at = (x: number): number => f(x).item();

  Deno.test(`${name}() is within ${ulps} ulp of the exact value`, () => {
    const [error, text] = worst(tabulated(known).filter(({ x }) => where(x)), at);
    assert.ok(error <= ulps, text);
  });

  Deno.test(`${name}() gives the special values but for the sign of zero`, () => {
    for (const { x, y } of specialValues(known)) {
      // Those that are no floats, as log ½, are rounded as any other.
      const allowed = Number.isFinite(y) && !Number.isInteger(y) ? ulps : 0;
      assert.ok(ulpDistance(at(x), y) <= allowed, `at ${x}: ${at(x)}, not ${y}`);
    }
  });
}

Deno.test("sign() is −1, 1 or the zero or NaN that it was given", () => {
  const values = [-Infinity, -3, -5e-324, -0, 0, 5e-324, 2, Infinity, NaN];
  const signs = [-1, -1, -1, -0, 0, 1, 1, 1, NaN];
  assert.deepEqual([...sign(values).data], signs);
  assert.deepEqual(grad((x) => sign(x).mul(x).sum())([-2, 3]).toArray(), [-1, 1]);
});

/** The remainder as Python has it, but for 0 where that rounds to the divisor. */
function floored(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return Math.sign(b) * 0;
  const turned = (rest < 0) === (b < 0) ? rest : rest + b;
  return turned === b ? Math.sign(b) * 0 : turned;
}

Deno.test("mod() is Python's remainder for quotients up to 2¹⁰⁰", () => {
  const numbers = spreadFloats(4000).filter((x) => Math.abs(x) > 1e-290 && Math.abs(x) < 1e290);
  const small = Float64Array.from(normal(key(3), [4000]).data);
  let compared = 0;
  const compare = (a: number, b: number): void => {
    if (!(Math.abs(a / b) < 2 ** 100)) return;
    compared++;
    const actual = mod(a, b).item();
    assert.ok(Object.is(actual, floored(a, b)), `${a} mod ${b}: ${actual}, not ${floored(a, b)}`);
  };
  for (let i = 1; i < numbers.length; i++) compare(numbers[i], numbers[i - 1]);
  for (let i = 1; i < small.length; i++) {
    compare(small[i], small[i - 1]);
    compare(small[i] * 1e6, small[i - 1]);
    compare(small[i] * 1e25, small[i - 1]);
    compare(Math.round(small[i] * 50), 7);
    compare(Math.round(small[i] * 50) / 4, -0.75);
  }
  assert.ok(compared > 20_000, `${compared} compared`);
});

Deno.test("mod() has the sign of its divisor, and NaN where there is no remainder", () => {
  const pairs = [[5, 3], [-5, 3], [5, -3], [-5, -3], [6, 3], [-6, 3], [6, -3], [0, -2], [-0, 2]];
  const rests = [2, 1, -1, -2, 0, 0, -0, -0, 0];
  assert.deepEqual(pairs.map(([a, b]) => mod(a, b).item()), rests);
  const endless = [[5, Infinity], [-5, Infinity], [5, -Infinity], [0, -Infinity], [-0, Infinity]];
  assert.deepEqual(endless.map(([a, b]) => mod(a, b).item()), [5, Infinity, -Infinity, -0, 0]);
  for (const [a, b] of [[1, 0], [0, 0], [Infinity, 2], [NaN, 1], [1, NaN], [1e300, 1]]) {
    assert.equal(mod(a, b).item(), NaN, `${a} mod ${b}`);
  }
  assert.deepEqual(mod([[1], [8]], [3, 5]).toArray(), [[1, 1], [2, 3]]);
});

Deno.test("mod() lies from 0 up to, not with, its divisor, or is NaN", () => {
  const values = [...specialFloats(), ...spreadFloats(200)].filter((x) => Math.abs(x) < 1e290);
  for (const a of values) {
    for (const b of values) {
      const rest = mod(a, b).item();
      assert.ok(Number.isNaN(rest) || (Math.abs(rest) < Math.abs(b) && rest * Math.sign(b) >= 0));
    }
  }
});

Deno.test("atan2() agrees with the platform's, to the bit where IEEE 754 says what it is", () => {
  const values = specialFloats();
  const numbers = spreadFloats(4000);
  const compare = (y: number, x: number): void => {
    const [actual, expected] = [atan2(y, x).item(), Math.atan2(y, x)];
    const text = `atan2(${y}, ${x}) = ${actual}, not ${expected}`;
    // The platform's own error is below 1 ulp.
    assert.ok(ulpDistance(actual, expected) <= 3, text);
    const edge = [y, x].some((z) => z === 0 || Math.abs(z) === Infinity);
    if (edge) assert.ok(Object.is(actual, expected), text);
  };
  for (const y of [...values, -0]) [...values, -0].forEach((x) => compare(y, x));
  for (let i = 1; i < numbers.length; i++) compare(numbers[i], numbers[i - 1]);
  const plane = normal(key(4), [4000]).data;
  for (let i = 1; i < plane.length; i++) compare(plane[i], plane[i - 1]);
});

Deno.test("the gradient of atan2() neither over- nor underflows", () => {
  for (const size of [1e-300, 1, 1e300]) {
    const [y, x] = [3 * size, 4 * size];
    const slopes = grad((p) => atan2(p.at(0), p.at(1)))([y, x]).data;
    [4 / 25 / size, -3 / 25 / size].forEach((slope, i) => {
      assert.ok(Math.abs(slopes[i] / slope - 1) < 1e-14, `${slopes[i]}, not ${slope}`);
    });
  }
});

Deno.test("erf() is odd, and erfc() is its complement", () => {
  for (const x of spreadFloats(2000)) {
    if (Number.isNaN(x)) continue;
    assert.equal(erf(-x).item(), -erf(x).item());
    assert.ok(Math.abs(erf(x).item() + erfc(x).item() - 1) <= 3e-16);
    assert.ok(Math.abs(erf(x).item()) <= 1);
  }
});

Deno.test("the gradient of logNormalCdf() is φ/Φ, on the left to the last digits", () => {
  const slope = grad((x) => logNormalCdf(x).sum());
  for (const { x, y } of tabulated("logNormalCdf")) {
    const [actual] = slope([x]).data;
    if (x < -1e300) continue;
    if (x < -1e7) assert.ok(ulpDistance(actual, -x) <= 2, `at ${x}: ${actual}`);
    else if (x < 38) {
      const expected = Math.exp(-x * x / 2 - y) / Math.sqrt(2 * Math.PI);
      // The comparison cancels: the exponent's terms are of size x²/2.
      const digits = 4e-16 * Math.max(1, x * x / 2) + 1e-14;
      assert.ok(Math.abs(actual / expected - 1) <= digits, `at ${x}: ${actual}, not ${expected}`);
    } else assert.equal(actual, 0);
  }
  assert.deepEqual(slope([-Infinity, Infinity]).toArray(), [Infinity, 0]);
});

Deno.test("the gradient of logNormalCdf() is the reciprocal of erfcx()", () => {
  for (const { x, y } of tabulated("erfcx")) {
    if (x <= 0 || x > 1e300) continue;
    const actual = grad((x) => logNormalCdf(x))(-x * Math.SQRT2).item();
    assert.ok(Math.abs(actual * y / Math.sqrt(2 / Math.PI) - 1) < 2e-15, `at ${x}`);
  }
});

Deno.test("lgamma() obeys Γ(x + 1) = x Γ(x) over all of its branches", () => {
  for (let i = 1; i < 2000; i++) {
    const x = i / 100;
    const [here, next] = [lgamma(x).item(), lgamma(x + 1).item()];
    const size = Math.max(1, Math.abs(next), Math.abs(here));
    assert.ok(Math.abs(next - here - tensor(x).log().item()) < 2e-15 * size, `at ${x}`);
  }
  for (const x of [-0.5, -1, -2.5, -1e300, -Infinity]) assert.equal(lgamma(x).item(), NaN);
});

Deno.test("digamma() and trigamma() are the derivatives of lgamma(), of which there is no third", () => {
  const x = tensor([0.01, 0.7, 1.4616321449683623, 3, 40, 1e6]);
  assert.deepEqual(grad((y) => lgamma(y).sum())(x).toArray(), digamma(x).toArray());
  assert.deepEqual(grad((y) => digamma(y).sum())(x).toArray(), trigamma(x).toArray());
  assert.throws(() => grad(trigamma)(1), {
    name: "TypeError",
    message: /Cannot differentiate trigamma: .* lgamma can be differentiated only twice/,
  });
  assert.deepEqual([0, -0, -1].map((x) => digamma(x).item()), [-Infinity, -Infinity, NaN]);
});

Deno.test("special functions say what they do not take", () => {
  assert.throws(() => erf(tensor(true)), { message: /Cannot apply erf to bool\[\]/ });
  assert.throws(() => atan2([1, 2], [1, 2, 3]), { message: /Cannot atan2 tensors of shapes/ });
});

Deno.test("logAddExp() of 0 is softplus(), of equals adds ln 2, and orders no operands", () => {
  const { data } = tensor([-800, -700, -37, -1, -1e-9, -0, 0, 1e-300, 0.3, 1, 36, 709, 1e300]);
  for (const x of data) {
    const exact = tensor(x).softplus().item();
    assert.ok(ulpDistance(logAddExp(0, x).item(), x === 0 ? Math.LN2 : exact) <= 1, `at ${x}`);
    assert.equal(logAddExp(x, 0).item(), logAddExp(0, x).item());
    assert.equal(logAddExp(x, x).item(), x + Math.LN2);
  }
});

Deno.test("logAddExp() of infinities is the larger one, and NaN stays NaN", () => {
  for (const a of [-Infinity, -1, 0, 5, Infinity]) {
    for (const b of [-Infinity, Infinity]) {
      assert.equal(logAddExp(a, b).item(), Math.max(a, b));
      assert.equal(logAddExp(b, a).item(), Math.max(a, b));
    }
    assert.ok(Number.isNaN(logAddExp(a, NaN).item()) && Number.isNaN(logAddExp(NaN, a).item()));
  }
});

Deno.test("the gradient of logAddExp() shares 1 out, also far apart", () => {
  const slopes = grad((p) => logAddExp(p.at(0), p.at(1)));
  assert.deepEqual(slopes([3, 3]).toArray(), [0.5, 0.5]);
  assert.deepEqual(slopes([1e4, -1e4]).toArray(), [1, 0]);
  assert.deepEqual(slopes([-Infinity, 2]).toArray(), [0, 1]);
});

import assert from "node:assert/strict";
import { formatOf } from "../../../../src/tensor/functions/precision.ts";
import { spreadSingleFloats } from "../../../compile/floats.ts";
import {
  single,
  specialValues,
  TABULATED,
  type Tabulated,
  tabulated,
  type Tabulation,
  ulpDistance,
} from "./ulp.ts";

/** What the documentation promises, in ulp. */
const PROMISED: { readonly [P in Tabulated]: number } = {
  ...{ exp: 1, log: 1, log1p: 2, expm1: 2, sin: 2, cos: 2, tan: 4, tanh: 3 },
  ...{ sigmoid: 3, softplus: 2, atan: 1, erf: 3, erfc: 5, erfcx: 7 },
  ...{ logNormalCdf: 8, lgamma: 7, digamma: 4 },
};

/** Below this a float is no normal number, and results that come from eˣ may be 0. */
const LEAST_NORMAL = 2 ** -126;

function distance(actual: number, expected: number): number {
  const lost = actual === 0 && Math.abs(expected) < LEAST_NORMAL;
  return lost ? 0 : ulpDistance(actual, expected);
}

function worst(table: readonly Tabulation[], f: (x: number) => number): [number, string] {
  const errors = table.map(({ x, y }) => distance(f(x), y));
  const error = errors.reduce((a, b) => Math.max(a, b), 0);
  const { x, y } = table[errors.indexOf(error)];
  return [error, `${error} ulp at ${x}: ${f(x)}, not ${y}`];
}

for (const name of TABULATED) {
  Deno.test(`f32 ${name} is within ${PROMISED[name]} ulp of the exact value`, () => {
    const [error, text] = worst(tabulated(name), (x) => single(name, x));
    assert.ok(error <= PROMISED[name], text);
  });

  Deno.test(`f32 ${name} gives the special values but for the sign of zero`, () => {
    for (const { x, y } of specialValues(name)) {
      // Those that are no floats, as log ½, are rounded as any other.
      const allowed = Number.isFinite(y) && !Number.isInteger(y) ? PROMISED[name] : 0;
      const actual = single(name, x);
      assert.ok(ulpDistance(actual, y) <= allowed, `at ${x}: ${actual}, not ${y}`);
    }
  });
}

/** Where the double functions are good to more digits than a float holds. */
const COMPARED: { readonly [P in Tabulated]?: (x: number) => boolean } = {
  sin: (x) => Math.abs(x) <= 25_000,
  cos: (x) => Math.abs(x) <= 25_000,
  tan: (x) => Math.abs(x) <= 25_000,
  sigmoid: (x) => x > -87.3,
};

for (const name of TABULATED) {
  Deno.test(`f32 ${name} is as near to the f64 one on floats of random bits`, () => {
    const double = formatOf("f64");
    const compared = COMPARED[name] ?? (() => true);
    for (const x of spreadSingleFloats(20_000)) {
      if (!compared(x)) continue;
      const expected = Math.fround(double.unary[name](double.arithmetic, x));
      const actual = single(name, x);
      const text = `at ${x}: ${actual}, not ${expected}`;
      assert.ok(distance(actual, expected) <= PROMISED[name], text);
    }
  });
}

Deno.test("f32 sin and cos stay in [−1, 1] and lose their digits no faster than the angle grows", () => {
  const double = formatOf("f64");
  for (const x of spreadSingleFloats(40_000)) {
    if (!Number.isFinite(x)) continue;
    for (const name of ["sin", "cos"] as const) {
      const y = single(name, x);
      assert.ok(Math.abs(y) <= 1, `${name} ${x} = ${y}`);
      const error = Math.abs(y - double.unary[name](double.arithmetic, x));
      if (Math.abs(x) < 1e6) assert.ok(error <= 2 ** -24 * Math.max(2, Math.abs(x)), `at ${x}`);
    }
  }
});

Deno.test("a coefficient that is off by 3e-7 is caught", () => {
  const [error] = worst(tabulated("exp"), (x) => Math.fround(single("exp", x) * (1 + 3e-7)));
  assert.ok(error > PROMISED.exp, `only ${error} ulp`);
});

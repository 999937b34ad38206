import assert from "node:assert/strict";
import {
  cos,
  exp,
  expm1,
  log,
  log1p,
  sin,
  tanh,
} from "../../../src/tensor/functions/scalar_math.ts";
import { specialValues, type Tabulated, tabulated, ulpDistance, worst } from "../ulp.ts";

type Elementary = (x: number) => number;

/** Range reduction of sin and cos keeps its digits up to about here. */
const PERIODIC_RANGE = 1e6;

function everywhere(): boolean {
  return true;
}

function inPeriodicRange(x: number): boolean {
  return Math.abs(x) <= PERIODIC_RANGE;
}

/** Where eˣ is a normal number, or more than one. */
function whereNormal(x: number): boolean {
  return x >= -708.3964185322641;
}

const measured: [
  Tabulated,
  Elementary,
  ulps: number,
  where: (x: number) => boolean,
][] = [
  ["exp", exp, 2, whereNormal],
  ["expm1", expm1, 2, everywhere],
  ["log", log, 2, everywhere],
  ["log1p", log1p, 2, everywhere],
  ["sin", sin, 2, inPeriodicRange],
  ["cos", cos, 2, inPeriodicRange],
  ["tanh", tanh, 4, everywhere],
];

Deno.test("ulpDistance() counts the steps between two numbers", () => {
  assert.equal(ulpDistance(1, 1), 0);
  assert.equal(ulpDistance(1, 1 + Number.EPSILON), 1);
  assert.equal(ulpDistance(-0, 0), 0);
  assert.equal(ulpDistance(-Number.MIN_VALUE, Number.MIN_VALUE), 2);
  assert.equal(ulpDistance(Infinity, Number.MAX_VALUE), 1);
  assert.equal(ulpDistance(NaN, NaN), 0);
  assert.equal(ulpDistance(NaN, 1), Infinity);
});

for (const [name, f, ulps, where] of measured) {
  Deno.test(`${name}() is within ${ulps} ulp of the exact value`, () => {
    const [error, text] = worst(
      tabulated(name).filter(({ x }) => where(x)),
      f,
    );
    assert.ok(error <= ulps, text);
  });

  Deno.test(`${name}() gives IEEE's special values but for the sign of zero`, () => {
    for (const { x, y } of specialValues(name)) {
      assert.equal(ulpDistance(f(x), y), 0, `at ${x}: ${f(x)}, not ${y}`);
    }
  });
}

Deno.test("exp() is 0 where it would be less than a normal number", () => {
  const below = tabulated("exp").filter(({ x }) => !whereNormal(x));
  assert.ok(below.length > 10);
  for (const { x } of below) assert.ok(Object.is(exp(x), 0), `${exp(x)} at ${x}`);
});

Deno.test("exp() keeps a NaN, whatever bits it has", () => {
  // R's missing value is a NaN with the low word 1954.
  const [missing] = new Float64Array(Uint32Array.of(1954, 0x7ff00000).buffer);
  assert.ok(Number.isNaN(exp(missing)));
});

Deno.test("a coefficient that is off by 1e-15 is caught", () => {
  const [error] = worst(
    tabulated("exp").filter(({ x }) => whereNormal(x)),
    (x) => exp(x) * (1 + 1e-15),
  );
  assert.ok(error > 2, `only ${error} ulp`);
});

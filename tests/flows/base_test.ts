import assert from "node:assert/strict";
import { type Base, basePoints, logDensityAtOrigin, normalsOf } from "../../src/flows/base.ts";
import { uniformityProbability } from "../statistics/uniformity.ts";
import { normals } from "../diagnostics/series.ts";

const base = (degrees: number, ...periodic: boolean[]): Base => ({ degrees, periodic });

Deno.test("bases are normalised at their origin", () => {
  const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-13, `${a}, not ${b}`);
  near(logDensityAtOrigin(base(0, false, false)), -Math.log(2 * Math.PI));
  near(logDensityAtOrigin(base(0, true)), -Math.log(2 * Math.PI));
  // The Cauchy density at 0 is 1/π, that of the Student-t with 2 degrees of freedom 1/√8.
  near(logDensityAtOrigin(base(1, false)), -Math.log(Math.PI));
  near(logDensityAtOrigin(base(2, false)), -Math.log(8) / 2);
  // Γ(5/2)/Γ(3/2) = 3/2; the plane with 3 degrees of freedom.
  near(logDensityAtOrigin(base(3, false, false)), Math.log(1.5 / (3 * Math.PI)));
  near(
    logDensityAtOrigin(base(3, false, true, false)),
    Math.log(1.5 / (3 * Math.PI) / (2 * Math.PI)),
  );
});

Deno.test("points of a base are made from as many normal numbers as it says", () => {
  assert.equal(normalsOf(base(0, false, false)), 2);
  assert.equal(normalsOf(base(0, false, true)), 3);
  assert.equal(normalsOf(base(5, false, true)), 8);
  const numbers = normals([1, 1], 6);
  assert.equal(basePoints(base(0, false, false), numbers), numbers);
  assert.throws(() => basePoints(base(1, false), normals([1, 1], 5)), /^TypeError: .* 5 numbers/);
});

/** Probability of a chance deviation in each statistic below: three of them. */
const LEVEL = 1e-6;

Deno.test("angles are uniform, and lengths of Student-t points as their distribution says", () => {
  const n = 20_000;
  const angles = basePoints(base(0, true), normals([1, 2], 2 * n));
  assert.ok(angles.every((each) => Math.abs(each) <= Math.PI));
  const uniform = angles.map((each) => (each + Math.PI) / (2 * Math.PI));
  assert.ok(uniformityProbability(uniform) > LEVEL);
  // With 2 degrees of freedom P(T < t) = ½ + t / (2√(2 + t²)); with 1 in the plane, P(R < r) = 1 − 1/√(1 + r²).
  const line = basePoints(base(2, false), normals([1, 3], 3 * n));
  assert.ok(uniformityProbability(line.map((t) => 0.5 + t / (2 * Math.sqrt(2 + t * t)))) > LEVEL);
  const plane = basePoints(base(1, false, false), normals([1, 4], 3 * n));
  const radii = Float64Array.from(
    { length: n },
    (_, i) => 1 - 1 / Math.sqrt(1 + plane[2 * i] ** 2 + plane[2 * i + 1] ** 2),
  );
  assert.ok(uniformityProbability(radii) > LEVEL);
});

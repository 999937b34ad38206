import assert from "node:assert/strict";
import { independentComponents } from "../../src/flows/independent_components.ts";
import { normals, uniforms } from "../diagnostics/series.ts";

const N = 4000;
const all = (d: number): boolean[] => new Array<boolean>(d).fill(true);

/** Rows times a matrix, both row by row. */
function times(rows: Float64Array, matrix: Float64Array, d: number): Float64Array {
  return rows.map((_, at) => {
    const [row, j] = [Math.floor(at / d), at % d];
    let sum = 0;
    for (let k = 0; k < d; k++) sum += rows[row * d + k] * matrix[k * d + j];
    return sum;
  });
}

/** A product of turns of neighbouring coordinates. */
function turns(d: number, angle: number): Float64Array {
  let matrix: Float64Array = Float64Array.from(
    { length: d * d },
    (_, i) => i % (d + 1) === 0 ? 1 : 0,
  );
  for (let i = 0; i + 1 < d; i++) {
    const turn = Float64Array.from({ length: d * d }, (_, k) => k % (d + 1) === 0 ? 1 : 0);
    const [c, s] = [Math.cos(angle + i), Math.sin(angle + i)];
    turn[i * d + i] = c;
    turn[(i + 1) * d + i + 1] = c;
    turn[i * d + i + 1] = s;
    turn[(i + 1) * d + i] = -s;
    matrix = times(matrix, turn, d);
  }
  return matrix;
}

function assertOrthogonal(r: Float64Array, d: number): void {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += r[k * d + i] * r[k * d + j];
      assert.ok(Math.abs(sum - (i === j ? 1 : 0)) < 1e-13);
    }
  }
}

/** Uniform coordinates with the unit variance. */
const flat = (d: number): Float64Array =>
  uniforms([d, 1], N * d).map((u) => Math.sqrt(12) * (u - 0.5));

/** From 2,000 rows an angle is known to a tenth or so. */
Deno.test("turned uniform coordinates are turned back, up to names and signs of axes", () => {
  for (const d of [2, 3, 6]) {
    const mixed = times(flat(d), turns(d, 0.4), d);
    const r = independentComponents(mixed, d, all(d));
    assertOrthogonal(r, d);
    const whole = times(turns(d, 0.4), r, d);
    for (let i = 0; i < d; i++) {
      const row = whole.subarray(i * d, (i + 1) * d).map(Math.abs).sort();
      assert.ok(row[d - 1] > 0.95, `${row}`);
    }
  }
});

Deno.test("normal coordinates, and independent ones, stay as they are", () => {
  const identity = turns(5, 0).map((_, i) => i % 6 === 0 ? 1 : 0);
  assert.deepEqual(independentComponents(normals([5, 2], N * 5), 5, all(5)), identity);
  const r = independentComponents(flat(5), 5, all(5));
  r.forEach((each, i) => assert.ok(Math.abs(each - identity[i]) < 0.1));
});

Deno.test("coordinates that are not free keep their axes", () => {
  const mixed = times(flat(4), turns(4, 0.4), 4);
  const r = independentComponents(mixed, 4, [true, false, true, true]);
  assertOrthogonal(r, 4);
  for (let i = 0; i < 4; i++) {
    assert.equal(r[4 + i], i === 1 ? 1 : 0);
    assert.equal(r[4 * i + 1], i === 1 ? 1 : 0);
  }
  assert.ok(Math.abs(r[2]) > 0.05 || Math.abs(r[3]) > 0.05);
});

Deno.test("outliers do not rule the rotation", () => {
  const mixed = times(flat(2), turns(2, 0.4), 2);
  mixed[0] = 1e6;
  const whole = times(turns(2, 0.4), independentComponents(mixed, 2, all(2)), 2);
  assert.ok(Math.max(Math.abs(whole[0]), Math.abs(whole[1])) > 0.98);
});

import assert from "node:assert/strict";
import { memory } from "../../src/diagnostics/memory.ts";
import { sorted } from "../../src/diagnostics/sort.ts";
import { fastCheck as fc } from "../deps.ts";
import { normals, replications } from "./series.ts";

/** Asserts the order that the engine's own sort gives, and that the places lead back. */
function assertSorts(values: Float64Array, room = memory()): void {
  const before = values.slice();
  const { values: ascending, places } = sorted(values, room, "test");
  assert.deepEqual(values, before);
  // Zeros of both signs are equal, in any order.
  const unsigned = (numbers: Float64Array) => numbers.map((x) => x + 0);
  assert.deepEqual(unsigned(ascending), unsigned(values.toSorted()));
  places.forEach((place, i) => assert.ok(Object.is(values[place], ascending[i])));
  assert.deepEqual(places.toSorted(), Uint32Array.from(values, (_, i) => i));
}

Deno.test("sorted() sorts any numbers", () => {
  const numbers = fc.oneof(
    fc.double({ noNaN: true }),
    fc.constantFrom(0, -0, Infinity, -Infinity, 5e-324, -5e-324, 1, -1),
    fc.integer({ min: -3, max: 3 }),
  );
  fc.assert(
    fc.property(fc.array(numbers), (values) => assertSorts(Float64Array.from(values))),
    { numRuns: 300 },
  );
});

Deno.test("sorted() sorts numbers that differ in their last digits alone", () => {
  // The high words of these doubles are all equal, or two of them.
  const [key] = replications(41, 1);
  const noise = normals(key, 3000);
  assertSorts(noise.map((x) => 1e12 + Math.round(1e4 * x)));
  assertSorts(noise.map((x) => -1e12 + Math.round(1e4 * x)));
  assertSorts(noise.map((x) => 5e-324 * Math.round(1000 * x)));
});

Deno.test("sorted() uses its memory again without a trace of the last sample", () => {
  const room = memory();
  replications(42, 4).forEach((key, i) => assertSorts(normals(key, 500 + 250 * (i % 2)), room));
});

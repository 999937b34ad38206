/** Batches name the same rows after the rows that nobody names are left out. */
import assert from "node:assert/strict";
import { completeBatches, namedRows } from "../../src/flows/batch.ts";

const data = Float64Array.from({ length: 40 }, (_, i) => i);

function pointsOf(
  { data, steps }: Pick<ReturnType<typeof namedRows>, "data" | "steps">,
): number[][] {
  return steps.map(({ rows }) =>
    [...rows].flatMap((row) => [...data.subarray(2 * row, 2 * row + 2)])
  );
}

Deno.test("namedRows() keeps what batches are made of, in their order, rows twice as well", () => {
  const batches = [[19, 3], [3], [7, 7]].map((rows) => ({
    rows: Uint32Array.from(rows),
    learningRate: 1,
  }));
  const steps = completeBatches(batches, 20);
  const named = namedRows(data, 2, steps);
  assert.equal(named.data.length, 10);
  assert.deepEqual(pointsOf(named), pointsOf({ data, steps }));
});

Deno.test("namedRows() takes the data as they are where that is not more", () => {
  const rows = Uint32Array.from({ length: 20 }, (_, row) => 19 - row);
  const steps = completeBatches([{ rows, learningRate: 1 }], 20);
  assert.deepEqual(namedRows(data, 2, steps), { data, steps });
});

Deno.test("completeBatches() fills in a clip of 1 and no decay", () => {
  const rows = Uint32Array.of(0);
  assert.deepEqual(completeBatches([{ rows, learningRate: 1 }], 1), [
    { rows, learningRate: 1, clip: 1, weightDecay: 0 },
  ]);
});

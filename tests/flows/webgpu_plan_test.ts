/** How flows are laid out for shaders; the plan alone, which needs no adapter. */
import assert from "node:assert/strict";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { packed, planFor, unpacked } from "../../src/flows/webgpu_plan.ts";
import { KINDS, stateOf } from "./kinds.ts";
import { shapeFor } from "./webgpu_device.ts";

const flows = [
  ...KINDS.map((kind) => ({ name: kind.name, flow: kind.flow, periodic: kind.periodic })),
  {
    name: "hidden layers of odd widths",
    flow: splineFlow({ layers: 3, hidden: [5, 8, 13], bins: 7 }),
    periodic: () => new Array<boolean>(7).fill(false),
  },
  {
    name: "no hidden layers",
    flow: splineFlow({ layers: 2, hidden: [] }),
    periodic: () => new Array<boolean>(7).fill(false),
  },
];

for (const kind of flows) {
  const state = stateOf(kind, 7);
  const plan = planFor(shapeFor(kind.flow, state));

  Deno.test(`${kind.name}: every weight has a place of its own`, () => {
    assert.equal(plan.places.length, state.weights.length);
    assert.equal(new Set(plan.places).size, plan.places.length);
    assert.ok(plan.places.every((place) => place < 4 * plan.vectors));
    const there = packed(plan, state.weights);
    assert.equal(there.length, 4 * plan.vectors);
    assert.deepEqual(unpacked(plan, there), state.weights);
    // What fills vectors up is 0.
    const sum = (numbers: Float32Array): number =>
      numbers.reduce((total, each) => total + Math.abs(each), 0);
    assert.ok(Math.abs(sum(there) - sum(state.weights)) < 1e-6 * sum(state.weights));
  });

  Deno.test(`${kind.name}: each weight is in one square, within what a row leaves`, () => {
    const covered = new Set<number>();
    for (let tile = 0; tile < plan.tiles.length; tile += 4) {
      const [inputs, slopes, at, columns] = plan.tiles.subarray(tile, tile + 4);
      assert.ok(inputs < plan.rowVectors && slopes < plan.rowVectors);
      for (let i = 0; i < 4; i++) {
        const vector = at + i * columns;
        assert.ok(vector < plan.vectors);
        assert.ok(!covered.has(vector), "two squares have a vector");
        covered.add(vector);
      }
    }
    assert.ok(plan.places.every((place) => covered.has(Math.floor(place / 4))));
  });

  Deno.test(`${kind.name}: the plan says where the words of each layer are`, () => {
    const { masks, periodic } = state;
    const start = 2 * masks.length;
    assert.deepEqual([...plan.words.subarray(start, start + 7)], periodic.map(Number));
    masks.forEach((mask, layer) => {
      const at = plan.words[2 * layer];
      const moved = mask.filter((each) => each).length;
      assert.deepEqual([...plan.words.subarray(at, at + 2)], [7 - moved, moved]);
      const given = plan.words.subarray(at + 4, at + 4 + 7 - moved);
      assert.ok(given.every((coordinate) => !mask[coordinate]));
      assert.equal(plan.words[2 * layer + 1] > 0, state.rotations[layer] !== undefined);
    });
  });
}

Deno.test("rows that only fill a map up are in no square and hold no weight", () => {
  // Training must not read slopes there: it begins with zeros.
  const kind = flows[8];
  const state = stateOf(kind, 7);
  const plan = planFor(shapeFor(kind.flow, state));
  assert.ok(plan.tiles.length < plan.vectors);
});

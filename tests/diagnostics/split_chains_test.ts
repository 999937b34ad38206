import assert from "node:assert/strict";
import { memory } from "../../src/diagnostics/memory.ts";
import { sorted } from "../../src/diagnostics/sort.ts";
import { sortedHalvesOf, splitChains } from "../../src/diagnostics/split_chains.ts";
import { drawsCases } from "./golden.ts";

Deno.test("splitChains() leaves out the middle one of an odd number of draws", () => {
  const values = Float64Array.of(1, 2, 9, 3, 4, 5, 6, 9, 7, 8);
  assert.deepEqual(splitChains({ values, chains: 2, draws: 5 }, memory()), {
    values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    chains: 4,
    draws: 2,
  });
  assert.equal(splitChains({ values, chains: 1, draws: 10 }, memory()).values, values);
});

Deno.test("sortedHalvesOf() is the sorted sample of the halves", () => {
  for (const { name, draws: { data: values, shape: [chains, draws] } } of drawsCases) {
    const room = memory();
    const whole = { values, chains, draws };
    const halves = splitChains(whole, room);
    const found = sortedHalvesOf(sorted(values, room, "all"), whole, room);
    assert.deepEqual(found.values, halves.values.toSorted(), name);
    found.places.forEach((place, i) => assert.equal(halves.values[place], found.values[i], name));
    assert.equal(new Set(found.places).size, halves.values.length, name);
  }
});

import assert from "node:assert/strict";
import { wasmMachine } from "../../../src/compile/machine.ts";
import { optimised } from "../../../src/compile/passes/optimise.ts";
import { fastCheck as fc } from "../../deps.ts";
import { Decisions } from "../random_program.ts";
import { randomNest } from "./random_nest.ts";
import { countsOf, memoryAfter } from "./raw_nest.ts";

const MORE_RUNS = Deno.env.get("TRIBUTARY_RANDOM_NESTS");

Deno.test("optimised() leaves in memory what the nest left there before, in random nests", () => {
  const numbers = fc.array(fc.nat({ max: 2 ** 30 }), {
    minLength: 60,
    maxLength: 400,
    size: "max",
  });
  const changed = { loop: 0, store: 0, load: 0, rows: 0 };
  fc.assert(
    fc.property(numbers, (numbers) => {
      const nest = randomNest(new Decisions(numbers));
      const expected = memoryAfter(nest);
      const better = optimised(nest, wasmMachine("f64"));
      assert.deepEqual(memoryAfter(better), expected);
      const [before, after] = [countsOf(nest), countsOf(better)];
      if (after.loop < before.loop) changed.loop++;
      if (after.load < before.load) changed.load++;
      if (after.store < before.store) changed.store++;
      if (JSON.stringify(better.body).includes("inHalves")) changed.rows++;
    }),
    // Looking for a smaller nest takes minutes: only where somebody asked for more of them.
    { seed: 1, numRuns: Number(MORE_RUNS ?? 1000), endOnFailure: MORE_RUNS === undefined },
  );
  // The nests are such that there is something to do.
  for (const [what, times] of Object.entries(changed)) assert.ok(times > 50, `${what}: ${times}`);
});

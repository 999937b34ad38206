import assert from "node:assert/strict";
import { differentialEvolution, hostDensity, key, rwm, sample } from "../../mod.ts";
import { sizeWarnings } from "../../src/adaptive/ensemble_size.ts";

const bell = hostDensity(4, (x) => -0.5 * x.reduce((sum, each) => sum + each * each, 0));

Deno.test("sample() refuses fewer chains than moves by other chains need", async () => {
  await assert.rejects(
    sample(bell, key(0), { chains: 5, local: differentialEvolution() }),
    /^RangeError: Cannot sample 5 chains by differential evolution, .* `chains` of at least 6, or .*rwm\(\)$/,
  );
});

Deno.test("chains that do not span all directions are warned of, others are not", async () => {
  const evolution = differentialEvolution();
  assert.deepEqual(sizeWarnings(evolution, { chains: 10, dimension: 4 }), []);
  assert.deepEqual(sizeWarnings(rwm(), { chains: 2, dimension: 40 }), []);
  const [warning] = sizeWarnings(evolution, { chains: 9, dimension: 4 });
  assert.match(warning, /span 3 of 4 directions: .* `chains` of at least 10, better twice as many/);
  const run = (chains: number) =>
    sample(bell, key(0), {
      chains,
      local: evolution,
      flow: "none",
      stop: { maxDraws: 400 },
    });
  assert.ok((await run(9)).warnings.includes(warning));
  assert.ok(!(await run(10)).warnings.some((each) => each.includes("directions")));
});

Deno.test("chains that all start at one place spread by differential evolution", async () => {
  const run = await sample(bell, key(1), {
    local: differentialEvolution(),
    initial: Array.from({ length: 40 }, () => [0.5, 0.5, 0.5, 0.5]),
    flow: "none",
    stop: { effectiveSampleSize: 1000, maxDraws: 20_000 },
  });
  assert.deepEqual(run.warnings, []);
  for (const { sd } of run.summary().rows) {
    assert.ok(Math.abs(sd - 1) < 0.2, String(sd));
  }
});

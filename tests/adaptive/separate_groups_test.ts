import assert from "node:assert/strict";
import { density, key, sample } from "../../mod.ts";
import { groupWarnings, separateGroups } from "../../src/adaptive/separate_groups.ts";
import type { Draws } from "../../src/diagnostics/draws.ts";
import { independent, mapDraws, replications } from "../diagnostics/series.ts";

const CHAINS = 12;
const DRAWS = 40;

/** Draws of a vector of two whose first element is moved by chain. */
function moved(by: (chain: number, draw: number) => number): Draws {
  return mapDraws(independent(replications(71, 1)[0], [CHAINS, DRAWS, 2]), (x, i) => {
    const row = i >> 1;
    return i % 2 === 0 ? x + by(Math.floor(row / DRAWS), row % DRAWS) : x;
  });
}

const parameters = [{ name: "x", shape: [2] }];

Deno.test("chains that stay apart are in groups, named with where they are", () => {
  const x = moved((chain) => chain < 5 ? -20 : chain < 11 ? 0 : 20);
  const found = separateGroups({ x }, parameters);
  assert.equal(found?.name, "x[0]");
  assert.deepEqual(found.groups.map(({ chains }) => chains), [5, 6, 1]);
  const [text] = groupWarnings(found);
  assert.match(
    text,
    /^Chains are in 3 groups between which none has moved, by x\[0\]: 5 chains from -2\d\.\d to -1\d/,
  );
  assert.match(text, /, 1 chain from 1\d\.\d to 2\d\.\d\. These may be modes/);
});

Deno.test("a chain that crosses once joins the groups", () => {
  const x = moved((chain, draw) => (chain < 5) === (chain !== 3 || draw < 30) ? -20 : 20);
  assert.equal(separateGroups({ x }, parameters), undefined);
  assert.deepEqual(groupWarnings(undefined), []);
});

Deno.test("chains that meet, or have hardly moved, are in no groups", () => {
  assert.equal(separateGroups({ x: moved(() => 0) }, parameters), undefined);
  assert.equal(separateGroups({ x: moved((chain) => 20 * chain) }, parameters), undefined);
  const few = {
    data: Float64Array.from({ length: 12 * 4 }, (_, i) => i < 24 ? 0 : 9),
    shape: [12, 4],
  };
  assert.equal(separateGroups({ x: few }, [{ name: "x", shape: [] }]), undefined);
  const angles = moved((chain) => chain < 5 ? -20 : 20);
  const periodic = [true, false];
  assert.equal(separateGroups({ x: angles }, [{ name: "x", shape: [2], periodic }]), undefined);
});

Deno.test("a run whose chains never meet says so", async () => {
  const apart = density(1, (x) => x.abs().sub(30).square().sum().mul(-0.5));
  const initial = Array.from({ length: 16 }, (_, i) => [i % 4 === 0 ? 30 : -30]);
  const options = { initial, chains: 16, flow: "none", stop: { maxDraws: 100 } } as const;
  const run = await sample(apart, key(1), options);
  assert.ok(run.convergence.nestedRHat > 1.5);
  assert.ok(
    run.warnings.some((text) => /in 2 groups .* by x\[0\]: 12 chains .*, 4 chains/.test(text)),
    run.warnings.join("\n"),
  );
  const together = await sample(apart, key(1), { ...options, initial: initial.map(() => [30]) });
  assert.ok(together.warnings.every((text) => !text.includes("groups")));
});

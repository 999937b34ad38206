import assert from "node:assert/strict";
import { convergence } from "../../src/diagnostics/convergence.ts";
import { monteCarloStandardError } from "../../src/diagnostics/monte_carlo_standard_error.ts";
import { summarise } from "../../src/diagnostics/summary.ts";
import { assertClose, drawsCases } from "./golden.ts";
import { independent, replications } from "./series.ts";

Deno.test("summarise() gives what its numbers are by themselves", () => {
  const all = Object.fromEntries(drawsCases.map(({ name, draws }) => [name, draws]));
  const { rows } = summarise(all);
  assert.deepEqual(rows.map(({ name }) => name), drawsCases.map(({ name }) => name));
  rows.forEach((row, i) => {
    const { name, draws } = drawsCases[i];
    const [expected] = convergence(draws);
    assert.equal(row.rHat, expected.rHat, name);
    assert.equal(row.effectiveSampleSize, expected.effectiveSampleSize, name);
    assert.equal(row.effectiveSampleSizeTail, expected.effectiveSampleSizeTail, name);
    assert.equal(row.monteCarloStandardError, monteCarloStandardError(draws), name);
  });
});

Deno.test("summarise() gives mean, standard deviation and quantiles", () => {
  // 1 … 101 in a scrambled order, whose quantiles are known.
  const data = Float64Array.from({ length: 101 }, (_, i) => (37 * i) % 101 + 1);
  const { rows: [row] } = summarise({ x: { data, shape: [1, 101] } });
  assert.equal(row.mean, 51);
  assertClose(row.sd, Math.sqrt(858.5), 1e-14);
  assertClose(row.q5, 6, 1e-15);
  assert.equal(row.median, 51);
  assertClose(row.q95, 96, 1e-15);
});

Deno.test("summarise() has a row for each scalar of each parameter, in their order", () => {
  const keys = replications(71, 3);
  const w = independent(keys[1], [3, 31, 2, 3]);
  const { rows } = summarise({
    w,
    mu: independent(keys[0], [2, 10]),
    none: { data: new Float64Array(), shape: [2, 10, 0] },
    z: independent(keys[2], [3, 31]),
  });
  const names = ["w[0,0]", "w[0,1]", "w[0,2]", "w[1,0]", "w[1,1]", "w[1,2]", "mu", "z"];
  assert.deepEqual(rows.map(({ name }) => name), names);
  const x = { data: w.data.filter((_, i) => i % 6 === 5), shape: [3, 31] };
  assert.deepEqual({ ...rows[5], name: "x" }, summarise({ x }).rows[0]);
});

Deno.test("summarise() says as much as few draws tell", () => {
  const { rows: [row] } = summarise({ x: { data: Float64Array.of(0, 40), shape: [1, 2] } });
  assertClose(row.q5, 2, 1e-15);
  assertClose(row.q95, 38, 1e-15);
  assert.deepEqual({ ...row, q5: 2, q95: 38 }, {
    name: "x",
    mean: 20,
    sd: Math.sqrt(800),
    monteCarloStandardError: NaN,
    q5: 2,
    median: 20,
    q95: 38,
    rHat: NaN,
    nestedRHat: NaN,
    effectiveSampleSize: NaN,
    effectiveSampleSizeTail: NaN,
  });
});

Deno.test("summarise() is shown as its table and kept as its rows", () => {
  const summary = summarise({ mu: independent(replications(72, 1)[0], [16, 100]) });
  assert.match(String(summary), /^ +mean .*\nmu /);
  assert.equal(Deno.inspect(summary), String(summary));
  assert.deepEqual(JSON.parse(JSON.stringify(summary)), { rows: summary.rows });
});

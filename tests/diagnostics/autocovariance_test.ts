import assert from "node:assert/strict";
import { covariance } from "../../src/diagnostics/autocovariance.ts";
import type { Chains } from "../../src/diagnostics/draws.ts";
import { autoregressive, replications } from "./series.ts";

/** (1/n) Σ (xᵢ − x̄)(xᵢ₊ₜ − x̄), averaged over chains, as it is written. */
function direct({ values, chains, draws }: Chains, lag: number): number {
  let total = 0;
  for (let chain = 0; chain < chains; chain++) {
    const x = values.subarray(chain * draws, (chain + 1) * draws);
    const mean = x.reduce((sum, value) => sum + value, 0) / draws;
    for (let i = 0; i + lag < draws; i++) total += (x[i] - mean) * (x[i + lag] - mean) / draws;
  }
  return total / chains;
}

function series(chains: number, draws: number): Chains {
  const [key] = replications(51 + draws, 1);
  return { values: autoregressive(key, [chains, draws], 0.6).data, chains, draws };
}

Deno.test("covariance() by Fourier transform is the direct sum at every lag", () => {
  for (const [chains, draws] of [[1, 2], [2, 3], [3, 13], [1, 64], [4, 51], [5, 100], [2, 257]]) {
    const of = series(chains, draws);
    const { at } = covariance(of);
    const scale = direct(of, 0);
    for (let lag = 0; lag < draws; lag++) {
      assert.ok(Math.abs(at(lag) - direct(of, lag)) < 1e-13 * scale, `${draws} draws, lag ${lag}`);
    }
  }
});

Deno.test("covariance() gives the same whichever lag is asked for first", () => {
  const of = series(3, 50);
  const fromLast = covariance(of);
  const last = fromLast.at(49);
  const fromFirst = covariance(of);
  for (let lag = 0; lag < 50; lag++) {
    assert.ok(Math.abs(fromFirst.at(lag) - fromLast.at(lag)) < 1e-14);
  }
  assert.ok(Math.abs(last - direct(of, 49)) < 1e-14);
});

Deno.test("covariance() keeps its digits far from zero", () => {
  const of = series(2, 40);
  const far = { ...of, values: of.values.map((x) => x + 1e6) };
  const { at } = covariance(far);
  // The draws themselves are rounded to 1e-10.
  for (let lag = 0; lag < 40; lag++) assert.ok(Math.abs(at(lag) - direct(of, lag)) < 1e-9);
});

Deno.test("covariance() of equal draws is exactly zero", () => {
  const { at, between } = covariance({
    values: new Float64Array(60).fill(0.1),
    chains: 2,
    draws: 30,
  });
  assert.equal(between, 0);
  assert.equal(at(0), 0);
});

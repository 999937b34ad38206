/** Whole runs on targets with angles, against closed forms. */
import assert from "node:assert/strict";
import {
  customFlow,
  density,
  key,
  runAdaptive,
  sample,
  stateFromBytes,
  stateToBytes,
  tensor,
} from "../../mod.ts";
import { planFor } from "../../src/adaptive/default_plan.ts";

/** Modified Bessel function of the first kind, by its series. */
function bessel(order: number, x: number): number {
  let [term, sum] = [(x / 2) ** order, 0];
  for (let k = 1; k <= order; k++) term /= k;
  for (let k = 0; k < 60; k++) {
    sum += term;
    term *= (x / 2) ** 2 / ((k + 1) * (k + 1 + order));
  }
  return sum;
}

/** Two angles whose difference has two peaks half a turn apart, and a number around the second. */
const target = density(
  3,
  (x) =>
    x.at(0).sub(3).cos().mul(2)
      .add(x.at(0).sub(x.at(1)).mul(2).cos().mul(3))
      .sub(x.at(2).sub(x.at(1).cos()).square().mul(2)),
  { periodic: [true, true, false] },
);
const LOG_Z = Math.log(2 * Math.PI * bessel(0, 2)) + Math.log(2 * Math.PI * bessel(0, 3)) +
  0.5 * Math.log(Math.PI / 2);

Deno.test("a run on angles finds their moments, both peaks and log Z", async () => {
  const run = await sample(target, key(1), { stop: { effectiveSampleSize: 4000 } });
  const { data } = run.draws.x;
  const n = data.length / 3;
  const mean = (of: (row: Float64Array) => number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += of(data.subarray(3 * i, 3 * i + 3));
    return sum / n;
  };
  // At least 4,000 effective draws of functions between −1 and 1: an error of at most 0.016; five of these.
  const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 0.08, `${a}, not ${b}`);
  near(mean(([a]) => Math.cos(a - 3)), bessel(1, 2) / bessel(0, 2));
  near(mean(([a, b]) => Math.cos(2 * (a - b))), bessel(1, 3) / bessel(0, 3));
  near(mean(([a, b]) => Math.cos(a - b) > 0 ? 1 : 0), 0.5);
  near(mean(([, b, x]) => x - Math.cos(b)), 0);
  assert.ok(data.every((x, i) => i % 3 === 2 || (x >= -Math.PI && x < Math.PI)));
  assert.equal(run.state.ended, "converged");
  assert.deepEqual(run.warnings, []);
  const { estimate, standardError } = run.logEvidence ?? { estimate: NaN, standardError: NaN };
  assert.ok(standardError < 0.02);
  assert.ok(Math.abs(estimate - LOG_Z) < 5 * standardError, `${estimate} ± ${standardError}`);
  const [first] = run.summary().rows;
  assert.ok(Math.abs(first.mean - 3) < 0.1, `${first.mean}`);
});

Deno.test("chains do not wind further and further, and go on from bytes as if never stopped", async () => {
  const plan = planFor(target, { flow: "none", stop: { maxDraws: 60 } });
  const start = await runAdaptive.start(plan)(
    tensor(new Float64Array(60).fill(9)).reshape([20, 3]),
  );
  const largest = ({ data }: { readonly data: ArrayLike<number> }): number =>
    Array.from(data).reduce((most, x, i) => i % 3 === 2 ? most : Math.max(most, Math.abs(x)), 0);
  assert.ok(largest(start.chains.position) <= Math.PI);
  const states = await Array.fromAsync(runAdaptive.cycles(plan)(start, key(4)));
  for (const { chains, draws } of states) {
    assert.ok(largest(chains.position) <= Math.PI);
    draws.forEach(({ position }) => assert.ok(largest(position) <= Math.PI));
  }
  const middle = stateFromBytes(stateToBytes(states[5])) as typeof states[5];
  const again = await runAdaptive(plan)(middle, key(4));
  assert.deepEqual(stateToBytes(again), stateToBytes(states[states.length - 1]));
});

Deno.test("flows that know no angles, and flows of other coordinates, are refused", async () => {
  const plain = customFlow({
    name: "shift",
    init: (dimension) => ({ by: new Array(dimension).fill(0) }),
    forward: ({ by }, x) => ({ value: x.add(by), logDeterminant: tensor(0) }),
    inverse: ({ by }, z) => ({ value: z.sub(by) }),
  });
  await assert.rejects(sample(target, key(1), { flow: plain }), /periodic/);
  const line = density(3, (x) => x.square().sum().mul(-0.5));
  const { flow } = await sample(line, key(1), { stop: { effectiveSampleSize: 400 } });
  assert.ok(flow !== undefined);
  await assert.rejects(
    sample(target, key(1), { flow }),
    /^RangeError: Cannot sample with a flow .* other periodic coordinates: .* differ in coordinate 0$/,
  );
});

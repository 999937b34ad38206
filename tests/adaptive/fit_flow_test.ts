import assert from "node:assert/strict";
import {
  affineFlow,
  fitFlow,
  type FitFlowOptions,
  key,
  normal,
  splineFlow,
  tensor,
  trainInCycles,
} from "../../mod.ts";

const flow = splineFlow({ layers: 4, bins: 6 });

/** Two bells at ±3. */
const draws = normal(key(1), [2000, 1]).add(
  tensor(Float64Array.from({ length: 2000 }, (_, i) => i % 3 === 0 ? 3 : -3)).reshape([2000, 1]),
);
const entropy = 2.0538; // of ⅓ N(3, 1) + ⅔ N(−3, 1): Monte Carlo below

Deno.test("a fitted flow is near the distribution of its draws", async () => {
  const { flow: fitted, validation, loss } = await fitFlow(flow, draws, key(2));
  assert.ok(validation.length <= 31 && loss.length === validation.length);
  // Fresh draws: the cross entropy is that of the distribution, but for a little.
  const fresh = normal(key(3), [20_000, 1]).add(
    tensor(Float64Array.from({ length: 20_000 }, (_, i) => i % 3 === 0 ? 3 : -3)).reshape([
      20_000,
      1,
    ]),
  );
  const x = fresh.data;
  const logDensity = (await fitted.logDensity(fresh)).data;
  const bell = (at: number): number => Math.exp(-0.5 * at * at) / Math.sqrt(2 * Math.PI);
  let [divergence, own] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const log = Math.log(bell(x[i] - 3) / 3 + 2 * bell(x[i] + 3) / 3);
    divergence += (log - logDensity[i]) / x.length;
    own -= log / x.length;
  }
  assert.ok(Math.abs(own - entropy) < 0.03, `${own}`);
  assert.ok(divergence < 0.03, `${divergence}`);
});

Deno.test("draws that repeat themselves, as those of chains do, are not learned by heart", async () => {
  const distinct = normal(key(6), [100, 5]).data;
  const repeated = tensor(
    Float64Array.from({ length: 2000 }, (_, at) => distinct[Math.floor(at / 20) * 5 + at % 5]),
  ).reshape([400, 5]);
  const { validation } = await fitFlow(splineFlow(), repeated, key(7), { cycles: 3 });
  // The entropy is 7.09, and no flow has a smaller loss at draws that it has not seen. With 12 of them,
  // held out, the standard error of the mean is √(5/2)/√12 = 0.46: below 4.8 once in a million runs.
  assert.ok(validation[2] > 4.8, `${validation}`);
});

Deno.test("fitting is a function of draws and key", async () => {
  const weights = async (seed: number): Promise<Float32Array> =>
    (await fitFlow(flow, draws, key(seed), { cycles: 2 })).flow.state.weights;
  assert.deepEqual(await weights(1), await weights(1));
  assert.notDeepEqual(await weights(1), await weights(2));
});

Deno.test("fitting stops when held-out draws no longer gain", async () => {
  // An affine flow of normal draws has nothing to learn.
  const { validation } = await fitFlow(affineFlow(), normal(key(4), [800, 3]), key(5), {
    patience: 2,
  });
  assert.equal(validation.length, 4);
});

Deno.test("what cannot be fitted is refused", async () => {
  const refused: [unknown, FitFlowOptions, RegExp][] = [
    [normal(key(1), [15, 2]), {}, /^RangeError: Cannot fit a flow to 15 finite draws: at least 16/],
    [normal(key(1), [15]), {}, /^TypeError: Cannot fit a flow to draws of shape \[15\]/],
    [draws, { cycles: 0 }, /^RangeError: Cannot fit a flow with `cycles` 0/],
    [draws, { gradient: [1, 2] }, /^TypeError: .*`gradient` of shape \[2\]: expected \[2000,1\]$/],
    [draws, { periodic: "yes" as never }, /^TypeError: .*`periodic` "yes": give true or false/],
    [draws, { train: { score: 1 } as never }, /^TypeError: .*`train`: give trainInCycles/],
    [draws, { train: trainInCycles({ score: 1 }) }, /^TypeError: .* without `gradient`: give that/],
    [
      draws,
      { logWeights: [1, 2] },
      /^TypeError: .*`logWeights` of shape \[2\]: expected \[2000\]$/,
    ],
    [draws, { rounds: 3 } as FitFlowOptions, /^TypeError: .*unknown option `rounds`/],
  ];
  for (const [given, options, message] of refused) {
    await assert.rejects(fitFlow(flow, given as never, key(1), options), message);
  }
  await assert.rejects(
    fitFlow(splineFlow as never, draws, key(1)),
    /^TypeError: Cannot fit this: give a kind of flow, such as splineFlow\(\)/,
  );
  const signal = AbortSignal.abort();
  await assert.rejects(fitFlow(flow, draws, key(1), { signal }), { name: "AbortError" });
});

Deno.test("importance weights put wrong shares right", async () => {
  // One draw in ten is of the bell at 3, where it should be every other one.
  const right = Array.from({ length: 4000 }, (_, i) => i % 10 === 0);
  const centers = tensor(right.map((each) => each ? 3 : -3)).reshape([4000, 1]);
  const given = normal(key(6), [4000, 1]).add(centers);
  const logWeights = tensor(right.map((each) => Math.log(each ? 0.5 / 0.1 : 0.5 / 0.9)));
  const shareOf = async (options: FitFlowOptions): Promise<number> => {
    const { flow: fitted } = await fitFlow(flow, given, key(7), { cycles: 8, ...options });
    const { position } = await fitted.sample(key(8), 4000);
    return Array.from(position.data).filter((x) => x > 0).length / 4000;
  };
  const [weighted, plain] = [await shareOf({ logWeights }), await shareOf({})];
  assert.ok(Math.abs(weighted - 0.5) < 0.06, `${weighted}`);
  assert.ok(Math.abs(plain - 0.1) < 0.04, `${plain}`);
});

import assert from "node:assert/strict";
import {
  customFlow,
  density,
  fitFlow,
  type Key,
  key,
  logSumExp,
  namedDraws,
  normal,
  positive,
  posterior,
  real,
  sample,
  simplex,
  splineFlow,
  tensor,
  type TensorLike,
  type TrainedFlow,
  trainFurther,
  trainInCycles,
  zeros,
} from "../../mod.ts";
import { trainedFlow } from "../../src/adaptive/trained_flow.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { fromArray } from "../../src/tensor/tensor.ts";
import { drawsOf, zScore } from "../statistics/measure.ts";
import { cubic, customState, sinhArcsinh } from "../flows/custom_kinds.ts";

const kind = splineFlow({ layers: 2 });
const flow = trainedFlow(kind, customState(kind, 2), wasmDevice);

Deno.test("a trained flow gives n points, the first of which do not depend on n", async () => {
  const { position, logDensity } = await flow.sample(key(1), 7);
  assert.deepEqual([position.shape, logDensity.shape], [[7, 2], [7]]);
  const fewer = await flow.sample(key(1), 3);
  assert.deepEqual(fewer.position.toArray(), position.slice(0, 3).toArray());
  const single = await flow.sample(key(1), 1);
  assert.deepEqual(single.position.shape, [1, 2]);
});

Deno.test("log densities are found at tensors, at nested arrays and at one point", async () => {
  const points = [[0.5, 1], [2, 3], [-1, 0]];
  const all = await flow.logDensity(points);
  assert.deepEqual(all.shape, [3]);
  assert.deepEqual(await flow.logDensity(tensor(points)), all);
  assert.deepEqual(await flow.logDensity(points.map((row) => Float64Array.from(row))), all);
  const one = await flow.logDensity(points[1]);
  assert.deepEqual([one.shape, one.item()], [[], all.data[1]]);
  assert.deepEqual((await flow.logDensity(Float64Array.of(2, 3))).item(), all.data[1]);
});

const sizes: readonly unknown[] = [0, -1, 2.5, NaN, Infinity, "3", undefined];

for (const n of sizes) {
  Deno.test(`a trained flow refuses to draw ${typeof n} ${n} points`, async () => {
    await assert.rejects(
      flow.sample(key(1), n as number),
      /^RangeError: Cannot draw .* points from a flow: expected a whole number of at least 1$/,
    );
  });
}

Deno.test("a trained flow refuses what is no key, and points of another width", async () => {
  await assert.rejects(
    flow.sample(3 as unknown as Key, 3),
    /^TypeError: Cannot draw from a flow with the key 3: make one with key\(seed\)$/,
  );
  const wrong: readonly TensorLike[] = [
    [[1, 2, 3]],
    [1, 2, 3],
    4,
    [[[1, 2]]],
    tensor([[1, 2]]).less(3),
  ];
  for (const points of wrong) {
    await assert.rejects(
      flow.logDensity(points),
      /^TypeError: Cannot evaluate a flow at points .*: it has 2 coordinates, so that .*f64\[n, 2\]/,
    );
  }
});

const modes = density(
  2,
  (x) => logSumExp(x.at(0).sub([-4, 4]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)),
);

Deno.test("sample() with a user's flow: both modes, moments, log Z and R-hat are right", async () => {
  const run = await sample(modes, key(3), {
    flow: customFlow(cubic),
    stop: { effectiveSampleSize: 4000 },
  });
  // Its tails are those of x⁶, so that importance sampling may say that it cannot be trusted.
  assert.equal(run.state.ended, "converged");
  assert.ok(run.acceptance.global > 0.3, `${run.acceptance.global}`);
  // Each |z| < 5 has a false-alarm rate of 6e-7, 2.4e-6 in all.
  const scores = [
    zScore(drawsOf(run.draws.x, (x) => x[0] ** 2), 17),
    zScore(drawsOf(run.draws.x, (x) => x[1] ** 2), 1),
    zScore(drawsOf(run.draws.x, (x) => Number(x[0] > 0)), 0.5),
  ];
  assert.ok(run.logEvidence !== undefined);
  const { estimate, standardError } = run.logEvidence;
  scores.push((estimate - Math.log(4 * Math.PI)) / standardError);
  for (const score of scores) assert.ok(Math.abs(score) < 5, `z = ${score}`);
});

Deno.test("a user's flow gives the same run for any number of workers", async () => {
  const runs = await Promise.all([1, 2, 3].map((workers) =>
    sample(modes, key(4), {
      flow: customFlow({ ...cubic, workers }),
      workers,
      chains: 24,
      schedule: { warmupWindows: [20, 20], trainCycles: 3 },
      stop: { maxDraws: 48 },
    })
  ));
  for (const run of runs) {
    assert.deepEqual(run.draws, runs[0].draws);
    assert.deepEqual(run.flow?.state, runs[0].flow?.state);
  }
});

Deno.test("sample() refuses a user's flow that does not fit before it begins", async () => {
  const { inverse: _, ...rest } = cubic;
  let cycles = 0;
  const onProgress = (): void => void cycles++;
  await assert.rejects(
    sample(modes, key(1), { flow: customFlow(rest), onProgress }),
    /^TypeError: Cannot draw from the flow cubic: it has no `inverse`/,
  );
  const wrong = customFlow({ ...cubic, forward: (_, x) => ({ value: x, logDeterminant: x }) });
  await assert.rejects(
    sample(modes, key(1), { flow: wrong, onProgress }),
    /^TypeError: .*`logDeterminant` of shape \[2\]: expected a scalar/,
  );
  await assert.rejects(
    sample(modes, key(1), { flow: cubic as never, onProgress }),
    /^TypeError: Cannot sample with this `flow`: give splineFlow\(\), customFlow\(\{ … \}\), the `flow`/,
  );
  assert.equal(cycles, 0);
});

Deno.test("trainFurther() goes on from the weights, a trained flow is used as it is", async () => {
  const schedule = { warmupWindows: [20, 20], trainCycles: 3 };
  const options = { chains: 24, schedule, stop: { maxDraws: 48 } };
  const first = await sample(modes, key(5), options);
  assert.ok(first.flow !== undefined);
  const before = structuredClone(first.flow.state);

  const used = await sample(modes, key(6), { ...options, flow: first.flow });
  assert.deepEqual(used.flow?.state, before);

  const further = await sample(modes, key(6), { ...options, flow: trainFurther(first.flow) });
  const after = further.flow?.state;
  // Cycles of training, of which the flow whose moves were accepted most often is kept.
  assert.deepEqual(used.state.progress.loss, []);
  assert.ok(further.state.progress.loss.length >= 2);
  assert.ok(after !== undefined && after.updates >= before.updates);
  assert.deepEqual([after.mean, after.cholesky, after.masks], [
    before.mean,
    before.cholesky,
    before.masks,
  ]);
  // The first cycle shows what the flow is worth before it is trained on: as it was left.
  const [loss] = further.state.progress.loss;
  const fresh = (await sample(modes, key(6), options)).state.progress.loss[0];
  assert.ok(loss < fresh - 0.1, `${loss}, and ${fresh} for a new flow`);
  assert.deepEqual(first.flow.state, before);
});

Deno.test("trainFurther() goes on with the optimiser's memory", async () => {
  const data = Float64Array.from({ length: 60 }, (_, i) => Math.cos(i * i));
  const how = { learningRate: 0.01 };
  const first = await kind.update(flow.state, data, how);
  const further = trainFurther({ kind, state: first.state });
  assert.deepEqual(
    await further.update(further.init(2, [1, 2]), data, how),
    await kind.update(first.state, data, how),
  );
});

Deno.test("a user's flow is fitted to draws, with their gradients, and fitted further", async () => {
  const { init, forward, inverse } = sinhArcsinh;
  assert.ok(inverse !== undefined);
  // With a location and a scale, so that what the whitening finds is within the family.
  const wide = customFlow({
    name: "located sinh-arcsinh",
    init: (d: number, key: Key) => ({ inner: init(d, key), shift: zeros([d]), scale: zeros([d]) }),
    forward: ({ inner, shift, scale }, x) => {
      const { value, logDeterminant } = forward(inner, x.mul(scale.exp()).add(shift));
      return { value, logDeterminant: scale.sum().add(logDeterminant) };
    },
    inverse: ({ inner, shift, scale }, z) => ({
      value: tensor(inverse(inner, z).value).sub(shift).div(scale.exp()),
    }),
  });
  const truth = trainedFlow(
    wide,
    { ...wide.init(2, [1, 2]), weights: Float32Array.of(0.5, -0.4, -0.3, 0.2, 0, 0, 0, 0) },
    wasmDevice,
  );
  const [draws, fresh] = await Promise.all(
    [1, 2].map(async (seed) => (await truth.sample(key(seed), 4000)).position),
  );
  const gradient = (await wide.scores(truth.state, draws.data as Float64Array)).score;
  const train = trainInCycles({ score: 0.1 });
  const fitted = await fitFlow(wide, draws, key(3), {
    train,
    gradient: fromArray({ dtype: "f64", shape: [4000, 2], data: gradient }),
    cycles: 6,
  });
  // Mean differences of log densities, of new draws: the divergence from the truth.
  const divergence = async (of: TrainedFlow): Promise<number> => {
    const [own, other] = [await truth.logDensity(fresh), await of.logDensity(fresh)];
    return own.sub(other).mean().item();
  };
  const [found, before] = [
    await divergence(fitted.flow),
    await divergence(
      trainedFlow(wide, wide.whiten(wide.init(2, [1, 2]), draws.data as Float64Array), wasmDevice),
    ),
  ];
  assert.ok(found < 0.1 * before && found < 0.02, `${found}, after ${before}`);
  const further = await fitFlow(trainFurther(fitted.flow), draws, key(4), { cycles: 2 });
  assert.ok(further.flow.state.updates >= fitted.flow.state.updates);
  assert.ok(await divergence(further.flow) < 0.02);
});

Deno.test("trainFurther() refuses other coordinates", () => {
  const further = trainFurther(flow);
  assert.equal(further.init(2, [1, 2]), flow.state);
  assert.equal(further.whiten(flow.state, Float64Array.of(1, 2, 3, 4)), flow.state);
  assert.throws(
    () => further.init(3, [1, 2]),
    /^RangeError: Cannot train a flow further on 3 coordinates: it was trained on 2$/,
  );
  assert.throws(() => further.init(2, [1, 2], [true, false]), /other periodic coordinates/);
  assert.throws(
    () => trainFurther(undefined as never),
    /^TypeError: Cannot train this further: give the `flow` of a result/,
  );
});

const target = posterior({
  parameters: { mu: real(), scale: positive(2), share: simplex(3) },
  derived: ({ mu, scale }) => ({ ratio: scale.div(mu.square().add(1)) }),
  logDensity: ({ mu, scale }) => mu.square().mul(-0.5).sub(scale.sum()).add(scale.log().sum()),
});

Deno.test("points of a flow become values of parameters", async () => {
  const ofTarget = trainedFlow(kind, customState(kind, 5), wasmDevice);
  const { position } = await ofTarget.sample(key(1), 40);
  const draws = await namedDraws(target, position);
  assert.deepEqual(Object.keys(draws), ["mu", "scale", "share", "ratio"]);
  assert.deepEqual(draws.share.shape, [1, 40, 3]);
  assert.deepEqual(draws.mu.shape, [1, 40]);
  for (const row of [0, 17, 39]) {
    const expected = target.constrain(position.at(row).data as Float64Array);
    assert.deepEqual([...draws.scale.data.subarray(2 * row, 2 * row + 2)], expected.scale);
    assert.deepEqual([...draws.share.data.subarray(3 * row, 3 * row + 3)], expected.share);
    assert.deepEqual([...draws.ratio.data.subarray(2 * row, 2 * row + 2)], expected.ratio);
  }
  const blocks = await namedDraws(target, position.reshape([4, 10, 5]));
  assert.deepEqual(blocks.share.shape, [4, 10, 3]);
  assert.deepEqual(blocks.share.data, draws.share.data);
});

Deno.test("points of another width are not named", async () => {
  await assert.rejects(
    namedDraws(target, [[1, 2]]),
    /^TypeError: Cannot name the coordinates of points f64\[1, 2\]: the target has 5, so that they/,
  );
  await assert.rejects(namedDraws(target, [1, 2, 3, 4, 5]), /^TypeError/);
  await assert.rejects(namedDraws(target, new Array(0)), /^TypeError/);
});

Deno.test("trainFurther() trains, however good the first jumps of the flow are", async () => {
  // Bent a little, so that a flow that has learned is better than its whitening.
  const bend = 0.35;
  const target = density(2, (x) => {
    const away = x.at(1).sub(x.at(0).square().mul(bend));
    return x.at(0).square().add(away.square()).mul(-0.5);
  });
  const z = normal(key(1), [4000, 2]);
  const draws = z.add(z.slice(0, 1, { axis: 1 }).square().mul([0, bend]));
  const { flow: fitted } = await fitFlow(splineFlow({ layers: 2 }), draws, key(2));
  assert.ok(fitted.state.updates > 0);
  const stop = { maxDraws: 40 };
  const further = await sample(target, key(3), { flow: trainFurther(fitted), stop });
  assert.ok(further.state.progress.acceptance[0] > 0.6);
  assert.ok(further.state.progress.loss.length >= 2);
  // A fresh one needs no more than its whitening here.
  const bell = density(2, (x) => x.square().sum().mul(-0.5));
  const fresh = await sample(bell, key(3), { stop });
  assert.equal(fresh.state.progress.loss.length, 1);
});

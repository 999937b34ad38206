/**
 * Black boxes as targets. The statistical tests hold draws to exact moments within 5.5 Monte Carlo standard
 * errors: for the 16 numbers of this file a false alarm in about 1.6 million choices of the keys.
 */
import assert from "node:assert/strict";
import {
  density,
  type Draws,
  hmc,
  hostDensity,
  hostFunction,
  type Key,
  key,
  mala,
  normal,
  planFor,
  positive,
  posterior,
  real,
  runAdaptive,
  rwm,
  sample,
  stack,
  startChains,
  type Target,
  vectorize,
  zeros,
} from "../../mod.ts";
import { drawsOf, zScore } from "../statistics/measure.ts";

const SIGMA = [1, 3];

/** Two independent normal coordinates around 1 and −2. */
function bell([x, y]: Float64Array): number {
  return -0.5 * (((x - 1) / SIGMA[0]) ** 2 + ((y + 2) / SIGMA[1]) ** 2);
}

function bellGradient([x, y]: Float64Array): number[] {
  return [-(x - 1) / SIGMA[0] ** 2, -(y + 2) / SIGMA[1] ** 2];
}

/** Draws of a bell against its mean and variance. */
function assertBell(draws: Draws): void {
  const centred = (i: number, x: Float64Array): number => x[i] - [1, -2][i];
  for (const i of [0, 1]) {
    const mean = zScore(drawsOf(draws, (x) => centred(i, x)), 0);
    const variance = zScore(drawsOf(draws, (x) => centred(i, x) ** 2), SIGMA[i] ** 2);
    assert.ok(Math.abs(mean) < 5.5, `mean ${i} is off by ${mean} standard errors`);
    assert.ok(Math.abs(variance) < 5.5, `variance ${i} is off by ${variance} standard errors`);
  }
}

Deno.test("hostDensity() is a target like others", () => {
  const target = hostDensity(2, bell, bellGradient);
  assert.equal(target.dimension, 2);
  assert.deepEqual(target.names, ["x[0]", "x[1]"]);
  assert.deepEqual(target.constrain([3, 4]), { x: [3, 4] });
  assert.deepEqual(target.unconstrain({ x: [3, 4] }), Float64Array.of(3, 4));
  assert.equal(target.logDensity([1, 1]), -0.5);
  assert.deepEqual([...target.gradient([2, -2])], [-1, 0]);
});

Deno.test("a target without a gradient says so wherever one is needed", async () => {
  const target = hostDensity(2, bell);
  const wanted = {
    name: "TypeError",
    message: "Cannot take the gradient of this target: it has none. Give hostDensity (or " +
      "hostFunction) its gradient, or use a kernel that needs none, such as rwm()",
  };
  assert.equal(target.valueAndGradient, undefined);
  assert.throws(() => target.gradient([0, 0]), wanted);
  assert.throws(() => mala().step(target, { stepSize: 1 }), wanted);
  assert.throws(() => hmc().step(target, { stepSize: 1 }), wanted);
  assert.throws(() => hmc().init(target)(zeros([2])), wanted);
  await assert.rejects(startChains(target, mala())([[0, 0]]), wanted);
  await assert.rejects(sample(target, key(1), { local: hmc() }), wanted);
  assert.equal(target.logDensity([1, -2]), -0);
});

Deno.test("without a gradient the default moves by other chains, or alone where these are few", () => {
  const kernelOf = (dimension: number, options: object = {}): string =>
    planFor(hostDensity(dimension, bell), options).local.name;
  assert.equal(kernelOf(2), "differential evolution");
  assert.equal(kernelOf(49), "differential evolution");
  assert.equal(kernelOf(50), "rwm");
  assert.equal(kernelOf(50, { chains: 102 }), "differential evolution");
  assert.equal(kernelOf(1, { chains: 6 }), "differential evolution");
  assert.equal(kernelOf(1, { chains: 5 }), "rwm");
  assert.equal(kernelOf(1, { initial: [[0], [1], [2]] }), "rwm");
  assert.equal(planFor(hostDensity(2, bell, bellGradient)).local.name, "jittered HMC");
  assert.equal(planFor(hostDensity(2, bell), { local: rwm() }).local.name, "rwm");
});

Deno.test("rwm() samples a black box, hmc() one with its gradient", async () => {
  const cases = [
    [rwm(), hostDensity(2, bell), 2, 20],
    [hmc({ leapfrogSteps: 5, jitter: 0.5 }), hostDensity(2, bell, bellGradient), 0.7, 3],
  ] as const;
  for (const [kernel, target, stepSize, thin] of cases) {
    const parameters = { stepSize, inverseMass: SIGMA.map((sigma) => sigma * sigma) };
    const advance = vectorize(kernel.step(target, parameters) as ReturnType<typeof anyStep>);
    const start = await startChains(target, kernel as typeof anyKernel)(zeros([40, 2]));
    const warm = await advance(start, key(1), { steps: 200 });
    const { draws } = await advance.collect(warm, key(2), { steps: 500 * thin, thin });
    assertBell({ data: draws["position"].data as Float64Array, shape: [40, 500, 2] });
  }
});
const anyKernel = rwm();
const anyStep = anyKernel.step;

for (
  const [what, target] of [["without", hostDensity(2, bell)], [
    "with",
    hostDensity(2, bell, bellGradient),
  ]] as const
) {
  Deno.test(`sample() samples a black box ${what} its gradient`, async () => {
    const run = await sample(target, key(3), { stop: { effectiveSampleSize: 2000 } });
    assert.deepEqual(run.warnings, []);
    assertBell(run.draws.x);
  });
}

Deno.test("sample() gives the draws of the traced density to the bit, with the gradient as well", async () => {
  const traced = density(2, (x) => x.sub([1, -2]).div(SIGMA).square().sum().mul(-0.5));
  const target = hostDensity(2, (x) => traced.logDensity(x), (x) => traced.gradient(x));
  // With a flow the numbers of steps differ: nobody knows what such a density costs.
  const options = { chains: 20, flow: "none", stop: { maxDraws: 40 } } as const;
  const [expected, actual] = [
    await sample(traced, key(1), options),
    await sample(target, key(1), options),
  ];
  assert.deepEqual(actual.draws, expected.draws);
});

Deno.test("runAdaptive() moves chains by jumps to the same bits with it, in equal numbers of steps", async () => {
  const traced = density(2, (x) => x.sub([1, -2]).div(SIGMA).square().sum().mul(-0.5));
  const target = hostDensity(2, (x) => traced.logDensity(x), (x) => traced.gradient(x));
  const run = async (of: Target): Promise<unknown> => {
    const plan = {
      ...planFor(of, { stop: { maxDraws: 40 } }),
      mixing: () => ({ localSteps: 10, thin: 5, globalSteps: 10 }),
    };
    const start = await runAdaptive.start(plan)(normal(key(2), [20, 2]));
    const { draws, logWeights } = await runAdaptive(plan)(start, key(3));
    return { draws, logWeights };
  };
  assert.deepEqual(await run(target), await run(traced));
});

Deno.test("a black box takes part in a posterior, its transformed parameters included", async () => {
  // y ~ N(mu, sigma): the likelihood is outside of the language, in terms of constrained parameters.
  const y = [1.2, 0.4, 2.9, 1.7, 0.8];
  const logLikelihood = ([mu, sigma]: Float64Array): number =>
    y.reduce((sum, each) => sum - 0.5 * ((each - mu) / sigma) ** 2 - Math.log(sigma), 0);
  const gradient = ([mu, sigma]: Float64Array): number[] => [
    y.reduce((sum, each) => sum + (each - mu) / sigma ** 2, 0),
    y.reduce((sum, each) => sum + (each - mu) ** 2 / sigma ** 3 - 1 / sigma, 0),
  ];
  const make = (f: ReturnType<typeof hostFunction>): Target =>
    posterior({
      parameters: { mu: real(), sigma: positive() },
      logPrior: ({ mu, sigma }) => mu.square().mul(-0.05).sub(sigma),
      logLikelihood: ({ mu, sigma }) => f(stack([mu, sigma])),
    });
  const traced = posterior({
    parameters: { mu: real(), sigma: positive() },
    data: { y },
    logPrior: ({ mu, sigma }) => mu.square().mul(-0.05).sub(sigma),
    logLikelihood: ({ mu, sigma }, { y }) =>
      y.sub(mu).div(sigma).square().sum().mul(-0.5).sub(sigma.log().mul(5)),
  });
  const mixed = make(hostFunction(logLikelihood, gradient));
  for (const position of [[0.3, 0.1], [-1, 1], [2, -1.5]]) {
    const near = (a: number, b: number): void =>
      assert.ok(Math.abs(a - b) < 1e-11 * (1 + Math.abs(b)));
    near(mixed.logDensity(position), traced.logDensity(position));
    const slopes = traced.gradient(position);
    mixed.gradient(position).forEach((slope, i) => near(slope, slopes[i]));
  }
  const without = make(hostFunction(logLikelihood));
  assert.throws(
    () => without.gradient([0, 0]),
    /it has none\. Give hostDensity \(or hostFunction\)/,
  );
  const run = await sample(without, key(1), { chains: 20, stop: { maxDraws: 20 } });
  assert.ok(Number.isFinite(run.logDensity.data[0]));
});

Deno.test("NaN is a density where no chain goes, −∞ one of 0", async () => {
  for (const outside of [NaN, -Infinity]) {
    const half = hostDensity(2, (x) => x[0] > 0 ? bell(x) : outside);
    const options = { chains: 20, flow: "none", stop: { maxDraws: 40 } } as const;
    const run = await sample(half, key(1), options);
    assert.ok(run.draws.x.data.every((x, i) => i % 2 === 1 || x > 0));
  }
});

Deno.test("sample() ends with what a function throws, wherever that is", async () => {
  // At the start, in the warm-up, in the training and in the production.
  for (const last of [1, 200, 3_000, 60_000]) {
    const mine = new Error("the solver failed");
    let calls = 0;
    const target = hostDensity(2, (x) => {
      if (++calls > last) throw mine;
      return bell(x);
    });
    const run = sample(target, key(1), { chains: 20, stop: { effectiveSampleSize: 1e9 } });
    await assert.rejects(run, (error) => error === mine);
    assert.equal(calls, last + 1);
  }
});

Deno.test("sample() refuses a black box that gives back no number, with the position", async () => {
  const target = hostDensity(2, (() => Promise.resolve(1)) as unknown as typeof bell);
  await assert.rejects(sample(target, key(1)), {
    name: "TypeError",
    message:
      /^Cannot use the host function .*: at \[.*\] it gave back a promise \(a host function cannot be async\)/,
  });
  assert.throws(() => hostDensity(2, 3 as unknown as typeof bell), /of the function 3: give a/);
  assert.throws(() => hostDensity(0, bell), /density of dimension 0: it must be a positive/);
});

Deno.test("a signal ends a run with slow functions within some calls, wherever it is", async () => {
  for (const wanted of [3, 500, 15_000]) {
    const controller = new AbortController();
    let calls = 0;
    let atAbort = Infinity;
    const target = hostDensity(2, (x) => {
      if (++calls < wanted) return bell(x);
      if (calls === wanted) {
        setTimeout(() => {
          atAbort = calls;
          controller.abort();
        }, 1);
      }
      const end = performance.now() + 10;
      while (performance.now() < end);
      return bell(x);
    });
    const options = { chains: 10, signal: controller.signal, stop: { effectiveSampleSize: 1e9 } };
    await assert.rejects(sample(target, key(1), options), { name: "AbortError" });
    // The timer has its turn at a pause, every 30 ms.
    assert.ok(atAbort <= wanted + 10, `the timer came after ${atAbort - wanted} calls`);
    assert.ok(calls <= atAbort + 1, `${calls - atAbort} calls after the signal`);
  }
});

Deno.test("a run of a black box goes on from its state with the bits of a run without a stop", async () => {
  const target = hostDensity(2, bell);
  const options = { chains: 10, flow: "none" } as const;
  const run = (given: object, of: Key = key(4)) => sample(target, of, { ...options, ...given });
  const whole = await run({ stop: { maxDraws: 60 } });
  const first = await run({ stop: { maxDraws: 20 } });
  const rest = await run({ stop: { maxDraws: 60 }, resume: first.state });
  assert.deepEqual(rest.draws, whole.draws);
  // Also where the chains are too few for the default, and their number is not said again.
  const few = { chains: 4, flow: "none" } as const;
  const alone = await sample(target, key(4), { ...few, stop: { maxDraws: 60 } });
  const part = await sample(target, key(4), { ...few, stop: { maxDraws: 20 } });
  const on = await sample(target, key(4), {
    flow: "none",
    stop: { maxDraws: 60 },
    resume: part.state,
  });
  assert.deepEqual(on.draws, alone.draws);
});

import assert from "node:assert/strict";
import {
  angle,
  type ChainState,
  density,
  foldIn,
  hmc,
  hostDensity,
  type Kernel,
  key,
  logSumExp,
  mala,
  mixture,
  normal,
  parallelTempering,
  posterior,
  real,
  repeat,
  rwm,
  startChains,
  type Step,
  type TemperedState,
  type Tensor,
  tensor,
  type Tree,
  vectorize,
  zeros,
} from "../../mod.ts";
import { leaves } from "../../src/tensor/tree.ts";
import { traceTree } from "../../src/tensor/trace.ts";
import { isOf, type Primitive, type Program } from "../../src/tensor/program.ts";

const target = density(
  2,
  (x) => logSumExp(x.at(0).sub([-2, 2]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)),
);

type AnyKernel = Kernel<ChainState & Tree>;

function tempered(local: unknown, rungs = 4): Kernel<TemperedState<ChainState> & Tree> {
  return parallelTempering({ rungs, local: local as AnyKernel }) as unknown as Kernel<
    TemperedState<ChainState> & Tree
  >;
}

const LOCALS: [name: string, local: unknown][] = [
  ["hmc", hmc({ leapfrogSteps: 3, jitter: 0.5 })],
  ["mala", mala()],
  ["rwm", rwm()],
];

for (const [name, local] of LOCALS) {
  Deno.test(`parallelTempering() of ${name} keeps the target's log density with each replica, to the bit`, async () => {
    const kernel = tempered(local);
    const start = await startChains(target, kernel)(normal(key(1), [9, 2]));
    const step = vectorize(kernel.step(target, { stepSize: 0.8 }));
    const { position, logDensity, hot } = await step(start, key(2), { steps: 11 });
    for (let chain = 0; chain < 9; chain++) {
      const at = (x: Tensor): number => target.logDensity(Float64Array.from(x.data));
      assert.equal(logDensity.at(chain).item(), at(position.at(chain)));
      for (let rung = 0; rung < 3; rung++) {
        assert.equal(hot.logDensity.at(chain, rung).item(), at(hot.position.at(chain, rung)));
      }
    }
  });

  Deno.test(`parallelTempering() of ${name} gives the bits of the interpreter`, async () => {
    const kernel = tempered(local);
    const run = async (device: "interpreter" | "wasm") => {
      const start = await startChains(target, kernel, { device })(normal(key(1), [5, 2]));
      const step = repeat(kernel.step(target, { stepSize: 0.8 }), 2);
      return leaves(await vectorize(step, { device })(start, key(2), { steps: 2 }));
    };
    const [expected, found] = [await run("interpreter"), await run("wasm")];
    expected.forEach(({ name, value }, i) => {
      assert.deepEqual(found[i].value.data, value.data, name);
    });
  });
}

function timesComputed(program: Program, wanted: Primitive): number {
  return program.equations.reduce((times, equation) => {
    const inner = isOf(equation, "scan")
      ? (equation.parameters.length ?? NaN) * timesComputed(equation.parameters.body, wanted)
      : 0;
    return times + inner + (equation.primitive === wanted ? 1 : 0);
  }, 0);
}

function equations(program: Program): number {
  return program.equations.reduce(
    (sum, equation) => sum + 1 + (isOf(equation, "scan") ? equations(equation.parameters.body) : 0),
    0,
  );
}

const counted = density(2, (x) => x.at(0).softplus().add(x.square().sum()).neg());
const countedPosterior = posterior({
  parameters: { x: real(2) },
  logPrior: ({ x }) => x.square().sum().neg(),
  logLikelihood: ({ x }) => x.at(0).softplus().neg(),
});

function programOf(kernel: AnyKernel, of: typeof target | typeof countedPosterior): Program {
  const state = kernel.init(of)(zeros([2]));
  const step = kernel.step(of, { stepSize: 0.1 }) as Step<ChainState & Tree>;
  return traceTree(step, state, key(0)).program;
}

Deno.test("a step takes the local gradients and one for each replica, one alone for a drawn one", () => {
  const kernel = tempered(hmc({ leapfrogSteps: 3 }), 5) as unknown as AnyKernel;
  assert.equal(timesComputed(programOf(kernel, counted), "sigmoid"), 4 * (3 + 1) + 1);
  assert.equal(timesComputed(programOf(kernel, countedPosterior), "sigmoid"), 5 * (3 + 1));
  assert.equal(kernel.gradientsPerStep, 5 * (3 + 1));
});

Deno.test("the code of a step does not grow with the number of rungs", () => {
  const size = (rungs: number): number =>
    equations(programOf(tempered(mala(), rungs) as unknown as AnyKernel, counted));
  // But for how an odd number of random numbers is cut off.
  assert.ok(Math.abs(size(31) - size(4)) < 5, `${size(31)}, ${size(4)}`);
});

Deno.test("all replicas start where the chain does, or each at its own place", () => {
  const kernel = parallelTempering({ rungs: 3 });
  const { position, gradient, hot, turn } = kernel.init(target)(tensor([1, 2]));
  assert.deepEqual(position.toArray(), [1, 2]);
  assert.deepEqual(hot.position.toArray(), [[1, 2], [1, 2]]);
  assert.deepEqual(hot.gradient.at(1).toArray(), gradient.toArray());
  assert.equal(turn.item(), 0);
  const apart = kernel.initReplicas(target)(tensor([[1, 2], [3, 4], [5, 6]]));
  assert.deepEqual(apart.position.toArray(), [1, 2]);
  assert.deepEqual(apart.hot.position.toArray(), [[3, 4], [5, 6]]);
  assert.equal(apart.hot.logDensity.at(1).item(), target.logDensity([5, 6]));
  assert.equal(apart.logLikelihoods.shape[0], 3);
});

Deno.test("the pairs take turns from step to step", () => {
  const kernel = parallelTempering({ rungs: 3, local: mala() });
  const step = kernel.step(target, { stepSize: 0.5 });
  const first = step(kernel.init(target)(zeros([2])), key(1));
  assert.equal(first.turn.item(), 1);
  assert.equal(step(first, key(2)).turn.item(), 0);
  assert.equal(first.swapRejection.shape[0], 2);
});

Deno.test("leaves of a local kernel that are none of a place stay with their rung", () => {
  type Counted = ChainState & { readonly moves: Tensor };
  const counting: Kernel<Counted> = {
    ...rwm(),
    kept: ["moves"],
    init: (of) => (position) => ({ ...rwm().init(of)(position), moves: tensor(0) }),
    step: (of, parameters) => {
      const step = rwm().step(of, parameters);
      return ({ moves, ...state }, key) => ({ ...step(state, key), moves: moves.add(1) });
    },
  };
  const kernel = parallelTempering({ rungs: 4, local: counting });
  let state = kernel.init(target)(zeros([2]));
  const step = kernel.step(target, { stepSize: 1 });
  for (let i = 0; i < 5; i++) state = step(state, foldIn(key(1), i));
  assert.equal(state.moves.item(), 5);
  // The last one is drawn anew.
  assert.deepEqual(state.hot.moves.toArray(), [5, 5, 0]);
  assert.deepEqual([...kernel.kept ?? []].sort().slice(0, 2), ["hot", "logLikelihoods"]);
  assert.ok(kernel.kept?.includes("moves"));
});

Deno.test("parallelTempering() tempers black boxes by walks, within mixtures", async () => {
  const box = hostDensity(2, ([x, y]) => -0.5 * (x * x + y * y));
  const kernel = tempered(rwm(), 3);
  const step = mixture([[1, kernel.step(box, { stepSize: 1 })], [
    1,
    kernel.step(box, { stepSize: 0.3 }),
  ]]);
  const start = await startChains(box, kernel)(zeros([4, 2]));
  const end = await vectorize(step)(start, key(1), { steps: 20 });
  assert.ok(end.position.data.every((x: number) => Number.isFinite(x) && x !== 0));
  assert.throws(() => tempered(hmc(), 3).step(box, { stepSize: 1 }), /gradient/);
  assert.throws(() => tempered(hmc(), 3).init(box)(zeros([2])), /gradient/);
});

Deno.test("no replica winds around a circle", () => {
  const turning = posterior({
    parameters: { phase: angle(), x: real() },
    logPrior: ({ phase, x }) => x.square().mul(-0.5).add(phase.mul(0)),
    logLikelihood: ({ phase }) => phase.cos(),
  });
  const kernel = parallelTempering({ rungs: 3, local: rwm() });
  const step = kernel.step(turning, { stepSize: 5 });
  let state = kernel.init(turning)(zeros([2]));
  let furthest = 0;
  for (let i = 0; i < 50; i++) {
    state = step(state, foldIn(key(1), i));
    for (const at of [state.position, state.hot.position.at(0), state.hot.position.at(1)]) {
      assert.ok(Math.abs(at.at(0).item()) <= Math.PI);
      furthest = Math.max(furthest, Math.abs(at.at(1).item()));
    }
  }
  assert.ok(furthest > 0);
  const kept = turning.logDensity(Float64Array.from(state.position.data));
  assert.equal(state.logDensity.item(), kept);
});

Deno.test("parallelTempering() refuses options that make no sense", () => {
  const cases: [options: unknown, error: typeof TypeError | typeof RangeError, text: RegExp][] = [
    [{ rungs: 1 }, RangeError, /`rungs` 1: expected a whole number of at least 2/],
    [{ rungs: 2.5 }, RangeError, /`rungs` 2\.5/],
    [{ rung: 4 }, TypeError, /unknown option `rung`/],
    [{ normalisedPrior: 1 }, TypeError, /`normalisedPrior` 1: give true or false/],
    [{ local: hmc }, TypeError, /give a kernel, such as hmc\(\) or mala\(\), called/],
    [{ local: parallelTempering() }, TypeError, /has replicas of its own/],
    [{ reference: "wide" }, TypeError, /`reference` "wide": give "prior", "fitted", or/],
    [{ reference: { mean: 0 } }, TypeError, /`reference`/],
    [{ reference: { mean: 0, scale: 0 } }, RangeError, /scale 0: expected .* positive scale/],
    [{ reference: { mean: NaN, scale: 1 } }, RangeError, /mean NaN/],
    [{ reference: { mean: 0, scale: 1, degrees: 4 } }, TypeError, /unknown option `degrees`/],
  ];
  for (const [options, error, text] of cases) {
    assert.throws(() => parallelTempering(options as never), (thrown) => {
      assert.ok(thrown instanceof error && text.test(thrown.message), `${thrown}`);
      return true;
    });
  }
});

Deno.test("parallelTempering() refuses targets and parameters that do not fit", () => {
  const kernel = parallelTempering({ rungs: 3 });
  const step = (parameters: unknown) => () => kernel.step(target, parameters as never);
  const cases: [parameters: unknown, text: RegExp][] = [
    [{}, /without a step size/],
    [{ stepSize: [0.1, 0.1] }, /`stepSize` f64\[2\]: expected f64\[\] or f64\[3\]/],
    [{ stepSize: -1 }, /`stepSize` -1: expected positive/],
    [{ stepSize: 1, inverseMass: [1, 2, 3] }, /`inverseMass` f64\[3\]/],
    [{ stepSize: 1, inverseTemperatures: [1, 0] }, /expected f64\[3\]/],
    [{ stepSize: 1, inverseTemperatures: [1, 0.5, 0.1] }, /must fall from 1, the target, to 0/],
    [{ stepSize: 1, inverseTemperatures: [1, 1, 0] }, /must fall from 1/],
    [{ stepSize: 1, referenceScale: 0 }, /`referenceScale` 0: expected positive/],
    [{ stepSize: 1, referenceMean: [1, 2, 3] }, /`referenceMean` f64\[3\]: expected f64\[\] or/],
  ];
  for (const [parameters, text] of cases) assert.throws(step(parameters), text);
  const fromPrior = parallelTempering({ reference: "prior" });
  assert.throws(() => fromPrior.init(target), /from the prior: the target is not given by factors/);
  const wrong = parallelTempering({ reference: { mean: [1, 2, 3], scale: 1 } });
  assert.throws(() => wrong.init(target), /`reference\.mean` f64\[3\]/);
});

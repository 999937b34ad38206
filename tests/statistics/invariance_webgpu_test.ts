/**
 * The kernels leave their target invariant on a GPU: 100,000 exact draws are exact draws after some steps.
 *
 * False alarms: by the bound of the f64 cases; keys 0, 1, 2 … in order.
 */
import assert from "node:assert/strict";
import {
  accept,
  type ChainState,
  differentialEvolution,
  hmc,
  jitteredHmc,
  type Kernel,
  type Key,
  key,
  mala,
  mams,
  normal,
  rwm,
  split,
  type Step,
  type Target,
  type Tree,
} from "../../mod.ts";
import { webgpuDevice } from "../../src/device/webgpu.ts";
import { halvesRun } from "../../src/kernels/alternate_halves.ts";
import { ensembleRun } from "../../src/kernels/ensemble.ts";
import { gradientAt } from "../../src/kernels/kernel.ts";
import { startOn } from "../../src/kernels/vectorize.ts";
import { ON_GPU } from "../device/webgpu_adapter.ts";
import {
  assertInvariant,
  assertRejected,
  invariance,
  type InvarianceCase,
  type Move,
  statisticsOf,
} from "./invariance.ts";
import {
  banana,
  correlated,
  type ExactTarget,
  rounded,
  skewedPair,
  twoBells,
} from "./invariance_targets.ts";
import { levelOf } from "./levels.ts";

const CHAINS = 100_000;

/** Steps on the GPU and nowhere else: a device that fails is an error here. */
function gpuMove<State extends ChainState & Tree>(
  kernel: Kernel<State>,
  step: (target: Target) => Step<State>,
  steps: number,
): Move {
  return (target) => {
    const start = startOn(webgpuDevice, target, kernel);
    const run = ensembleRun(
      (state: State, _: Record<string, never>, key: Key) => step(target)(state, key),
      webgpuDevice,
    );
    return async (position, key) => {
      const { state } = await run(await start(position), {}, key, { steps });
      return state.position;
    };
  };
}

interface Parameters {
  readonly stepSize: number;
  readonly trajectoryLength?: number;
}

function onGpu<State extends ChainState & Tree>(
  kernel: Kernel<State>,
  exact: ExactTarget,
  parameters: Parameters,
  steps: number,
): InvarianceCase {
  const inverseMass = [0.5, 1, 3].slice(-exact.target.dimension);
  const step = (target: Target) => kernel.step(target, { ...parameters, inverseMass });
  const name = `${kernel.name} on a GPU on ${exact.name}`;
  return { name, exact: rounded(exact), move: gpuMove(kernel, step, steps) };
}

/** Halves that move in turn, each by the other. */
const evolution: InvarianceCase = {
  name: `differential evolution on a GPU on ${banana.name}`,
  exact: rounded(banana),
  move: (target) => {
    const kernel = differentialEvolution();
    const start = startOn(webgpuDevice, target, kernel);
    const run = halvesRun(
      (state: ChainState, { partners }, key: Key) =>
        kernel.step(target, { stepSize: 1.2, partners })(state, key),
      webgpuDevice,
    );
    return async (position, key) =>
      (await run(await start(position), {}, key, { steps: 6 })).state.position;
  },
};

const LONG = { stepSize: 0.5, trajectoryLength: 1.5 };

const CASES: readonly InvarianceCase[] = [
  onGpu(rwm(), correlated, { stepSize: 1 }, 20),
  onGpu(mala(), twoBells, { stepSize: 0.7 }, 12),
  onGpu(mala(), banana, { stepSize: 0.4 }, 12),
  onGpu(hmc({ leapfrogSteps: 4, jitter: 0.3 }), twoBells, { stepSize: 0.5 }, 6),
  onGpu(hmc({ leapfrogSteps: 5 }), skewedPair, { stepSize: 0.5 }, 6),
  onGpu(jitteredHmc({ stepJitter: 0.5 }), banana, LONG, 5),
  onGpu(jitteredHmc({ stepJitter: 0.7 }), correlated, LONG, 5),
  onGpu(mams(), banana, { stepSize: 0.5, trajectoryLength: 1 }, 5),
  evolution,
];

const LEVEL = levelOf(import.meta.url, statisticsOf(CASES));

CASES.forEach((sound, i) => {
  Deno.test({
    name: `${sound.name} leaves the target invariant`,
    ...ON_GPU,
    async fn() {
      assertInvariant(await invariance(sound, key(i), CHAINS), { level: LEVEL });
    },
  });
});

/** MALA written anew, without a fault or with one that only rounding of another kind would excuse. */
function langevin(exact: ExactTarget, fault: "none" | "no correction"): InvarianceCase {
  const stepSize = 0.5;
  return {
    name: `MALA written anew with ${fault}`,
    exact: rounded(exact),
    move: gpuMove(mala(), (target) => (state, key) => {
      const [forProposal, forAcceptance] = split(key);
      const half = 0.5 * stepSize * stepSize;
      const noise = normal(forProposal, state.position.shape);
      const position = state.position.add(state.gradient.mul(half)).add(noise.mul(stepSize));
      const { logDensity, gradient } = gradientAt(target, position);
      const back = state.position.sub(position).sub(gradient.mul(half)).div(stepSize);
      const correction = noise.square().sub(back.square()).sum().mul(0.5);
      const change = logDensity.sub(state.logDensity);
      const { acceptance: _, ...current } = state;
      const { state: next, acceptance } = accept(
        forAcceptance,
        fault === "none" ? change.add(correction) : change,
        current,
        { position, logDensity, gradient },
      );
      return { ...next, acceptance };
    }, 12),
  };
}

Deno.test("MALA written anew on a GPU is invariant, and without its correction is rejected", {
  ...ON_GPU,
}, async () => {
  const level = LEVEL;
  const sound = await invariance(langevin(twoBells, "none"), key(CASES.length), CHAINS);
  assertInvariant(sound, { level });
  const faulty = langevin(twoBells, "no correction");
  assertRejected(await invariance(faulty, key(CASES.length + 1), CHAINS), level);
});

Deno.test("steps on a GPU for a target that is 3 % wider are rejected", { ...ON_GPU }, async () => {
  const wider: ExactTarget = {
    ...correlated,
    uniforms: (x) => correlated.uniforms(x.map((each) => 0.97 * each)),
  };
  const mutant = onGpu(mala(), wider, { stepSize: 0.8 }, 12);
  assertRejected(await invariance(mutant, key(CASES.length + 2), CHAINS), LEVEL);
});

Deno.test("positions that come from a GPU are floats of 32 bits", { ...ON_GPU }, async () => {
  const { exact, move } = CASES[0];
  const { data } = await move(exact.target)(exact.sample(key(0), 1000), key(1));
  for (const x of data) assert.equal(x, Math.fround(x));
});

/**
 * Parallel tempering on ladders whose every rung can be drawn from exactly: what has to stay invariant is
 * the joint distribution of all replicas. And what is wrong with mutants.
 */
import {
  accept,
  density,
  hmc,
  independence,
  type Kernel,
  type Key,
  mala,
  mixture,
  normal,
  parallelTempering,
  type Precision,
  repeat,
  rwm,
  sequence,
  split,
  startChains,
  type Step,
  studentT,
  type TemperedState,
  type Tensor,
  tensor,
  uniform,
  vectorize,
  where,
} from "../../mod.ts";
import { chooseDevice } from "../../src/device/choose.ts";
import { mapChains } from "../../src/kernels/ensemble.ts";
import type { ChainState, GradientState } from "../../src/kernels/kernel.ts";
import { concat, stack } from "../../src/tensor/operations.ts";
import { foldIn } from "../../src/tensor/random.ts";
import type { Tree } from "../../src/tensor/tree.ts";
import {
  circleLadder,
  conjugatePosterior,
  type ExactLadder,
  steppedStudent,
} from "./exact_ladders.ts";
import type { InvarianceCase } from "./invariance.ts";
import { type ExactTarget, mapRows } from "./invariance_targets.ts";

/** All replicas of a chain as one point of rungs · d coordinates. */
function joint(ladder: ExactLadder): ExactTarget {
  const { inverseTemperatures: betas, target: { dimension: d } } = ladder;
  const width = betas.length * d;
  return {
    name: ladder.name,
    target: density(width, (x) => x.sum().mul(0)),
    sample: (key, n) =>
      mapRows(
        uniform(key, [n, width]),
        (u) => betas.flatMap((beta, k) => ladder.draw(u.subarray(k * d, (k + 1) * d), beta)),
      ),
    uniforms: (x) => {
      const each = betas.flatMap((beta, k) =>
        ladder.uniforms(x.subarray(k * d, (k + 1) * d), beta)
      );
      // Of neighbours, whose dependence is what a wrong swap makes: uniform if they are independent.
      const pairs = betas.slice(1).map((_, k) => (each[k * d] + each[(k + 1) * d]) % 1);
      return [...each, ...pairs];
    },
    uniformCount: width + betas.length - 1,
  };
}

type State = TemperedState<ChainState>;
type Ensemble = (state: State, key: Key) => Promise<State>;

/** Moves of all replicas, from a step of an ensemble. */
function replicasMove(
  ladder: ExactLadder,
  start: (positions: Tensor) => State,
  ensemble: Ensemble,
  precision: Precision = "f64",
): InvarianceCase["move"] {
  const d = ladder.target.dimension;
  const rungs = ladder.inverseTemperatures.length;
  return () => {
    const device = chooseDevice(undefined, { precision });
    const begin = mapChains(
      ({ positions }: { readonly positions: Tensor }) => start(positions) as State & Tree,
      { device },
    );
    return async (positions, key) => {
      const [chains] = positions.shape;
      const state = await begin({ positions: positions.reshape([chains, rungs, d]) });
      const { position, hot } = await ensemble(state, key);
      return concat([position.reshape([chains, 1, d]), hot.position], 1).reshape([chains, -1]);
    };
  };
}

/** A kernel on a ladder. */
function tempering(ladder: ExactLadder, local: Kernel<GradientState>): {
  readonly start: (positions: Tensor) => State;
  readonly step: Step<State>;
  readonly kept: readonly string[];
  readonly kernel: Kernel<State & Tree>;
} {
  const { target, inverseTemperatures, reference } = ladder;
  const rungs = inverseTemperatures.length;
  const kernel = parallelTempering({ rungs, local, reference });
  const stepSize = inverseTemperatures.map((beta) => 1.2 - 0.5 * beta);
  const inverseMass = inverseTemperatures.map((beta) =>
    Array.from({ length: target.dimension }, (_, i) => 1 + i - 0.3 * beta)
  );
  return {
    start: kernel.initReplicas(target) as unknown as (positions: Tensor) => State,
    step: kernel.step(target, { stepSize, inverseMass, inverseTemperatures }) as unknown as Step<
      State
    >,
    kept: kernel.kept ?? [],
    kernel: kernel as unknown as Kernel<State & Tree>,
  };
}

function steps(step: Step<State>, count: number, precision: Precision = "f64"): Ensemble {
  const advance = vectorize(step as unknown as Step<State & Tree>, { precision });
  return (state, key) => advance(state as State & Tree, key, { steps: count });
}

function sound(
  name: string,
  ladder: ExactLadder,
  local: Kernel<GradientState>,
  ensemble: (parts: ReturnType<typeof tempering>) => Ensemble = ({ step }) => steps(step, 7),
): InvarianceCase {
  const parts = tempering(ladder, local);
  return {
    name: `parallel tempering, ${name}, on ${ladder.name}`,
    exact: joint(ladder),
    move: replicasMove(ladder, parts.start, ensemble(parts)),
  };
}

const short = hmc({ leapfrogSteps: 3, jitter: 0.5 });
const walk = rwm() as unknown as Kernel<GradientState>;

/** Independence moves of the cold replicas between steps of all. */
function withJumps(
  ladder: ExactLadder,
  kept: (names: readonly string[]) => readonly string[] = (names) => names,
): (parts: ReturnType<typeof tempering>) => Ensemble {
  return (parts) => {
    const d = ladder.target.dimension;
    const cholesky = Float64Array.from({ length: d * d }, (_, i) => i % (d + 1) === 0 ? 2 : 0);
    const shape = { mean: new Float64Array(d), cholesky };
    const jump = independence({
      proposal: studentT(shape, chooseDevice("wasm")),
      start: startChains(ladder.target, parts.kernel),
      kept: kept(parts.kept),
    });
    const local = steps(parts.step, 2);
    return async (state, key) => {
      let next = state;
      for (let i = 0; i < 3; i++) {
        const [forLocal, forJump] = split(foldIn(key, i));
        next = await jump(await local(next, forLocal) as State & Tree, forJump) as State;
      }
      return next;
    };
  };
}

/** Sound ways to use it. */
export const SOUND_TEMPERING: readonly InvarianceCase[] = [
  sound("hmc", conjugatePosterior, short),
  sound("mala", conjugatePosterior, mala()),
  sound("rwm", conjugatePosterior, walk),
  sound("hmc", steppedStudent, short),
  sound("mala", steppedStudent, mala()),
  sound("rwm", steppedStudent, walk),
  sound("one step at a time", steppedStudent, walk, ({ step }) => {
    const advance = steps(step, 1);
    return repeat(advance, 5);
  }),
  sound(
    "composed",
    steppedStudent,
    short,
    ({ step }) => steps(mixture([[1, repeat(step, 2)], [2, sequence(step, step, step)]]), 3),
  ),
  sound("rwm", circleLadder("prior"), walk),
  sound("hmc", circleLadder("reference"), short),
  sound("with global moves", steppedStudent, short, withJumps(steppedStudent)),
  sound("with global moves", conjugatePosterior, short, withJumps(conjugatePosterior)),
];

type Fault =
  | "none"
  | "the sign of the swap"
  | "no rejection of swaps"
  | "a swap of the first pair by the last temperatures"
  | "local moves at the temperature of the next rung";

/** Parallel tempering written anew, by random walks: all rungs one after the other. */
function anew(ladder: ExactLadder, fault: Fault): Step<State> {
  const { target, inverseTemperatures: betas, reference } = ladder;
  const rungs = betas.length;
  const place = parallelTempering({ rungs, local: walk, reference }).initReplicas(target);
  const likelihoods = (positions: Tensor): Tensor => place(positions).logLikelihoods;
  const densities = (positions: Tensor): Tensor => {
    const { logDensity, hot } = place(positions);
    return concat([logDensity.reshape([1]), hot.logDensity]);
  };
  return (state, key) => {
    const [forLocal, forSwap] = split(key);
    const d = target.dimension;
    let positions = concat([state.position.reshape([1, d]), state.hot.position]);
    const proposed = positions.add(normal(foldIn(forLocal, rungs), [rungs, d]).mul(0.9));
    const [before, after] = [positions, proposed].map((at) => ({
      logLikelihoods: likelihoods(at),
      logDensities: densities(at),
    }));
    positions = stack(betas.map((_, k) => {
      const beta = fault.startsWith("local moves") ? betas[Math.min(k + 1, rungs - 1)] : betas[k];
      // ln p_β = ln p − (1 − β) ln L
      const at = ({ logLikelihoods, logDensities }: typeof before): Tensor =>
        logDensities.at(k).sub(logLikelihoods.at(k).mul(1 - beta));
      return accept(
        foldIn(forLocal, k),
        at(after).sub(at(before)),
        { x: positions.at(k) },
        { x: proposed.at(k) },
      ).state.x;
    }));
    const logLikelihoods = likelihoods(positions);
    const rows = betas.map((_, k) => positions.at(k));
    for (let k = 0; k + 1 < rungs; k++) {
      const [i, j] = fault.startsWith("a swap of") && k === 0 ? [rungs - 2, rungs - 1] : [k, k + 1];
      const ratio = logLikelihoods.at(k + 1).sub(logLikelihoods.at(k)).mul(betas[i] - betas[j])
        .mul(fault === "the sign of the swap" ? -1 : 1);
      const chance = fault === "no rejection of swaps" ? 1 : ratio.exp();
      const swaps = uniform(foldIn(forSwap, k)).less(chance).and(state.turn.equal(k % 2));
      [rows[k], rows[k + 1]] = [
        where(swaps, rows[k + 1], rows[k]),
        where(swaps, rows[k], rows[k + 1]),
      ];
    }
    return { ...place(stack(rows)), turn: state.turn.neg().add(1) } as unknown as State;
  };
}

function mutant(fault: Fault, ladder: ExactLadder): InvarianceCase {
  const what = fault === "none" ? "written anew" : `with ${fault}`;
  return {
    name: `parallel tempering ${what} on ${ladder.name}`,
    exact: joint(ladder),
    move: replicasMove(ladder, tempering(ladder, walk).start, steps(anew(ladder, fault), 10)),
  };
}

/** Written anew without a fault. */
export const CONTROLS_TEMPERING: readonly InvarianceCase[] = [
  mutant("none", conjugatePosterior),
  mutant("none", steppedStudent),
];

/** With one fault each. */
export const MUTANTS_TEMPERING: readonly InvarianceCase[] = [
  mutant("the sign of the swap", steppedStudent),
  mutant("no rejection of swaps", steppedStudent),
  mutant("a swap of the first pair by the last temperatures", conjugatePosterior),
  mutant("local moves at the temperature of the next rung", steppedStudent),
  {
    ...sound("hot replicas that are reset", steppedStudent, walk, ({ step }) => {
      const advance = steps(step, 2);
      return async (state, key) => {
        let next = state;
        for (let i = 0; i < 4; i++) {
          next = { ...await advance(next, foldIn(key, i)), hot: state.hot };
        }
        return next;
      };
    }),
  },
  sound(
    "hot log densities that stay behind",
    steppedStudent,
    walk,
    ({ step }) =>
      steps((state, key) => {
        const next = step(state, key);
        return { ...next, hot: { ...next.hot, logDensity: state.hot.logDensity } };
      }, 7),
  ),
  sound(
    "hot replicas that go with global moves",
    steppedStudent,
    short,
    withJumps(steppedStudent, () => []),
  ),
];

/** In single precision, from draws that it holds. */
export function singleTempering(): InvarianceCase {
  const parts = tempering(steppedStudent, short);
  const exact = joint(steppedStudent);
  return {
    name: `f32 parallel tempering on ${steppedStudent.name}`,
    exact: {
      ...exact,
      sample: (key, n) => {
        const { data, shape } = exact.sample(key, n);
        return tensor(Float64Array.from(data, Math.fround)).reshape(shape);
      },
    },
    move: replicasMove(steppedStudent, parts.start, steps(parts.step, 7, "f32"), "f32"),
  };
}

/**
 * Parallel tempering on ladders whose every rung can be drawn from exactly: what has to stay invariant is
 * the joint distribution of all replicas. And what is wrong with mutants.
 */
import {
  accept,
  angle,
  density,
  hmc,
  independence,
  type Kernel,
  type Key,
  mala,
  mixture,
  normal,
  parallelTempering,
  posterior,
  type Precision,
  real,
  repeat,
  rwm,
  sequence,
  split,
  startChains,
  type Step,
  studentT,
  type Target,
  type TemperedState,
  type TemperingOptions,
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
import type { InvarianceCase } from "./invariance.ts";
import { type ExactTarget, mapRows } from "./invariance_targets.ts";
import { normalCdf } from "./normal_cdf.ts";

/** A target with exact draws of p_β at each rung. */
export interface ExactLadder {
  readonly name: string;
  readonly target: Target;
  /** From 1 down to 0. */
  readonly inverseTemperatures: readonly number[];
  readonly reference: NonNullable<TemperingOptions<ChainState & Tree>["reference"]>;
  /** A draw of p_β from d uniform numbers, and back. */
  draw(u: Float64Array, inverseTemperature: number): readonly number[];
  uniforms(x: Float64Array, inverseTemperature: number): readonly number[];
}

/** Bisection for the x in (−10⁶, 10⁶) at which an increasing function has a value. */
function inverseOf(f: (x: number) => number, value: number): number {
  let [low, high] = [-1e6, 1e6];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (f(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** From a prior N(0, 4) to a likelihood N(m, ½) of each of two numbers: every rung is Gaussian. */
const PRIOR_VARIANCE = 4;
const DATA = [1.5, -1];
const DATA_VARIANCE = 0.5;

function conjugate(beta: number, i: number): { mean: number; sd: number } {
  const precision = 1 / PRIOR_VARIANCE + beta / DATA_VARIANCE;
  return { mean: beta * DATA[i] / DATA_VARIANCE / precision, sd: 1 / Math.sqrt(precision) };
}

/** A conjugate posterior, tempered from its prior. */
export const conjugatePosterior: ExactLadder = {
  name: "conjugate posterior",
  target: posterior({
    parameters: { x: real(2) },
    logPrior: ({ x }) => x.square().sum().mul(-0.5 / PRIOR_VARIANCE),
    logLikelihood: ({ x }) => x.sub(DATA).square().sum().mul(-0.5 / DATA_VARIANCE),
  }),
  inverseTemperatures: [1, 0.4, 0.1, 0],
  reference: "prior",
  draw: (u, beta) =>
    [...u].map((each, i) => {
      const { mean, sd } = conjugate(beta, i);
      return mean + sd * inverseOf(normalCdf, each);
    }),
  uniforms: (x, beta) =>
    [...x].map((each, i) => {
      const { mean, sd } = conjugate(beta, i);
      return normalCdf((each - mean) / sd);
    }),
};

/** The distribution function of Student's t with 4 degrees of freedom. */
function studentCdf(t: number): number {
  const q = 1 + t * t / 4;
  return 0.5 + 0.375 * t / Math.sqrt(q) * (1 - t * t / q / 12);
}

const CENTER = 0.5;
const SCALE = 1.5;
/** ln of the factor on Student's t between these quantiles of it: two modes and a hollow. */
const HEIGHTS = [2, -1.5, 1, -3];
const EDGES = [0, 0.25, 0.6, 0.85, 1];

/** The share of p_β below each edge. */
function shares(beta: number): number[] {
  const masses = HEIGHTS.map((height, i) => Math.exp(beta * height) * (EDGES[i + 1] - EDGES[i]));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  let below = 0;
  return [0, ...masses.map((mass) => (below += mass) / total)];
}

/** Student's t with steps in it, tempered towards it without them. */
export const steppedStudent: ExactLadder = {
  name: "Student's t with steps",
  target: density(1, (x) => {
    const t = x.at(0).sub(CENTER).div(SCALE);
    const edges = EDGES.slice(1, -1).map((edge) => inverseOf(studentCdf, edge));
    const height = HEIGHTS.slice(1).reduce(
      (low: Tensor, each, i) => where(t.greater(edges[i]), each, low),
      tensor(HEIGHTS[0]),
    );
    return t.square().div(4).log1p().mul(-2.5).add(height);
  }),
  inverseTemperatures: [1, 0.5, 0.15, 0],
  reference: { mean: CENTER, scale: SCALE },
  draw: ([u], beta) => {
    const below = shares(beta);
    const bin = Math.min(3, below.findLastIndex((share) => share <= u));
    const within = (u - below[bin]) / (below[bin + 1] - below[bin]);
    const quantile = EDGES[bin] + within * (EDGES[bin + 1] - EDGES[bin]);
    return [CENTER + SCALE * inverseOf(studentCdf, quantile)];
  },
  uniforms: ([x], beta) => {
    const below = shares(beta);
    const quantile = studentCdf((x - CENTER) / SCALE);
    const bin = Math.max(0, Math.min(3, EDGES.findLastIndex((edge) => edge <= quantile)));
    const within = (quantile - EDGES[bin]) / (EDGES[bin + 1] - EDGES[bin]);
    return [below[bin] + within * (below[bin + 1] - below[bin])];
  },
};

/** The likelihood e² on one half of the circle and e⁻¹ on the other, from a uniform prior. */
const [NEAR, FAR] = [2, -1];

function halfOf(beta: number): number {
  return 1 / (1 + Math.exp(beta * (FAR - NEAR)));
}

/** Steps on a circle; the likely half is around 0. */
function circleLadder(from: "prior" | "reference"): ExactLadder {
  const steps = (phase: Tensor): Tensor => where(phase.cos().greater(0), NEAR, FAR);
  return {
    name: `steps on a circle from its ${from}`,
    target: from === "prior"
      ? posterior({
        parameters: { phase: angle() },
        logPrior: ({ phase }) => phase.mul(0),
        logLikelihood: ({ phase }) => steps(phase),
      })
      : density(1, (x) => steps(x.at(0)), { periodic: [true] }),
    inverseTemperatures: [1, 0.3, 0],
    reference: from === "prior" ? "prior" : { mean: 0, scale: 1 },
    // From −π/2 on around the circle.
    draw: ([u], beta) => {
      const near = halfOf(beta);
      const turn = u < near ? 0.5 * u / near : 0.5 + 0.5 * (u - near) / (1 - near);
      return [2 * Math.PI * (turn < 0.75 ? turn - 0.25 : turn - 1.25)];
    },
    uniforms: ([x], beta) => {
      const near = halfOf(beta);
      const turn = x / (2 * Math.PI) + (x < -Math.PI / 2 ? 1.25 : 0.25);
      return [turn < 0.5 ? 2 * turn * near : near + (2 * turn - 1) * (1 - near)];
    },
  };
}

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

/**
 * Adaptation of parallel tempering: of each rung its step size and metric, of the ladder its inverse
 * temperatures, and of a fitted reference where it is and how wide.
 *
 * @module
 */
import type { Ladder } from "../kernels/kernel.ts";
import { exp, log } from "../tensor/functions/scalar_math.ts";
import type { TemperingParameters } from "../kernels/tempering_options.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import {
  type Adaptation,
  type AdaptationState,
  type AdaptationTarget,
  ensembleAdaptation,
} from "./adaptation.ts";
import { type DualAveraging, startDualAveraging, updateDualAveraging } from "./dual_averaging.ts";
import { ensembleScale } from "./ensemble_scale.ts";
import { equalRejection } from "./ladder.ts";
import type { ObservedStep } from "./observed.ts";
import { addToMoments, emptyMoments, type RungMoments, variances } from "./rung_moments.ts";

/** What the adaptation of the hot rungs remembers; plain data. */
export interface LadderState {
  /** Of all rungs, from 1 down to 0. */
  readonly inverseTemperatures: Float64Array;
  /** Of each hot rung. */
  readonly stepSizes: readonly DualAveraging[];
  /** Diagonals of the inverse mass matrices of the hot rungs, (rungs − 1) × d. */
  readonly inverseMass: Float64Array;
  /** Centre of a fitted reference, [d]. */
  readonly referenceMean: Float64Array;
  /** Its scale, [d]. */
  readonly referenceScale: Float64Array;
  /** Steps of this window so far. */
  readonly steps: number;
  /** Of the hot positions in this window, (rungs − 1) × d. */
  readonly positions: RungMoments;
  /** Of the probabilities that neighbours do not swap in this window, rungs − 1. */
  readonly rejection: RungMoments;
}

/** What the adaptation of parallel tempering remembers. */
export interface TemperingAdaptationState extends AdaptationState {
  /** Of the ladder. */
  readonly ladder: LadderState;
}

/** Draws further from the median than so many scales count as if they were there. */
const FURTHEST = 10;

/** Mean over the first axes: one number for each element along the last. */
function meanOfLast({ data, shape }: Tensor): Float64Array {
  const width = shape[shape.length - 1];
  return Float64Array.from({ length: width }, (_, i) => {
    let sum = 0;
    for (let at = i; at < data.length; at += width) sum += data[at];
    return sum * width / data.length;
  });
}

function expectDraws({ draws }: ObservedStep, name: string): Tensor {
  const found = draws[name];
  if (found !== undefined) return found;
  throw new TypeError(
    `Cannot adapt a ladder without ${name}: use this adaptation with parallelTempering()`,
  );
}

/**
 * Location and scale of all cold draws. Deviations are squared, not ranked: modes that few chains are in
 * must be within reach of the reference, too.
 */
function fitted(
  positions: Tensor,
  fallback: Float64Array,
): Pick<LadderState, "referenceMean" | "referenceScale"> {
  const d = fallback.length;
  const { median, variance } = ensembleScale(positions, fallback.map((each) => each * each));
  const { data } = positions;
  const rows = data.length / d;
  const mean = new Float64Array(d);
  const scale = variance.map((each, i) => {
    const most = FURTHEST * Math.sqrt(each);
    let [sum, squares] = [0, 0];
    for (let at = i; at < data.length; at += d) {
      const apart = Math.max(-most, Math.min(most, data[at] - median[i]));
      sum += apart;
      squares += apart * apart;
    }
    mean[i] = median[i] + sum / rows;
    return Math.sqrt(squares / rows - (sum / rows) * (sum / rows));
  });
  const known = scale.every((each, i) => each > 0 && each < Infinity && Number.isFinite(mean[i]));
  return known
    ? { referenceMean: mean, referenceScale: scale }
    : { referenceMean: new Float64Array(d), referenceScale: fallback };
}

/** The metric of each hot rung of a new ladder, between those of the rungs that it lies between. */
function metrics(
  rungs: ReturnType<typeof equalRejection>,
  ofCold: Float64Array,
  ofHot: Float64Array,
): Float64Array {
  const d = ofCold.length;
  const of = (rung: number, i: number): number =>
    log(rung === 0 ? ofCold[i] : ofHot[(rung - 1) * d + i]);
  return Float64Array.from({ length: ofHot.length }, (_, at) => {
    const { above, fraction } = rungs[Math.floor(at / d) + 1];
    const i = at % d;
    return exp((1 - fraction) * of(above, i) + fraction * of(above + 1, i));
  });
}

/**
 * The adaptation of `parallelTempering`. The cold replicas adapt by the given rule. Each hot rung has a step
 * size by dual averaging on its mean acceptance over chains, and a diagonal metric from the variances of its
 * positions. After each window but the last the ladder is set so that all neighbours reject swaps equally
 * often ({@linkcode equalRejection}), and a fitted reference to mean and standard deviation of the cold
 * draws. Production freezes all of it.
 *
 * @param ladder The kernel's.
 * @param base How the cold replicas adapt; by default with a diagonal metric of variances, as the hot ones.
 * @returns The rule.
 */
export function temperingAdaptation(
  { inverseTemperatures, reference }: Ladder,
  base: Adaptation = ensembleAdaptation({ metric: "diagonal", fisher: false }),
): Adaptation {
  const hot = inverseTemperatures.length - 1;
  const freshWindow = (
    dimension: number,
    { firstStepSize }: AdaptationTarget,
  ): Pick<LadderState, "stepSizes" | "steps" | "positions" | "rejection"> => ({
    stepSizes: Array.from({ length: hot }, () => startDualAveraging(firstStepSize)),
    steps: 0,
    positions: emptyMoments(hot * dimension),
    rejection: emptyMoments(hot),
  });
  const ladderOf = (state: AdaptationState): LadderState =>
    (state as TemperingAdaptationState).ladder;
  return {
    start: (dimension, goal): TemperingAdaptationState => ({
      ...base.start(dimension, goal),
      ladder: {
        inverseTemperatures: Float64Array.from(inverseTemperatures),
        inverseMass: new Float64Array(hot * dimension).fill(1),
        referenceMean: new Float64Array(dimension),
        referenceScale: new Float64Array(dimension).fill(reference),
        ...freshWindow(dimension, goal),
      },
    }),
    afterStep: (state, step, goal): TemperingAdaptationState => {
      const ladder = ladderOf(state);
      const steps = ladder.steps + 1;
      const acceptance = meanOfLast(expectDraws(step, "hot.acceptance"));
      return {
        ...base.afterStep(state, step, goal),
        ladder: {
          ...ladder,
          steps,
          stepSizes: ladder.stepSizes.map((each, rung) =>
            // There is none where replicas are drawn anew.
            Number.isNaN(acceptance[rung])
              ? each
              : updateDualAveraging(each, acceptance[rung], goal.acceptance)
          ),
          positions: addToMoments(
            ladder.positions,
            expectDraws(step, "hot.position").data,
            steps,
          ),
          rejection: addToMoments(ladder.rejection, expectDraws(step, "swapRejection").data, steps),
        },
      };
    },
    afterWindow: (state, window, goal): TemperingAdaptationState => {
      const ladder = ladderOf(state);
      const next = base.afterWindow(state, window, goal);
      // While chains settle there are no replicas to learn from, and modes that are yet to be found must be
      // within reach of the reference.
      if (ladder.steps === 0) return { ...next, ladder };
      const reference = fitted(window.position, ladder.referenceScale);
      const { inverseMass } = next.metric;
      const rungs = equalRejection(ladder.inverseTemperatures, ladder.rejection.mean);
      const ofHot = variances(ladder.positions, ladder.inverseMass);
      return {
        ...next,
        ladder: {
          inverseTemperatures: Float64Array.from(rungs, (rung) => rung.inverseTemperature),
          inverseMass: metrics(rungs, inverseMass, ofHot),
          ...reference,
          ...freshWindow(inverseMass.length, goal),
        },
      };
    },
    parameters: (state, frozen): TemperingParameters => {
      const { stepSize, inverseMass = 1, ...others } = base.parameters(state, frozen);
      const ladder = ladderOf(state);
      const cold = tensor(inverseMass).broadcastTo([ladder.referenceMean.length]).data;
      return {
        ...others,
        stepSize: Float64Array.of(
          tensor(stepSize).item(),
          ...ladder.stepSizes.map((each) => exp(frozen ? each.logAverage : each.logStepSize)),
        ),
        inverseMass: tensor(Float64Array.of(...cold, ...ladder.inverseMass))
          .reshape([hot + 1, cold.length]),
        inverseTemperatures: ladder.inverseTemperatures,
        referenceMean: ladder.referenceMean,
        referenceScale: ladder.referenceScale,
      };
    },
  };
}

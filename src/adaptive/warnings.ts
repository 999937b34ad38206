/**
 * What cannot be trusted in a run, in words that say what to do.
 *
 * @module
 */
import type { ProposalQuality } from "../diagnostics/proposal_quality.ts";
import type { WeightOverlap } from "../diagnostics/weight_overlap.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { decisiveRHat } from "./convergence.ts";
import type { RunEvidence } from "./run_evidence.ts";
import type { Convergence } from "./run_state.ts";
import { type TrajectoryFacts, trajectoryWarnings } from "./trajectory_warnings.ts";

/** What is known of a run at its end. */
export interface RunFacts {
  readonly convergence: Convergence;
  readonly ended: "converged" | "budget" | undefined;
  readonly acceptance: { readonly local: number; readonly global: number };
  readonly targetAcceptance: number;
  readonly evidence: RunEvidence | undefined;
  /** What weights at the draws and at proposals tell of each other; as `evidence`. */
  readonly overlap: WeightOverlap | undefined;
  /** How good the flow is. */
  readonly flowQuality: ProposalQuality | undefined;
  /** Whether production left global moves out, since the flow is no good. */
  readonly abandoned: boolean;
  /** Share of the proposals, those for log Z included, at which the log density was NaN or +∞. */
  readonly broken: number;
  /** Kept positions, chains × draws × d. */
  readonly position: Tensor;
  /** What is known of local trajectories; none if the kernel has no energies. */
  readonly trajectories: TrajectoryFacts | undefined;
}

/** Draws are trusted below this R-hat, or nested R-hat (Vehtari et al. 2021, §5). */
const LARGEST_R_HAT = 1.01;
/** Below this effective sample size R-hat and Monte Carlo errors are themselves unreliable (ibid.). */
const LEAST_SAMPLE_SIZE = 400;
/** The local kernel works if its acceptance is at least this share of what it was adapted to. */
const LEAST_SHARE = 0.25;
/** Below this acceptance global moves cost more than they bring. */
const LEAST_GLOBAL = 0.05;
/** Above this effective sample fraction even a heavy tail of the weights holds too little to matter. */
const LARGEST_FRACTION = 0.95;
/**
 * The effective sample fraction is above the square of the acceptance of independence moves for log-normal
 * weights, whatever their spread; so far below it, a few proposals stand out. That acceptance is computed from
 * weights: a global move that chooses among several proposals moves more often.
 */
const LEAST_FRACTION = 0.5;
/**
 * Of n effective draws, proposals beyond all of them carry 1/(n + 1) of the weight on average, and so by
 * Markov's inequality more than 100/n in fewer than 1 of 100 runs. Less than 5 % hardly changes results.
 */
const UNVISITED_DRAWS = 100;
const LEAST_UNVISITED = 0.05;
/** Fewer draws of each chain tell nothing of convergence. */
const LEAST_DRAWS = 4;
/** Importance weights with a Pareto shape above this have an unreliable mean (Vehtari et al. 2024). */
const LARGEST_SHAPE = 0.7;
/**
 * Beside an estimate that does not rest on them, such a shape has to be above it for certain: of 10,000 weights it is
 * found with an error of 0.1 (asymptotically (1 + k)/√m, of the m = 3√n largest).
 */
const LARGEST_SHAPE_BESIDE_BRIDGE = 0.85;
/**
 * Estimates of log Z that are further apart, in standard errors, disagree: by chance, where errors are
 * normal, in fewer than 6 of 100,000 runs.
 */
const LARGEST_SCORE = 4;
/** Those that are no further apart are equal but for rounding, as where the flow is the target. */
const ROUNDING = 1e-9;
/** Above this standard error of log Z its estimate rests on few draws: on 1/0.3² = 11, if all are equal. */
const LARGEST_ERROR = 0.3;

function percent(x: number): string {
  return `${(100 * x).toPrecision(2)} %`;
}

/** The chains none of whose draws differ from the first. */
export function stuckChains(position: Tensor): number[] {
  const { data, shape: [chains, draws, dimension] } = position;
  const width = draws * dimension;
  return Array.from({ length: chains }, (_, chain) => chain).filter((chain) => {
    for (let i = chain * width + dimension; i < (chain + 1) * width; i++) {
      if (data[i] !== data[i - dimension]) return false;
    }
    return draws > 1;
  });
}

function convergenceWarnings(
  { convergence, ended }: RunFacts,
): string[] {
  const { draws, rHat, nestedRHat, bulk, tail } = convergence;
  const more = "raise `stop.maxDraws` or `stop.maxSeconds`, or go on with `resume`";
  const out: string[] = [];
  if (draws < LEAST_DRAWS) {
    return [
      `The run ended with ${draws} draws of each chain, too few to tell whether it has converged: ` +
      `${more}.`,
    ];
  }
  if (!(decisiveRHat(convergence) < LARGEST_R_HAT)) {
    const nested = Number.isNaN(nestedRHat)
      ? ""
      : ` and the largest nested R-hat ${nestedRHat.toFixed(3)}`;
    out.push(
      `The chains have not converged: the largest R-hat is ${rHat.toFixed(3)}${nested}, and only ` +
        `below ${LARGEST_R_HAT} do they agree. Do not use these draws; ${more}. If R-hat stays, chains ` +
        "may not have settled when training began: give longer `schedule.warmupWindows`, or an " +
        "`initial` nearer to where the density is large; or the coordinates may be strongly " +
        "correlated: centre and scale them.",
    );
  }
  if (!(Math.min(bulk, tail) >= LEAST_SAMPLE_SIZE)) {
    out.push(
      `The effective sample size is only ${Math.floor(Math.min(bulk, tail))}: Monte Carlo errors ` +
        `themselves need ${LEAST_SAMPLE_SIZE} to be reliable; ${more}.`,
    );
  }
  if (ended === "budget" && out.length === 0) {
    out.push(
      "The budget was used up before what `stop` asks for was reached: the draws can be used, but " +
        `their effective sample size is ${Math.floor(Math.min(bulk, tail))}.`,
    );
  }
  return out;
}

function moveWarnings(
  { acceptance, targetAcceptance, position, flowQuality, abandoned, evidence }: RunFacts,
): string[] {
  const out: string[] = [];
  const stuck = stuckChains(position);
  if (stuck.length > 0) {
    out.push(
      `${stuck.length} of ${position.shape[0]} chains never moved (the first is chain ` +
        `${stuck[0]}): look at the log density and its gradient there, and give an \`initial\` ` +
        "where both are finite.",
    );
  }
  if (acceptance.local < LEAST_SHARE * targetAcceptance) {
    out.push(
      `Local moves are accepted at ${percent(acceptance.local)} only, where ` +
        `${percent(targetAcceptance)} was aimed at: the target's scale varies too much for one ` +
        "step size; reparametrise it, or lengthen `schedule.warmupWindows`.",
    );
  }
  if (abandoned) {
    out.push(
      `The flow could not be used: only ${
        percent(flowQuality?.effectiveSampleFraction ?? 0)
      } of its ` +
        "draws are worth something for the target, so that production made local moves alone. Modes " +
        `far apart may have wrong weights, and log Z is not estimated${
          evidence === undefined ? "" : " with it"
        }. Train it longer ` +
        "(`schedule.trainCycles`), with more chains, or try `affineFlow()` in many dimensions.",
    );
  }
  if (acceptance.global < LEAST_GLOBAL) {
    out.push(
      `The flow is not good enough: global moves are accepted at ${percent(acceptance.global)} ` +
        "only, so that modes far apart may have wrong weights; train it longer " +
        "(`schedule.trainCycles`) or with more chains.",
    );
  }
  return out;
}

function densityWarnings({ broken }: RunFacts): string[] {
  return broken === 0 ? [] : [
    `The log density is NaN or +∞ at ${
      percent(broken)
    } of the proposals, which counts as a density ` +
    "of 0 there: look for logarithms or roots of negative numbers, 0/0 or overflow, and use `where`.",
  ];
}

/** What is wrong with bridge sampling alone or beside importance sampling. */
function bridgeWarnings({ importanceSampling, bridgeSampling }: RunEvidence): string[] {
  if (bridgeSampling === undefined || importanceSampling === undefined) return [];
  const [error, other] = [bridgeSampling.standardError, importanceSampling.standardError];
  if (error > LARGEST_ERROR) {
    return [
      `log Z is hardly known: its standard error is ${error.toPrecision(2)}, and above ` +
      `${LARGEST_ERROR} that is itself a guess, from a few draws where target and flow overlap. ` +
      "Train the flow longer (`schedule.trainCycles`) or with more chains.",
    ];
  }
  const difference = Math.abs(importanceSampling.estimate - bridgeSampling.estimate);
  // Both rest on some of the same proposals: the difference errs by less than if they did not.
  const known = Math.sqrt(error * error + other * other);
  if (!(difference > LARGEST_SCORE * known + ROUNDING)) return [];
  const [byBridge, byWeights] = [bridgeSampling, importanceSampling].map(
    ({ estimate, standardError }) => `${estimate.toPrecision(8)} ± ${standardError.toPrecision(2)}`,
  );
  return [
    `Two estimates of log Z disagree: ${byBridge} by bridge sampling, ${byWeights} by importance ` +
    "sampling. Use neither: the flow misses a region where chains are, or proposals reach one that " +
    "chains have not weighed right. Start the chains more widely by `initial`, train the flow longer " +
    "(`schedule.trainCycles`), and run until both agree.",
  ];
}

function evidenceWarnings({ evidence, overlap }: RunFacts): string[] {
  if (evidence?.importanceSampling === undefined) return [];
  const acceptance = overlap?.acceptance ?? NaN;
  const draws = evidence.bridgeSampling?.effectiveSampleSize ?? NaN;
  if (
    overlap !== undefined && overlap.unvisited > Math.max(LEAST_UNVISITED, UNVISITED_DRAWS / draws)
  ) {
    return [
      `Proposals in a region that no chain has visited carry ${
        percent(overlap.unvisited)
      } of the ` +
      "weight: the density is larger there, beside the flow's, than at every draw. Draws and log Z " +
      "lack that region, such as a mode: start the chains more widely by `initial`, use more of " +
      "them, or train the flow longer (`schedule.trainCycles`).",
    ];
  }
  const { paretoShape, effectiveSampleFraction } = evidence.importanceSampling;
  if (effectiveSampleFraction < LEAST_FRACTION * acceptance * acceptance) {
    return [
      `A few proposals carry most of the weight (effective sample fraction ` +
      `${percent(effectiveSampleFraction)}, while ${
        percent(acceptance)
      } of single jumps would be ` +
      "accepted): there may be a region, such as a mode, that the chains hardly visit. Start them " +
      "more widely by `initial`, or with more chains.",
    ];
  }
  const limit = evidence.bridgeSampling === undefined ? LARGEST_SHAPE : LARGEST_SHAPE_BESIDE_BRIDGE;
  if (paretoShape > limit && effectiveSampleFraction <= LARGEST_FRACTION) {
    const shape = paretoShape.toFixed(2);
    return [
      `Importance sampling cannot be trusted with log Z: its weights have a Pareto shape of ${shape}, ` +
      `above ${LARGEST_SHAPE}, since the flow is too narrow somewhere. ` +
      (evidence.bridgeSampling === undefined
        ? "Train it longer (`schedule.trainCycles`) or with more chains."
        : "`logEvidence` is from bridge sampling, which bears that if the chains have converged; " +
          "train the flow longer (`schedule.trainCycles`) or with more chains to have both agree."),
    ];
  }
  return bridgeWarnings(evidence);
}

/**
 * Says what cannot be trusted.
 *
 * @param facts What is known of the run.
 * @returns Sentences, the most important first; none when nothing was found.
 */
export function warningsOf(facts: RunFacts): string[] {
  return [
    ...convergenceWarnings(facts),
    ...densityWarnings(facts),
    ...moveWarnings(facts),
    ...trajectoryWarnings(facts.trajectories),
    ...evidenceWarnings(facts),
  ];
}

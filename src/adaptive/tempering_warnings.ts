/**
 * What cannot be trusted in a tempered run, in words that say what to do.
 *
 * @module
 */
import type { Evidence } from "../evidence/mod.ts";
import { primaryEvidence, type RunEvidence } from "./run_evidence.ts";
import type { TemperedFacts } from "./tempered_facts.ts";

/**
 * Replicas hardly pass between neighbours that swap less often than in one of ten tries; the aim is a half
 * (Syed et al. 2022, §5.3).
 */
const MOST_REJECTED = 0.9;
/** Estimates of log Z that are further apart, in standard errors, disagree. */
const LARGEST_SCORE = 4;
/** Those that are no further apart are equal but for rounding. */
const ROUNDING = 1e-9;
/** Above this standard error of log Z its estimate rests on few draws. */
const LARGEST_ERROR = 0.3;

function shown({ estimate, standardError, method }: Evidence): string {
  return `${estimate.toPrecision(8)} ± ${standardError.toPrecision(2)} by ${method}`;
}

function swapWarnings({ rejection }: TemperedFacts): string[] {
  const worst = rejection.reduce((most, each, i) => each > rejection[most] ? i : most, 0);
  if (!(rejection[worst] > MOST_REJECTED)) return [];
  return [
    `Replicas hardly pass between rungs ${worst} and ${worst + 1}: of their swaps ` +
    `${
      (100 * rejection[worst]).toPrecision(3)
    } % are rejected, so that modes far apart may have wrong ` +
    "weights, and log Z from stepping stones is unreliable. Give more `rungs`; if the prior has no finite " +
    'integral, temper towards something that has, with `reference: "fitted"`.',
  ];
}

/**
 * What is wrong with the tempering of a run, or with its estimate of log Z beside that of the flow. A prior
 * that is not normalised sets those apart without any fault, so that they are not compared then.
 *
 * @param facts What is known of tempering; nothing for other kernels.
 * @param evidence All estimates of log Z.
 * @returns Sentences; none when nothing was found.
 */
export function temperingWarnings(
  facts: TemperedFacts | undefined,
  evidence: RunEvidence | undefined,
): string[] {
  if (facts === undefined) return [];
  const swaps = swapWarnings(facts);
  const stones = facts.evidence;
  if (swaps.length > 0 || stones === undefined) return swaps;
  if (stones.standardError > LARGEST_ERROR) {
    return [
      `log Z from stepping stones is hardly known: its standard error is ` +
      `${
        stones.standardError.toPrecision(2)
      }, and above ${LARGEST_ERROR} that is itself a guess. Give ` +
      "more `rungs`, or raise `stop.maxDraws`.",
    ];
  }
  const other = primaryEvidence(evidence && { ...evidence, steppingStone: undefined });
  if (other === undefined || stones.relativeTo === "prior") return [];
  const [own, others] = [stones.standardError, other.standardError];
  const known = Math.sqrt(own * own + others * others);
  const difference = Math.abs(stones.estimate - other.estimate);
  if (!(difference > LARGEST_SCORE * known + ROUNDING)) return [];
  return [
    `Two estimates of log Z disagree: ${shown(stones)}, ${
      shown(other)
    }. Use neither: the flow misses a ` +
    "region that hot replicas reach, or the chains have not weighed one right. Train the flow longer " +
    "(`schedule.trainCycles`), give more `rungs`, and run until both agree.",
  ];
}

/**
 * log Z from a run that has ended.
 *
 * @module
 */
import { type ProposalQuality, proposalQuality } from "../diagnostics/proposal_quality.ts";
import { type WeightOverlap, weightOverlap } from "../diagnostics/weight_overlap.ts";
import {
  type BridgeEvidence,
  bridgeEvidence,
  type Evidence,
  type ImportanceEvidence,
  importanceEvidence,
  type SteppingStoneEvidence,
} from "../evidence/mod.ts";
import type { ChainState } from "../kernels/kernel.ts";
import type { Key } from "../tensor/random.ts";
import type { Tree } from "../tensor/tree.ts";
import { weightsOfDraws, weightsOfProposals } from "./evidence_weights.ts";
import type { DrawBlock, RunState } from "./run_state.ts";
import type { Runtime } from "./runtime.ts";

/** log Z of a run, by each method. */
export interface RunEvidence {
  /** From the proposals of production and those that were drawn after it; none without global moves. */
  readonly importanceSampling: ImportanceEvidence | undefined;
  /**
   * From the draws and the proposals that were drawn after production; none where they allow no bridge:
   * if the proposal's density is zero at all draws, or the target's at all of these proposals.
   */
  readonly bridgeSampling: BridgeEvidence | undefined;
  /** From the replicas of parallel tempering; none for other kernels. */
  readonly steppingStone?: SteppingStoneEvidence | undefined;
}

/** What a run says of log Z. */
export interface EvidenceOfRun {
  /** The estimates; none for a run without global moves, or if no proposal has a positive density. */
  readonly evidence: RunEvidence | undefined;
  /** What the weights of all proposals say of what they were drawn from; as `evidence`. */
  readonly quality: ProposalQuality | undefined;
  /** What weights at the draws and at new proposals tell of each other; as `evidence`. */
  readonly overlap: WeightOverlap | undefined;
  /** Share of all proposals at which the log density is NaN or +∞. */
  readonly broken: number;
}

/**
 * So many proposals are drawn after production, at most and in units of those that production made. With
 * 10,000 the error of log Z is about 0.005 on a ring of modes whose flow is accepted at 0.66, for a tenth of
 * the time of the run; half of that error would take four times as many. A slow density is called a sixth
 * as often as in production, or less.
 */
const MOST_PROPOSALS = 10_000;
const SHARE_OF_PROPOSALS = 0.5;

/**
 * How many proposals are drawn after production that made so many. As many draws meet them: more of one kind than of
 * the other brings little.
 */
export function freshProposals(made: number): number {
  return Math.min(MOST_PROPOSALS, Math.ceil(SHARE_OF_PROPOSALS * made));
}

/** The bridge, where draws and proposals allow one. */
function bridgeOf(...given: Parameters<typeof bridgeEvidence>): BridgeEvidence | undefined {
  try {
    return bridgeEvidence(...given);
  } catch (error) {
    // A run keeps its draws, whatever can be said of log Z.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * Estimates log Z from the draws and the proposals of a run, and from new draws of what production
 * proposed from.
 *
 * Those are new for the sake of the bridge: it compares draws of the target to draws of the proposal, and
 * its standard error takes them for independent. The proposals of production have moved the chains,
 * which are where the best of them were. Importance sampling needs no draws and takes all proposals.
 *
 * @param runtime The compiled plan.
 * @param state The last state of the run.
 * @param draws All draws of the run: positions, chains × draws × d, and log densities.
 * @param key The key of the new proposals, from which the run must have drawn nothing.
 * @returns The estimates, a function of state and key.
 */
export async function estimateEvidence<State extends ChainState & Tree>(
  { plan: { signal }, proposal: proposalOf, logDensity }: Runtime<State>,
  { flow, logWeights }: RunState<State>,
  draws: DrawBlock,
  key: Key,
): Promise<EvidenceOfRun> {
  const made = logWeights.reduce((sum, { size }) => sum + size, 0);
  if (flow === undefined || made === 0) {
    return { evidence: undefined, quality: undefined, overlap: undefined, broken: 0 };
  }
  const compared = { logDensity, proposal: proposalOf(flow), signal };
  const count = freshProposals(made);
  const fresh = await weightsOfProposals(compared, count, key);
  const all = new Float64Array(made + count);
  let filled = 0;
  for (const { data } of [...logWeights, { data: fresh }]) {
    all.set(data, filled);
    filled += data.length;
  }
  const broken = all.reduce((sum, weight) => sum + (weight < Infinity ? 0 : 1), 0) / all.length;
  // A proposal where the density is broken counts as one outside of the support, as in the global move.
  const usable = (weights: Float64Array): Float64Array =>
    weights.map((weight) => weight < Infinity ? weight : -Infinity);
  const direct = usable(all);
  if (!direct.some(Number.isFinite)) {
    return { evidence: undefined, quality: undefined, overlap: undefined, broken };
  }
  const ofDraws = await weightsOfDraws(compared, draws, count);
  return {
    evidence: {
      importanceSampling: importanceEvidence(direct),
      bridgeSampling: bridgeOf(ofDraws, usable(fresh)),
    },
    quality: proposalQuality(direct),
    // Those of production have moved the chains to where they are.
    overlap: weightOverlap(ofDraws.data, usable(fresh)),
    broken,
  };
}

/**
 * The estimate to be used: by bridge sampling, whose means are of bounded functions, so that its standard
 * error can be trusted where the flow is too narrow and that of importance sampling cannot. It is not chosen
 * by the smaller standard error: that of importance sampling is smallest where its largest weights are
 * missing. Importance sampling takes its place where there is no bridge, or no error of it, and stepping
 * stones theirs where there were no global moves.
 *
 * @param evidence All estimates.
 * @returns One of them.
 */
export function primaryEvidence(evidence: RunEvidence | undefined): Evidence | undefined {
  const bridge = evidence?.bridgeSampling;
  if (Number.isFinite(bridge?.standardError)) return bridge;
  return evidence?.importanceSampling ?? evidence?.steppingStone;
}

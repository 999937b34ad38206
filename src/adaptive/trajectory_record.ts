/**
 * What the energies of trajectories tell of a run, as running moments: energies themselves are not kept.
 *
 * @module
 */
import type { EnsembleDraws } from "../kernels/ensemble.ts";
import { DIVERGENCE } from "../kernels/hamiltonian.ts";
import type { ChainState } from "../kernels/kernel.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Means and sums of squares about them, of several numbers at once. */
export interface RunningMoments {
  /** How many samples. */
  readonly count: number;
  /** Their mean. */
  readonly mean: Float64Array;
  /** Σ (x − mean)². */
  readonly squares: Float64Array;
}

/** What is known of the trajectories of production. */
export interface TrajectoryRecord {
  /** Where they started, by coordinate; d numbers. */
  readonly starts: RunningMoments;
  /** Where those that diverged started. */
  readonly divergent: RunningMoments;
  /** Energies of all chains; one number. */
  readonly energies: RunningMoments;
  /** Changes of energy between consecutive trajectories of a chain: Σ (Eₙ − Eₙ₋₁)² and how many. */
  readonly changes: { readonly squares: number; readonly count: number };
}

/** The leaves of a kernel's state that tell of a trajectory. */
const LEAVES: readonly string[] = ["energy", "energyChange"];

/**
 * The names of the leaves of a kernel's state that tell of its trajectories.
 *
 * @param chains The states of all chains.
 * @returns The energy at the start of the last trajectory and by how much it grew; none for a kernel whose
 * state does not hold both as numbers.
 */
export function trajectoryLeaves(chains: ChainState): readonly string[] {
  const all = chains as Readonly<Record<string, unknown>>;
  const known = LEAVES.every((name) => {
    const leaf = all[name];
    return leaf instanceof Tensor && leaf.dtype === "f64" && leaf.shape.length === 1;
  });
  return known ? LEAVES : [];
}

function empty(length: number): RunningMoments {
  return { count: 0, mean: new Float64Array(length), squares: new Float64Array(length) };
}

/** Adds samples; each one is a stretch of an array (Welford 1962). */
function withSamples(
  { count, mean, squares }: RunningMoments,
  data: ArrayLike<number>,
  places: Iterable<number>,
): RunningMoments {
  const next = { count, mean: mean.slice(), squares: squares.slice() };
  for (const place of places) {
    next.count++;
    for (let i = 0; i < mean.length; i++) {
      const x = data[place * mean.length + i];
      const off = x - next.mean[i];
      next.mean[i] += off / next.count;
      next.squares[i] += off * (x - next.mean[i]);
    }
  }
  return next;
}

/**
 * Takes in local steps.
 *
 * @param record What is known before; nothing yet if undefined.
 * @param start Positions of the chains before the steps, chains × d.
 * @param draws What was recorded of each step, none left out: position, chains × steps × d, energy and
 * change of energy, chains × steps.
 * @returns What is known after; as before if there are no energies.
 */
export function addTrajectories(
  record: TrajectoryRecord | undefined,
  start: Tensor,
  draws: EnsembleDraws,
): TrajectoryRecord | undefined {
  const { position, energy, energyChange } = draws;
  if (energy === undefined || energyChange === undefined) return record;
  const [chains, steps, dimension] = position.shape;
  // A trajectory starts where the one before has left the chain.
  const starts = new Float64Array(chains * steps * dimension);
  for (let chain = 0; chain < chains; chain++) {
    const from = chain * steps * dimension;
    for (let i = 0; i < dimension; i++) starts[from + i] = start.data[chain * dimension + i];
    for (let i = dimension; i < steps * dimension; i++) {
      starts[from + i] = position.data[from + i - dimension];
    }
  }
  const all = Array.from({ length: chains * steps }, (_, i) => i);
  const diverged = all.filter((i) => !(energyChange.data[i] <= DIVERGENCE));
  let { squares, count } = record?.changes ?? { squares: 0, count: 0 };
  for (const i of all) {
    if (i % steps === 0) continue;
    const change = energy.data[i] - energy.data[i - 1];
    squares += change * change;
    count++;
  }
  return {
    starts: withSamples(record?.starts ?? empty(dimension), starts, all),
    divergent: withSamples(record?.divergent ?? empty(dimension), starts, diverged),
    energies: withSamples(record?.energies ?? empty(1), energy.data, all),
    changes: { squares, count },
  };
}

/**
 * The energy Bayesian fraction of missing information over all chains together: chains are often too short
 * to have one of their own.
 *
 * @param record What is known.
 * @returns The fraction; NaN if there are no two consecutive trajectories.
 */
export function energyFractionOf({ energies, changes }: TrajectoryRecord): number {
  return changes.squares / changes.count / (energies.squares[0] / (energies.count - 1));
}

/** Where trajectories diverge. */
export interface DivergentPlace {
  /** The number of the coordinate in which their starts differ most from all starts. */
  readonly coordinate: number;
  /** By how many standard deviations of all starts. */
  readonly distance: number;
}

/** From so many divergent trajectories on, and so many standard deviations apart, a place is named … */
const LEAST_DIVERGENT = 10;
const LEAST_DISTANCE = 0.5;
/** … if the mean of so many is as many standard errors away: 18 coordinates have one by chance in 1 of 900. */
const LEAST_SCORE = 4;

/**
 * The coordinate that tells best where trajectories diverge.
 *
 * @param record What is known.
 * @returns The place; none if there are few of them, or they are all over the target.
 */
export function divergentPlace(
  { starts, divergent }: TrajectoryRecord,
): DivergentPlace | undefined {
  if (divergent.count < LEAST_DIVERGENT) return undefined;
  const distances = Array.from(divergent.mean, (mean, i) => {
    const scale = Math.sqrt(starts.squares[i] / (starts.count - 1));
    return (mean - starts.mean[i]) / scale;
  });
  const coordinate = distances.reduce(
    (best, each, i) => Math.abs(each) > Math.abs(distances[best]) ? i : best,
    0,
  );
  const distance = distances[coordinate];
  const least = Math.max(LEAST_DISTANCE, LEAST_SCORE / Math.sqrt(divergent.count));
  return Math.abs(distance) >= least ? { coordinate, distance } : undefined;
}

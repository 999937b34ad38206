/**
 * What local trajectories tell of what a run may have missed.
 *
 * @module
 */
import { divergentPlace, energyFractionOf, type TrajectoryRecord } from "./trajectory_record.ts";

/** What is known of the trajectories of production. */
export interface TrajectoryFacts {
  /** How many there were. */
  readonly count: number;
  /** How many of them diverged. */
  readonly divergent: number;
  /** Where: a coordinate, and by how many standard deviations it is larger there; none if all over. */
  readonly place: { readonly name: string; readonly distance: number } | undefined;
  /** Energy Bayesian fraction of missing information over all chains. */
  readonly energyFraction: number;
}

/**
 * More divergences than this share are told where they are in one place, which chains may hardly enter. All
 * over the target they are rejections as others are: on a thin ring of modes 2 to 4 % of jittered trajectories
 * diverge, and draws are right.
 */
const LARGEST_SHARE = 1e-3;
/** And more than this anywhere. */
const LARGEST_SHARE_ANYWHERE = 0.1;
/** Below this fraction of missing information outer energies are hardly reached (Betancourt 2016, §3). */
const LEAST_FRACTION = 0.3;

/**
 * Sums up trajectories.
 *
 * @param record What was recorded of them.
 * @param names The names of the coordinates.
 * @returns What is known of them.
 */
export function factsOf(record: TrajectoryRecord, names: readonly string[]): TrajectoryFacts {
  const place = divergentPlace(record);
  return {
    count: record.starts.count,
    divergent: record.divergent.count,
    place: place && { name: names[place.coordinate], distance: place.distance },
    energyFraction: energyFractionOf(record),
  };
}

/**
 * Says what trajectories let expect to be missed.
 *
 * @param facts What is known of them; nothing if the kernel has none.
 * @returns Sentences.
 */
export function trajectoryWarnings(facts: TrajectoryFacts | undefined): string[] {
  if (facts === undefined) return [];
  const { count, divergent, place, energyFraction } = facts;
  const out: string[] = [];
  if (divergent > (place === undefined ? LARGEST_SHARE_ANYWHERE : LARGEST_SHARE) * count) {
    const where = place === undefined
      ? ""
      : `, mostly where ${place.name} is ${place.distance < 0 ? "small" : "large"}`;
    out.push(
      `${(100 * divergent / count).toPrecision(2)} % of the local trajectories diverged ` +
        `(${divergent} of ${count})${where}: the target bends there more sharply than the step size ` +
        "can follow, so that draws from there may be missing. Reparametrise the target, as by a scale " +
        "times standard normal effects in place of effects of that scale, or take smaller steps by a " +
        "higher aimed acceptance: `local: { ...hmc(), targetAcceptance: 0.95 }`.",
    );
  }
  if (energyFraction < LEAST_FRACTION) {
    out.push(
      "Energies change slowly from one local trajectory to the next: their Bayesian fraction of " +
        `missing information is ${
          energyFraction.toPrecision(2)
        }, below ${LEAST_FRACTION}, as where ` +
        "tails are heavy or scales vary widely. Chains hardly reach the outer parts of such a target: " +
        "reparametrise it, or let a flow with heavy tails jump, `splineFlow({ degrees: 4 })`.",
    );
  }
  return out;
}

/**
 * Exact-start invariance: chains that start as exact draws must still be exact draws after any number of
 * steps. Nothing has to converge, so that there is no tolerance, only a false-alarm rate.
 */
import assert from "node:assert/strict";
import { type Key, split, type Target, type Tensor } from "../../mod.ts";
import type { ExactTarget } from "./invariance_targets.ts";
import { uniformityProbability } from "./uniformity.ts";

/** Moves positions, chains × d, by some steps of something that should leave the target invariant. */
export type Move = (target: Target) => (position: Tensor, key: Key) => Promise<Tensor>;

/** What to move, and by what. */
export interface InvarianceCase {
  readonly name: string;
  readonly exact: ExactTarget;
  readonly move: Move;
  /** Whether it leaves all chains where they are; otherwise most have to move. */
  readonly stays?: boolean;
}

/** How exact the moved draws still are. */
export interface Invariance {
  /**
   * The least of the probabilities of the statistics: that exact draws are as far from uniform as the
   * moved ones, each. For all m together the false-alarm rate at a level is at most m times that.
   */
  readonly probability: number;
  /** The share of chains that are elsewhere than they started. */
  readonly moved: number;
}

/**
 * Draws exactly, moves and compares with the exact distribution.
 *
 * @param invarianceCase The target and the move.
 * @param key The random key.
 * @param chains How many draws.
 * @returns How exact they still are.
 */
export async function invariance(
  { exact, move }: InvarianceCase,
  key: Key,
  chains: number,
): Promise<Invariance> {
  const [forStart, forMove] = split(key);
  const start = exact.sample(forStart, chains);
  const end = await move(exact.target)(start, forMove);
  const d = exact.target.dimension;
  const positions = end.data as Float64Array;
  const statistics = Array.from({ length: exact.uniformCount }, () => new Float64Array(chains));
  let moved = 0;
  for (let chain = 0; chain < chains; chain++) {
    const at = chain * d;
    exact.uniforms(positions.subarray(at, at + d)).forEach((u, k) => statistics[k][chain] = u);
    if (positions[at] !== start.data[at]) moved++;
  }
  return {
    probability: Math.min(...statistics.map(uniformityProbability)),
    moved: moved / chains,
  };
}

/** How many statistics all cases have together: by how much a level is to be divided (Bonferroni). */
export function statisticsOf(cases: readonly InvarianceCase[]): number {
  return cases.reduce((sum, { exact }) => sum + exact.uniformCount, 0);
}

/**
 * Asserts that a case is invariant.
 *
 * @param result What came out.
 * @param options The level of each statistic, and whether the chains were to stay.
 */
export function assertInvariant(
  { probability, moved }: Invariance,
  { level, stays = false }: { readonly level: number; readonly stays?: boolean | undefined },
): void {
  assert.ok(probability > level, `probability ${probability} of such draws, level ${level}`);
  // What never moves is invariant, too.
  assert.ok(stays || moved > 0.5, `only a share of ${moved} of the chains moved`);
}

/** Asserts that a faulty case is rejected at the level of each statistic. */
export function assertRejected({ probability }: Invariance, level: number): void {
  assert.ok(probability < level, `probability ${probability} of such draws, level ${level}`);
}

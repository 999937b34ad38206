/**
 * Rank normalisation: diagnostics of ranks hold for draws without moments too.
 *
 * @module
 */
import type { Memory } from "./memory.ts";
import { normalQuantile } from "./normal_quantile.ts";
import type { Sorted } from "./sort.ts";

/** Blom's (1958) offset, which makes the scores nearly the expected normal order statistics. */
const OFFSET = 3 / 8;

/** The normal scores of a sample size. */
interface Scores {
  /** Those of the ranks 1 … size. */
  readonly whole: Float64Array;
  /** That of any rank; of ties it may be a half. */
  readonly score: (rank: number) => number;
}

function scoresOf(size: number): Scores {
  const score = (rank: number): number => normalQuantile((rank - OFFSET) / (size - 2 * OFFSET + 1));
  const whole = new Float64Array(size + 1);
  for (let rank = 1; 2 * rank <= size; rank++) {
    whole[rank] = score(rank);
    whole[size + 1 - rank] = -whole[rank];
  }
  return { whole, score };
}

function scatter({ values, places }: Sorted, { whole, score }: Scores, out: Float64Array): void {
  for (let first = 0; first < values.length;) {
    const value = values[first];
    let end = first + 1;
    while (end < values.length && values[end] === value) end++;
    if (end === first + 1) {
      out[places[first]] = whole[end];
    } else {
      const shared = score((first + 1 + end) / 2);
      for (let i = first; i < end; i++) out[places[i]] = shared;
    }
    first = end;
  }
}

/** Turns a sorted sample into normal scores in the order of its places. */
export type RankNormalise = (sorted: Sorted, use: string) => Float64Array;

/**
 * Makes a function that replaces each value by Φ⁻¹((r − 3/8) / (N + 1/4)), r its rank among N; equal
 * values share the mean of their ranks (Vehtari et al. 2021, equation 14). It remembers the scores of
 * the last N, so that samples of one size share them.
 *
 * @param memory Memory to work in.
 * @returns The function; its result is good until its next call for the same use.
 */
export function rankNormaliser(memory: Memory): RankNormalise {
  let last: Scores | undefined;
  return (sorted, use) => {
    const size = sorted.values.length;
    if (last?.whole.length !== size + 1) last = scoresOf(size);
    const out = memory.floats(`${use} scores`, size);
    scatter(sorted, last, out);
    return out;
  };
}

/** The median of a sample. */
export function median({ values }: Sorted): number {
  const middle = values.length >> 1;
  const upper = values[middle];
  return values.length % 2 === 1 ? upper : (values[middle - 1] + upper) / 2;
}

/**
 * The sample |x − median|, sorted without another sort: what lies below the median and what lies
 * above are in order already, and are merged from the median outwards.
 *
 * @param sorted The sample.
 * @param memory Memory to work in.
 * @returns The folded sample, good until the next one.
 */
export function folded(sorted: Sorted, memory: Memory): Sorted {
  const { values, places } = sorted;
  const centre = median(sorted);
  const out = {
    values: memory.floats("folded", values.length),
    places: memory.integers("folded places", values.length),
  };
  let above = values.length >> 1;
  let below = above - 1;
  let i = 0;
  while (below >= 0 && above < values.length) {
    const up = values[above] - centre;
    const down = centre - values[below];
    if (up <= down) {
      out.values[i] = up;
      out.places[i++] = places[above++];
    } else {
      out.values[i] = down;
      out.places[i++] = places[below--];
    }
  }
  for (; above < values.length; above++, i++) {
    out.values[i] = values[above] - centre;
    out.places[i] = places[above];
  }
  for (; below >= 0; below--, i++) {
    out.values[i] = centre - values[below];
    out.places[i] = places[below];
  }
  return out;
}

/**
 * Threefry-2x32 as instructions. Two counters at a time are taken through the rounds together, so
 * that four vectors of words are in flight: the rounds of one alone would wait for each other.
 *
 * @module
 */
import { PARITY, ROTATIONS, ROUND_GROUPS } from "../random/threefry.ts";
import type { Precision } from "../tensor/functions/precision.ts";
import type { NestBuilder } from "./nest_builder.ts";

/** Counters that go through the rounds together (measured: 1.3 ns a word with four vectors). */
const TOGETHER: { readonly [P in Precision]: number } = { f64: 2, f32: 1 };

/**
 * Emits the encryption of counters under a key.
 *
 * @param nest Takes the instructions.
 * @param key The two words of the key.
 * @param counters Two words each.
 * @returns Two words for each counter.
 */
export function threefry(
  nest: NestBuilder,
  [k0, k1]: readonly number[],
  counters: readonly (readonly number[])[],
): number[][] {
  const word = (operation: "addWord" | "xorWord", a: number, b: number): number =>
    nest.emit(operation, "u32", [a, b]);
  const schedule = [k0, k1, word("xorWord", word("xorWord", k0, k1), nest.word(PARITY))];
  const together = TOGETHER[nest.format.precision];
  const out: number[][] = [];
  for (let from = 0; from < counters.length; from += together) {
    let pairs = counters.slice(from, from + together).map(([x0, x1]) => [
      word("addWord", x0, schedule[0]),
      word("addWord", x1, schedule[1]),
    ]);
    for (let group = 0; group < ROUND_GROUPS; group++) {
      for (let round = 0; round < 4; round++) {
        const distance = ROTATIONS[(group % 2) * 4 + round];
        const sums = pairs.map(([a, b]) => word("addWord", a, b));
        const turned = pairs.map(([, b]) => nest.emit("rotateLeftWord", "u32", [b], distance));
        pairs = sums.map((sum, i) => [sum, word("xorWord", sum, turned[i])]);
      }
      const first = schedule[(group + 1) % 3];
      const second = word("addWord", schedule[(group + 2) % 3], nest.word(group + 1));
      pairs = pairs.map(([a, b]) => [word("addWord", a, first), word("addWord", b, second)]);
    }
    out.push(...pairs);
  }
  return out;
}

/** Random loop nests whose loops read and write the same few places, in every way that is addressed. */
import type { Nest } from "../../../src/compile/nest.ts";
import type { Decisions } from "../random_program.ts";
import { ELEMENT, RawNest } from "./raw_nest.ts";

/** Turns of loops: one number for most, so that they fuse, and enough for rows to be blocked. */
const TURNS = [16, 16, 16, 16, 16, 18, 3, 1, 0];

/** Writes statements; addresses stay from 0 to some hundred elements. */
class Writer {
  readonly raw = new RawNest();
  readonly #decisions: Decisions;
  readonly #base: number;

  constructor(decisions: Decisions) {
    this.#decisions = decisions;
    this.#base = this.raw.define("argument", "index");
  }

  /** A number that is there already. */
  #of(values: readonly number[]): number {
    const back = Math.min(this.#decisions.below(6), this.#decisions.below(6));
    return values[Math.max(0, values.length - 1 - back)];
  }

  /** An address in the loops of some counters, and how many elements further. */
  #place(counters: readonly number[]): readonly [address: number, offset: number] {
    const { raw } = this;
    const decisions = this.#decisions;
    let at = raw.index((counters.length === 0 ? 0 : 8) * ELEMENT);
    const [outer] = counters;
    const last = counters[counters.length - 1];
    if (last !== undefined) {
      const index = decisions.of([
        ...Array.from({ length: 4 }, () => () => last),
        () => raw.define("divideIndex", "index", [last], 2),
        () => raw.define("remainderIndex", "index", [last], 4),
        () => raw.define("limitIndex", "index", [last], 5),
        () => raw.address(last, -1 / ELEMENT, 17 / ELEMENT),
        () => outer,
      ])();
      at = raw.define("addIndex", "index", [at, raw.address(index, decisions.of([1, 1, 1, 2]))]);
      if (outer !== last && decisions.below(2) === 0) {
        at = raw.define("addIndex", "index", [at, raw.address(outer, decisions.of([1, 4]))]);
      }
    }
    if (decisions.below(3) === 0) at = raw.define("addIndex", "index", [at, this.#base]);
    const offset = decisions.of([0, 0, 0, 1, 2, 16, 40, 80, 80, 120, 121]);
    return [at, offset];
  }

  block(counters: readonly number[], known: readonly number[]): number[] {
    const { raw } = this;
    const decisions = this.#decisions;
    const values = [...known];
    const write = (): void => raw.store(...this.#stored(counters, this.#of(values)));
    for (let n = 2 + decisions.below(5); n > 0; n--) {
      decisions.of([
        () => values.push(raw.load(...this.#place(counters))),
        () => values.push(raw.load(...this.#place(counters))),
        () => values.push(decisions.below(6) === 0 ? this.#lane(counters) : this.#data(counters)),
        () => values.push(this.#data(counters)),
        () => values.push(raw.define("mul", "f64", [this.#of(values), this.#of(values)])),
        () => values.push(raw.define("sub", "f64", [this.#of(values), this.#of(values)])),
        write,
        write,
        write,
        () => {
          if (counters.length === 0 || decisions.below(4) === 0) this.#call();
        },
        () => {
          if (counters.length === 1) values.push(...this.loop(counters, values));
        },
      ])();
    }
    return values;
  }

  #stored(counters: readonly number[], value: number): readonly [number, number, number] {
    const [address, offset] = this.#place(counters);
    return [address, value, offset];
  }

  #call(): void {
    this.raw.call(this.#decisions.below(24), this.#decisions.below(24));
  }

  #lane(counters: readonly number[]): number {
    const word = this.raw.define("constantWord", "u32", [], this.#decisions.below(9) * ELEMENT);
    const [address, offset] = this.#place(counters);
    return this.raw.define("loadLane", "f64", [address, word], offset * ELEMENT);
  }

  #data(counters: readonly number[]): number {
    const last = counters[counters.length - 1];
    return this.raw.data(last === undefined ? this.raw.index(0) : this.raw.address(last, 1));
  }

  /** A loop in the loops of some counters, with up to three carries. */
  loop(counters: readonly number[], known: readonly number[]): number[] {
    const { raw } = this;
    const decisions = this.#decisions;
    const first = Array.from({ length: decisions.below(4) }, () => this.#of(known));
    const count = counters.length > 0 && decisions.below(4) === 0
      ? counters[0]
      : raw.index(decisions.of(TURNS));
    return raw.loop(count, first, (counter, inside) => {
      const inner = [...counters, counter];
      // Most sums are read nowhere else, so that their rows are blocked.
      const hidden = decisions.below(2) === 0;
      const values = this.block(inner, hidden ? known : [...known, ...inside]);
      if (hidden) values.push(this.#data(inner));
      const sums = inside.map((id) => raw.add(id, this.#of(values)));
      return sums.map((sum, i) =>
        decisions.below(8) === 0 ? sums[0] : [sum, inside[i], sum][decisions.below(3)]
      );
    });
  }
}

/**
 * A random nest, the numbers of which all end where argument 0 points to.
 *
 * @param decisions What decides.
 * @returns The nest, as no pass has seen it.
 */
export function randomNest(decisions: Decisions): Nest {
  const writer = new Writer(decisions);
  const { raw } = writer;
  let values = [raw.define("constant", "f64", [], 0.5), raw.define("constant", "f64", [], -0)];
  for (let n = 2 + decisions.below(5); n > 0; n--) {
    values = [...values, ...writer.loop([], values)];
    if (decisions.below(3) === 0) values = writer.block([], values);
  }
  // The results of loops, and as much of the fixed memory.
  const base = raw.define("argument", "index");
  values.forEach((value, i) => raw.store(base, value, 1000 + i));
  const end = decisions.of([30, 90, 200]);
  for (let i = 0; i < end; i++) {
    raw.store(base, raw.load(raw.index(0), i), 2000 + i);
  }
  return raw.finish();
}

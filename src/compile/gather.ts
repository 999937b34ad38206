/**
 * Code rules of the primitives that find elements by their indices.
 *
 * An index that all chains share is an address; one of each chain's own is read lane by lane. Either is
 * one load an element, however many elements there are.
 *
 * @module
 */
import type { ArrayValue, PrimitiveParameters } from "../tensor/program.ts";
import { sizeOf, stridesOf } from "../tensor/shape.ts";
import type { Rule } from "./rule.ts";
import {
  addressed,
  apart,
  inMemory,
  load,
  type Placed,
  settle,
  shared,
  small,
  store,
  type Target,
  UNROLLED,
  type Value,
  write,
} from "./value.ts";

/** A literal array of words: what is known of it lets it serve as indices without a check. */
export function knownWords(
  target: Target,
  { dtype, shape, data }: ArrayValue,
  elements?: readonly number[],
): Value {
  let limit = 0;
  for (const word of data) limit = Math.max(limit, word + 1);
  const type = { dtype, shape };
  if (elements === undefined) {
    return { ...shared(target, type, target.memory.place(data)), limit };
  }
  const { element } = small(target, type, elements);
  let placed: number | undefined;
  return {
    ...type,
    elements,
    limit,
    element: (index) => {
      if (index.every((i) => target.nest.at(i).operation === "constantIndex")) {
        return element(index);
      }
      placed ??= target.memory.place(data);
      const steps = stridesOf(shape).map((stride) => 4 * stride);
      const at = index.reduce(
        (sum, i, axis) => target.nest.addIndex(sum, target.nest.scaleIndex(i, steps[axis])),
        target.nest.index(0),
      );
      return target.nest.emit("loadSharedWord", "u32", [at], placed);
    },
  };
}

/** Whether every element, wherever its index comes from, is the same for all chains. */
function sharedByAll({ nest }: Target, indices: Value): boolean {
  if (indices.limit !== undefined || indices.place?.shared) return true;
  const { elements } = indices;
  return elements?.length === 1 && nest.at(elements[0]).uniform;
}

/** A word that all chains share as an index below a length. */
function uniformIndex({ nest }: Target, word: number, length: number, limit?: number): number {
  const { operation, operands, immediate } = nest.at(word);
  if (operation === "constantWord") return nest.index(Math.min(immediate, length - 1));
  const index = operation === "indexToWord"
    ? operands[0]
    : operation === "loadSharedWord"
    ? nest.emit("loadIndex", "index", operands, immediate)
    : nest.emit("wordToIndex", "index", [word]);
  return limit !== undefined && limit <= length
    ? index
    : nest.emit("limitIndex", "index", [index], length - 1);
}

/** A word cut to what is below a length. */
function limited({ nest }: Target, word: number, length: number): number {
  const last = nest.word(length - 1);
  return nest.emit("selectWord", "u32", [nest.emit("lessWord", "mask", [word, last]), word, last]);
}

/** The element of an array in memory at an index of each chain's own along an axis. */
function laneElement(
  target: Target,
  { dtype, shape, place }: Placed,
  { axis, word, index }: { axis: number; word: number; index: readonly (number | undefined)[] },
): number {
  const { nest } = target;
  const { base, offset, bytes, depth } = place;
  const steps = stridesOf(shape).map((stride) => stride * bytes);
  let at = base;
  index.forEach((i, k) => {
    if (i !== undefined) at = nest.addIndex(at, nest.scaleIndex(i, steps[k]));
  });
  const own = nest.emit("mulWord", "u32", [
    limited(target, word, shape[axis]),
    nest.word(steps[axis]),
  ]);
  if (dtype === "f64") {
    const operation = place.shared ? "loadLaneShared" : "loadLane";
    return nest.emit(operation, "f64", [at, own], offset, depth);
  }
  const operation = place.shared ? "loadLaneSharedWord" : "loadLaneWord";
  const found = nest.emit(operation, "u32", [at, own], offset, depth);
  return dtype === "u32" ? found : nest.emit("wordToMask", "mask", [found]);
}

const gather: Rule = (target, [x, indices], { axis }: PrimitiveParameters["gather"], [type]) => {
  const { nest } = target;
  const rank = indices.shape.length;
  const length = x.shape[axis];
  let home: Placed | undefined;
  // What is read at a chain's own index needs an address; where loops will read it is not known yet.
  if (length > 0 && !sharedByAll(target, indices)) home = addressed(target, x);
  return [
    settle(target, type, (index) => {
      const [before, after] = [index.slice(0, axis), index.slice(axis + rank)];
      const word = indices.element(index.slice(axis, axis + rank));
      if (nest.at(word).uniform) {
        const at = uniformIndex(target, word, length, indices.limit);
        return x.element([...before, at, ...after]);
      }
      home ??= addressed(target, x);
      return laneElement(target, home, { axis, word, index: [...before, undefined, ...after] });
    }),
  ];
};

/** Sums in locals, for few elements at indices that are known. */
function addedInLocals(
  target: Target,
  { indices, updates, type, axis }: Scatter,
): Value | undefined {
  const { nest } = target;
  const words = indices.elements?.map((id) => nest.at(id));
  const fits = words?.every(({ operation }) => operation === "constantWord") &&
    updates.elements !== undefined && sizeOf(type.shape) <= UNROLLED;
  if (words === undefined || !fits) return undefined;
  const sums = new Array<number>(sizeOf(type.shape)).fill(nest.constant(0));
  const inner = sizeOf(type.shape.slice(axis + 1));
  (updates.elements as readonly number[]).forEach((update, i) => {
    const row = Math.floor(i / inner);
    const outer = Math.floor(row / words.length);
    const index = Math.min(words[row % words.length].immediate, type.shape[axis] - 1);
    const to = (outer * type.shape[axis] + index) * inner + i % inner;
    sums[to] = nest.add(sums[to], update);
  });
  return small(target, type, sums);
}

interface Scatter {
  readonly indices: Value;
  readonly updates: Value;
  readonly type: Value;
  readonly axis: number;
}

/** Calls a function in a loop over each axis, with the counters. */
function overAxes(
  { nest }: Target,
  shape: readonly number[],
  visit: (index: readonly number[]) => void,
): void {
  const within = (index: readonly number[]): void => {
    if (index.length === shape.length) return visit(index);
    nest.loop(nest.index(shape[index.length]), [], (counter) => {
      within([...index, counter]);
      return [];
    });
  };
  within([]);
}

/** Sums in memory, at indices that all chains share. */
function addedInMemory(target: Target, { indices, updates, type, axis }: Scatter): Value {
  const { nest, memory } = target;
  const bytes = memory.elementBytes("f64");
  const base = memory.reserve(sizeOf(type.shape) * bytes);
  write(target, { ...type, element: () => nest.constant(0) }, nest.index(0), base);
  const steps = stridesOf(type.shape).map((stride) => stride * bytes);
  const rank = indices.shape.length;
  overAxes(target, updates.shape, (index) => {
    const word = indices.element(index.slice(axis, axis + rank));
    const to = index.toSpliced(
      axis,
      rank,
      uniformIndex(target, word, type.shape[axis], indices.limit),
    );
    const at = to.reduce(
      (sum, i, k) => nest.addIndex(sum, nest.scaleIndex(i, steps[k])),
      nest.index(0),
    );
    const sum = load(target, "f64", at, base, nest.depth);
    store(target, "f64", at, base, nest.add(sum, updates.element(index)));
  });
  return inMemory(target, type, nest.index(0), base);
}

/** Sums at indices of each chain's own: each element takes those updates that are its own. */
function addedByChain(target: Target, scatter: Scatter): Value {
  const { nest } = target;
  const { indices, type, axis } = scatter;
  const updates = addressed(target, scatter.updates);
  const [length, rank] = [type.shape[axis], indices.shape.length];
  const element = (index: readonly number[]): number => {
    const place = nest.emit("indexToWord", "u32", [index[axis]]);
    const visit = (within: readonly number[], sum: number): number => {
      if (within.length < rank) {
        const count = nest.index(indices.shape[within.length]);
        return nest.loop(count, [sum], (counter, [now]) => [visit([...within, counter], now)])[0];
      }
      const word = limited(target, indices.element(within), length);
      const mask = nest.emit("equalWord", "mask", [word, place]);
      const next = nest.add(sum, updates.element(index.toSpliced(axis, 1, ...within)));
      return nest.select(mask, next, sum);
    };
    return visit([], nest.constant(0));
  };
  return apart(target, { dtype: type.dtype, shape: type.shape, element });
}

/** Code rules of the primitives that find elements by their indices. */
export const gatherRules: { readonly [P in "gather" | "scatterAdd"]: Rule } = {
  gather,
  scatterAdd: (target, operands, { axis }: PrimitiveParameters["scatterAdd"], [type]) => {
    const [indices, updates] = operands;
    const scatter: Scatter = { indices, updates, type: { ...type, element: () => 0 }, axis };
    const few = addedInLocals(target, scatter);
    if (few !== undefined) return [few];
    return [
      sharedByAll(target, indices) ? addedInMemory(target, scatter) : addedByChain(target, scatter),
    ];
  },
};

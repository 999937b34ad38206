/**
 * Arrays as the lowering sees them: small ones as one scalar value an element,
 * large ones as a rule that gives the value at an index, or as memory.
 *
 * @module
 */
import type { DType, Shape, ValueType } from "../tensor/program.ts";
import { sizeOf, stridesOf } from "../tensor/shape.ts";
import type { Memory } from "./layout.ts";
import type { LaneType, Operation } from "./nest.ts";
import type { NestBuilder } from "./nest_builder.ts";

/**
 * Arrays of up to this many elements are held as one value an element, and reductions over up to
 * this many are written out, so that no loop and no memory is needed for them; larger ones are
 * loops, so that the code does not grow with the data. (32 instead: HMC on Gaussians of 20 and 30 coordinates takes 1.15
 * and 1.5 times as long, and compiling twice as long where there are whole matrices.)
 */
export const UNROLLED = 16;

/** The type of one element in the nest. */
export function laneType(dtype: DType): LaneType {
  return dtype === "bool" ? "mask" : dtype;
}

/** An array during lowering. */
export interface Value extends ValueType {
  /** The element at an index, given as one `index` value for each axis. */
  element(index: readonly number[]): number;
  /** All elements, row-major, of a small array. */
  readonly elements?: readonly number[];
  /** Where a large array lies, if it does in memory. */
  readonly place?: Place;
  /** Of words that are the same for all chains and known to be below a number: that number. */
  readonly limit?: number;
}

/** Where the elements of an array lie. */
export interface Place {
  /** The address, an index; a literal is added to it. */
  readonly base: number;
  /** The literal. */
  readonly offset: number;
  /** Bytes from one element to the next. */
  readonly bytes: number;
  /** Whether they are the same for all chains. */
  readonly shared: boolean;
  /** The loop in which they are written. */
  readonly depth: number;
}

/** Where programs are lowered to: the nest being written, and the memory that it uses. */
export interface Target {
  /** Takes the instructions. */
  readonly nest: NestBuilder;
  /** Takes the data, and gives room for what does not fit locals. */
  readonly memory: Memory;
}

/** A small array of given elements. */
export function small(target: Target, type: ValueType, elements: readonly number[]): Value {
  const { dtype, shape } = type;
  const strides = stridesOf(shape);
  let spilled: Value | undefined;
  return {
    dtype,
    shape,
    elements,
    element(index): number {
      let flat = 0;
      for (let axis = 0; axis < index.length; axis++) {
        const { operation, immediate } = target.nest.at(index[axis]);
        if (operation !== "constantIndex") {
          // A counter selects among values that have no address: they get one.
          spilled ??= spill(target, type, elements);
          return spilled.element(index);
        }
        flat += immediate * strides[axis];
      }
      return elements[flat];
    },
  };
}

/** An array by a rule for its elements; a small one is written out at once. */
export function settle(
  target: Target,
  type: ValueType,
  element: (index: readonly number[]) => number,
): Value {
  const { dtype, shape } = type;
  if (sizeOf(shape) > UNROLLED) return { dtype, shape, element };
  return small(target, type, everyIndex(shape).map((index) => element(literal(target, index))));
}

/** Every index of a shape, row-major. */
export function everyIndex(shape: Shape): number[][] {
  let all: number[][] = [[]];
  for (const length of shape) {
    all = all.flatMap((index) => Array.from({ length }, (_, i) => [...index, i]));
  }
  return all;
}

/** An index known now. */
export function literal({ nest }: Target, index: readonly number[]): number[] {
  return index.map((i) => nest.index(i));
}

/** Σ indexᵢ · stepᵢ + base, as an index. */
export function address(
  { nest }: Target,
  index: readonly number[],
  steps: readonly number[],
  base: number,
): number {
  return index.reduce(
    (sum, i, axis) => nest.addIndex(sum, nest.scaleIndex(i, steps[axis])),
    nest.index(base),
  );
}

const LOADS: { readonly [D in DType]: Operation } = {
  f64: "load",
  u32: "loadWord",
  bool: "loadWord",
};

/** Reads the element at an address, of what a loop of depth `least` writes. */
export function load(
  { nest }: Target,
  dtype: DType,
  at: number,
  offset: number,
  least: number,
): number {
  const type = dtype === "f64" ? "f64" : "u32";
  const value = nest.emit(LOADS[dtype], type, [at], offset, least);
  return dtype === "bool" ? nest.emit("wordToMask", "mask", [value]) : value;
}

/** Writes an element to an address. */
export function store(
  { nest }: Target,
  dtype: DType,
  at: number,
  offset: number,
  value: number,
  depth: number = nest.depth,
): void {
  const kept = dtype === "bool" ? nest.emit("maskToWord", "u32", [value]) : value;
  nest.store(at, offset, kept, depth);
}

/** Where an element lies: an index, and what is known now, which goes to the instruction's own offset. */
function placeOf(
  { nest }: Target,
  index: readonly number[],
  steps: readonly number[],
  base: number,
  offset: number,
): readonly [at: number, known: number] {
  let known = offset;
  let at = base;
  index.forEach((i, axis) => {
    const { operation, immediate } = nest.at(i);
    if (operation === "constantIndex") known += immediate * steps[axis];
    else at = nest.addIndex(at, nest.scaleIndex(i, steps[axis]));
  });
  return [at, known];
}

/** An array in memory, for each chain of the group, at a base address (an index). */
export function inMemory(target: Target, type: ValueType, base: number, offset: number): Value {
  const { nest, memory } = target;
  const bytes = memory.elementBytes(type.dtype);
  return atPlace(target, type, { base, offset, bytes, shared: false, depth: nest.depth });
}

/** An array of any shape whose elements lie at a place, row-major; a small one is read at once. */
export function atPlace(target: Target, type: ValueType, place: Place): Value {
  const array = unread(target, type, place);
  const { elements } = settle(target, type, array.element);
  return elements === undefined ? array : { ...type, elements, element: array.element };
}

function unread(target: Target, { dtype, shape }: ValueType, place: Place): Placed {
  const { nest } = target;
  const { base, offset, bytes, depth } = place;
  const steps = stridesOf(shape).map((stride) => stride * bytes);
  const element = (index: readonly number[]): number => {
    const [at, known] = placeOf(target, index, steps, base, offset);
    if (!place.shared) return load(target, dtype, at, known, depth);
    if (dtype === "f64") return nest.emit("loadShared", "f64", [at], known);
    const word = nest.emit("loadSharedWord", "u32", [at], known);
    return dtype === "u32" ? word : nest.emit("wordToMask", "mask", [word]);
  };
  return { dtype, shape, element, place };
}

/** An array that lies in memory. */
export type Placed = Value & { readonly place: Place };

/** The array with a place in memory, where it is put if it has none: once for all chains if it is known. */
export function addressed(target: Target, value: Value): Placed {
  const { elements, place } = value;
  if (elements === undefined) return (place === undefined ? apart(target, value) : value) as Placed;
  const known = literalsOf(target, value.dtype, elements);
  return known === undefined
    ? spill(target, value, elements)
    : unread(target, value, sharedPlace(target, value, target.memory.place(known)));
}

/** The numbers of elements that are all literals. */
function literalsOf(
  { nest }: Target,
  dtype: DType,
  elements: readonly number[],
): Float64Array | Uint32Array | undefined {
  const literal = dtype === "f64" ? "constant" : "constantWord";
  const found = elements.map((id) => nest.at(id));
  if (!found.every(({ operation }) => operation === literal)) return undefined;
  const numbers = found.map(({ immediate }) => immediate);
  return dtype === "f64" ? Float64Array.from(numbers) : Uint32Array.from(numbers);
}

/** Data that is the same for all chains, at a fixed place in memory. */
export function shared(target: Target, type: ValueType, base: number): Value {
  return atPlace(target, type, sharedPlace(target, type, base));
}

function sharedPlace({ nest }: Target, { dtype }: ValueType, offset: number): Place {
  const bytes = dtype === "f64" ? nest.format.bytes : 4;
  return { base: nest.index(0), offset, bytes, shared: true, depth: 0 };
}

/** Writes a value to memory, element by element: written out if it is small, else in loops. */
export function write(
  target: Target,
  value: Value,
  base: number,
  offset: number,
  steps: readonly number[] = stridesOf(value.shape).map((s) =>
    s * target.memory.elementBytes(value.dtype)
  ),
): void {
  const { dtype, shape, elements } = value;
  if (elements !== undefined) {
    everyIndex(shape).forEach((index, i) => {
      const at = index.reduce((sum, k, axis) => sum + k * steps[axis], offset);
      store(target, dtype, base, at, elements[i]);
    });
    return;
  }
  const visit = (axis: number, index: readonly number[]): void => {
    if (axis < shape.length) {
      target.nest.loop(target.nest.index(shape[axis]), [], (counter) => {
        visit(axis + 1, [...index, counter]);
        return [];
      });
      return;
    }
    const at = target.nest.addIndex(base, address(target, index, steps, 0));
    store(target, dtype, at, offset, value.element(index));
  };
  visit(0, []);
}

/** Computes a large value once and keeps it in scratch memory; a small one stays as it is. */
export function materialise(target: Target, value: Value): Value {
  return value.elements === undefined ? apart(target, value) : value;
}

/** Copies a value to memory of its own. */
export function apart(target: Target, value: Value): Value {
  const base = target.memory.reserve(sizeOf(value.shape) * target.memory.elementBytes(value.dtype));
  const origin = target.nest.index(0);
  write(target, value, origin, base);
  return inMemory(target, value, origin, base);
}

function spill(target: Target, type: ValueType, elements: readonly number[]): Placed {
  const bytes = target.memory.elementBytes(type.dtype);
  const base = target.memory.reserve(elements.length * bytes);
  const origin = target.nest.index(0);
  // They are written where the last of them is computed, which may be outside of the current loop.
  const depth = elements.reduce((most, id) => Math.max(most, target.nest.at(id).depth), 0);
  elements.forEach((id, i) => store(target, type.dtype, origin, base + i * bytes, id, depth));
  const steps = stridesOf(type.shape).map((stride) => stride * bytes);
  return {
    dtype: type.dtype,
    shape: type.shape,
    element: (index) => load(target, type.dtype, address(target, index, steps, 0), base, depth),
    place: { base: origin, offset: base, bytes, shared: false, depth },
  };
}

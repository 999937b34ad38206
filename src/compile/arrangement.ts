/**
 * Code rules of the primitives that move elements and compute nothing: most only say where an element
 * is found.
 *
 * @module
 */
import type { DType, PrimitiveParameters, ValueType } from "../tensor/program.ts";
import { sizeOf, stridesOf } from "../tensor/shape.ts";
import type { Rule } from "./rule.ts";
import {
  atPlace,
  everyIndex,
  inMemory,
  settle,
  small,
  type Target,
  UNROLLED,
  type Value,
  write,
} from "./value.ts";

/** Row-major number of an index, and back: for indices that are not known now. */
function flatIndex({ nest }: Target, index: readonly number[], shape: readonly number[]): number {
  const strides = stridesOf(shape);
  return index.reduce(
    (sum, i, axis) => nest.addIndex(sum, nest.scaleIndex(i, strides[axis])),
    nest.index(0),
  );
}

function unflatten({ nest }: Target, flat: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => {
    const above = nest.divideIndex(flat, stride);
    return axis === 0 ? above : nest.remainderIndex(above, shape[axis]);
  });
}

/** The index of the same element when shapes differ in axes of length 1 alone. */
function squeeze(
  { nest }: Target,
  index: readonly number[],
  from: readonly number[],
  to: readonly number[],
): number[] | undefined {
  const long = index.filter((_, axis) => from[axis] !== 1);
  const lengths = from.filter((length) => length !== 1);
  const wanted = to.filter((length) => length !== 1);
  if (lengths.join() !== wanted.join()) return undefined;
  let next = 0;
  return to.map((length) => length === 1 ? nest.index(0) : long[next++]);
}

/** What a sum does not see. */
function nothing({ nest }: Target, dtype: DType): number {
  if (dtype === "f64") return nest.constant(-0);
  return dtype === "u32" ? nest.word(0) : nest.emit("wordToMask", "mask", [nest.word(0)]);
}

interface Part {
  readonly value: Value;
  readonly start: readonly number[];
  readonly step?: readonly number[];
}

/** A large array put together in memory from parts, later ones over earlier ones. */
function stored(target: Target, type: ValueType, parts: readonly Part[]): Value {
  const { nest, memory } = target;
  const bytes = memory.elementBytes(type.dtype);
  const base = memory.reserve(sizeOf(type.shape) * bytes);
  const steps = stridesOf(type.shape).map((stride) => stride * bytes);
  for (const { value, start, step } of parts) {
    const shift = start.reduce((sum, from, axis) => sum + from * steps[axis], 0);
    const own = steps.map((bytes, axis) => bytes * (step?.[axis] ?? 1));
    write(target, value, nest.index(0), base + shift, own);
  }
  return inMemory(target, type, nest.index(0), base);
}

/** Code rules of the primitives that move elements. */
export const arrangementRules: {
  readonly [P in "broadcast" | "reshape" | "transpose" | "slice" | "place" | "concat"]: Rule;
} = {
  broadcast: (target, [x], { axes }: PrimitiveParameters["broadcast"], [type]) => {
    const zero = target.nest.index(0);
    const repeated = settle(
      target,
      type,
      (index) => x.element(axes.map((axis, i) => x.shape[i] === 1 ? zero : index[axis])),
    );
    return [x.limit === undefined ? repeated : { ...repeated, limit: x.limit }];
  },
  reshape: (target, [x], _, [type]) => {
    if (x.elements !== undefined) return [small(target, type, x.elements)];
    if (x.place !== undefined) return [atPlace(target, type, x.place)];
    return [
      settle(target, type, (index) => {
        const same = squeeze(target, index, type.shape, x.shape);
        return x.element(
          same ?? unflatten(target, flatIndex(target, index, type.shape), x.shape),
        );
      }),
    ];
  },
  transpose: (target, [x], { permutation }: PrimitiveParameters["transpose"], [type]) => [
    settle(
      target,
      type,
      (index) => x.element(x.shape.map((_, axis) => index[permutation.indexOf(axis)])),
    ),
  ],
  slice: (target, [x], { start, step }: PrimitiveParameters["slice"], [type]) => {
    const { nest } = target;
    return [
      settle(target, type, (index) =>
        x.element(
          index.map((i, axis) =>
            nest.addIndex(nest.scaleIndex(i, step[axis]), nest.index(start[axis]))
          ),
        )),
    ];
  },
  place: (target, [x], { shape, start, step }: PrimitiveParameters["place"], [type]) => {
    if (sizeOf(shape) <= UNROLLED && x.elements !== undefined) {
      const placed = new Array<number>(sizeOf(shape)).fill(nothing(target, type.dtype));
      const strides = stridesOf(shape);
      everyIndex(x.shape).forEach((index, i) => {
        const flat = index.reduce(
          (sum, at, axis) => sum + (start[axis] + at * step[axis]) * strides[axis],
          0,
        );
        placed[flat] = (x.elements as readonly number[])[i];
      });
      return [small(target, type, placed)];
    }
    return [stored(target, type, [
      { value: settle(target, type, () => nothing(target, type.dtype)), start: start.map(() => 0) },
      { value: x, start, step },
    ])];
  },
  concat: (target, operands, { axis }: PrimitiveParameters["concat"], [type]) => {
    let next = 0;
    const parts = operands.map((value) => {
      const start = value.shape.map((_, i) => i === axis ? next : 0);
      next += value.shape[axis];
      return { value, start };
    });
    if (sizeOf(type.shape) > UNROLLED) return [stored(target, type, parts)];
    return [
      settle(target, type, (index) => {
        const at = target.nest.at(index[axis]).immediate;
        const part = parts.findLast(({ start }) => start[axis] <= at) as typeof parts[number];
        return part.value.element(
          index.map((i, k) => k === axis ? target.nest.index(at - part.start[axis]) : i),
        );
      }),
    ];
  },
};

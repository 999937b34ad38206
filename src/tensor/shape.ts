/**
 * Arithmetic of shapes.
 *
 * @module
 */
import type { ArrayData, DType, Shape } from "./program.ts";

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** Steps in the row-major data for a step of one along each axis. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** `[2, 3]` as text. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** The common shape of two operands under NumPy's broadcasting, or `undefined`. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = i <= a.length ? a[a.length - i] : 1;
    const n = i <= b.length ? b[b.length - i] : 1;
    if (m !== n && m !== 1 && n !== 1) return undefined;
    out[rank - i] = m === 1 ? n : m;
  }
  return out;
}

/** The shape that is left when `axes` are reduced away. */
export function withoutAxes(shape: Shape, axes: readonly number[]): Shape {
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** Zeros of a type. */
export function allocate(dtype: DType, size: number): ArrayData {
  if (dtype === "f64") return new Float64Array(size);
  return dtype === "u32" ? new Uint32Array(size) : new Uint8Array(size);
}

/**
 * For each element of `shape` in row-major order, the offset Σ indexᵢ · strideᵢ + offset.
 *
 * @param shape The shape to run over.
 * @param strides Step of the offset along each axis.
 * @param offset Where to start.
 * @returns One offset per element.
 */
export function offsetsOf(shape: Shape, strides: readonly number[], offset = 0): Int32Array {
  let offsets = Int32Array.of(offset);
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis];
    const next = new Int32Array(offsets.length * length);
    let at = 0;
    for (const start of offsets) {
      for (let i = 0; i < length; i++) next[at++] = start + i * strides[axis];
    }
    offsets = next;
  }
  return offsets;
}

/** For each element of a broadcast result, the offset of the operand's element. */
export function broadcastOffsets(
  operand: Shape,
  shape: Shape,
  axes: readonly number[],
): Int32Array {
  const own = stridesOf(operand);
  const strides = new Array<number>(shape.length).fill(0);
  axes.forEach((axis, i) => strides[axis] = operand[i] === 1 ? 0 : own[i]);
  return offsetsOf(shape, strides);
}

/** For each element of the operand of a reduction, the offset of the result's element. */
export function reductionOffsets(shape: Shape, axes: readonly number[]): Int32Array {
  const kept = withoutAxes(shape, axes);
  const own = stridesOf(kept);
  let next = 0;
  return offsetsOf(shape, shape.map((_, axis) => axes.includes(axis) ? 0 : own[next++]));
}

/**
 * Operations on operands that need not have the same shape: checks what goes together, broadcasts as
 * NumPy does, and applies the primitive.
 *
 * @module
 */
import { type Axes, axesOf } from "./axes.ts";
import { shapeError, typeError } from "./mismatch.ts";
import { applyTo, type Operand } from "./operand.ts";
import type { Binary, Reduction, Shape, Unary } from "./program.ts";
import { broadcastShapes, sameShape, shapeText } from "./shape.ts";
import { userFrame } from "./user_frame.ts";

/** Applies an element-wise operation on one f64 operand. */
export function unaryOf(name: Unary, x: Operand): Operand {
  if (x.dtype !== "f64") throw typeError(name, x);
  return applyTo(name, {}, [x])[0];
}

/** Applies an element-wise operation on two operands; plain numbers beside words are taken as words. */
export function binaryOf(name: Binary, left: Operand, right: Operand): Operand {
  const a = right.dtype === "u32" ? asWords(left) : left;
  const b = left.dtype === "u32" ? asWords(right) : right;
  if (a.dtype !== b.dtype) throw typeError(name, a, b);
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape === undefined) throw shapeError(name, a, b);
  return applyTo(name, {}, [broadcastOf(a, shape), broadcastOf(b, shape)])[0];
}

/** Applies a reduction of an f64 operand over axes, all when left out. */
export function reductionOf(name: Reduction, x: Operand, axes: Axes | undefined): Operand {
  const chosen = axesOf(name, x.shape, axes);
  if (x.dtype !== "f64") throw typeError(name, x);
  return chosen.length === 0 ? x : applyTo(name, { axes: chosen }, [x])[0];
}

/** Repeats axes of length 1, and adds leading ones, until the shape is `shape`. */
export function broadcastOf(x: Operand, shape: Shape): Operand {
  if (sameShape(x.shape, shape)) return x;
  const common = broadcastShapes(x.shape, shape);
  if (common === undefined || !sameShape(common, shape)) {
    throw new TypeError(
      `Cannot broadcast ${shapeText(x.shape)} to ${shapeText(shape)}${userFrame()}`,
    );
  }
  const skipped = shape.length - x.shape.length;
  return applyTo("broadcast", { shape, axes: x.shape.map((_, axis) => axis + skipped) }, [x])[0];
}

function asWords(x: Operand): Operand {
  if (x.dtype !== "f64" || x.source.kind !== "concrete") return x;
  for (const value of x.source.data) {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) continue;
    throw new RangeError(
      `Cannot use ${value} as a word: expected a whole number from 0 to 2^32 − 1${userFrame()}`,
    );
  }
  const data = Uint32Array.from(x.source.data);
  return { dtype: "u32", shape: x.shape, source: { kind: "concrete", data } };
}

/**
 * What the primitives of triangular matrices compute, on concrete arrays.
 *
 * @module
 */
import type { Arithmetic } from "../functions/arithmetic.ts";
import type { ArrayData, ArrayValue, PrimitiveParameters } from "../program.ts";
import * as triangular from "./triangular.ts";

type Numbers = Arithmetic<number, boolean>;

function entriesOf({ shape: [, columns], data }: ArrayValue): triangular.Entries<number> {
  return (row, column) => data[row * columns + column];
}

/** The lower triangular L with LLᵀ = A. */
export function choleskyOf(on: Numbers, a: ArrayValue): ArrayData {
  return Float64Array.from(triangular.cholesky(on, a.shape[0], entriesOf(a)));
}

/** The cotangent of A from that of L. */
export function choleskyGradientOf(
  on: Numbers,
  l: ArrayValue,
  cotangent: ArrayValue,
): ArrayData {
  const [n] = l.shape;
  return Float64Array.from(
    triangular.choleskyGradient(on, n, entriesOf(l), entriesOf(cotangent)),
  );
}

/** The solutions of a triangular system for the columns of a right-hand side. */
export function solved(
  on: Numbers,
  matrix: ArrayValue,
  right: ArrayValue,
  parameters: PrimitiveParameters["triangularSolve"],
): ArrayData {
  const [n, columns] = right.shape;
  const out = new Float64Array(n * columns);
  const system = { n, matrix: entriesOf(matrix), ...parameters };
  for (let c = 0; c < columns; c++) {
    triangular.substitute(on, system, (row) => right.data[row * columns + c])
      .forEach((x, row) => out[row * columns + c] = x);
  }
  return out;
}

/**
 * Linear algebra of symmetric and triangular matrices.
 *
 * @module
 */
import { expectOptions } from "./expect_options.ts";
import { shapeError } from "./mismatch.ts";
import { shapeText } from "./shape.ts";
import { apply, type Tensor, tensor, type TensorLike } from "./tensor.ts";
import { userFrame } from "./user_frame.ts";

function squareOf(operation: string, a: TensorLike): Tensor {
  const matrix = tensor(a);
  const { dtype, shape } = matrix;
  if (dtype === "f64" && shape.length === 2 && shape[0] === shape[1]) return matrix;
  throw new TypeError(
    `Cannot apply ${operation} to ${dtype}${shapeText(shape)}: a square matrix of floats is ` +
      `needed${userFrame()}`,
  );
}

/**
 * The lower triangular L with LLᵀ = A and a positive diagonal.
 *
 * The lower triangle of A is read and the upper one is not, also by the gradient, which is 0 there. If A is
 * not positive definite L has NaN on its diagonal from the first row at which that shows, so that what is
 * computed from L, such as its determinant, is NaN.
 *
 * @param a A symmetric positive definite matrix [n, n].
 * @returns L, with zeros above the diagonal.
 * @throws {TypeError} If `a` is no square matrix.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cholesky } from "@tributary/tributary";
 *
 * assert.deepEqual(cholesky([[4, 2], [2, 10]]).toArray(), [[2, 0], [1, 3]]);
 * ```
 */
export function cholesky(a: TensorLike): Tensor {
  return apply("cholesky", {}, [squareOf("cholesky", a)])[0];
}

/** Which triangle of a matrix is read, and how. */
export interface SolveTriangularOptions {
  /** The lower triangle, true by default; else the upper one. */
  readonly lower?: boolean;
  /** Whether the transpose of the matrix takes its place; false by default. */
  readonly transpose?: boolean;
}

/**
 * The x with Lx = b for a triangular matrix, by substitution. One triangle of the matrix is read; the
 * gradient is 0 on the other.
 *
 * @param l A triangular matrix [n, n].
 * @param b One right-hand side [n], or the columns of a matrix [n, m].
 * @param options Which triangle, and whether Lᵀx = b is meant.
 * @returns The solution, in the shape of `b`.
 * @throws {TypeError} If `l` is no square matrix, or `b` has another number of rows.
 */
export function solveTriangular(
  l: TensorLike,
  b: TensorLike,
  options: SolveTriangularOptions = {},
): Tensor {
  expectOptions(options, ["lower", "transpose"], "solve a triangular system");
  const [matrix, right] = [squareOf("solveTriangular", l), tensor(b)];
  const { dtype, shape } = right;
  if (dtype !== "f64" || ![1, 2].includes(shape.length) || shape[0] !== matrix.shape[0]) {
    throw shapeError("solveTriangular", matrix, right);
  }
  const { lower = true, transpose = false } = options;
  const columns = right.reshape([shape[0], shape[1] ?? 1]);
  return apply("triangularSolve", { lower, transpose }, [matrix, columns])[0].reshape(shape);
}

/**
 * The x with Ax = b, where A = LLᵀ.
 *
 * @param l The lower triangular L = cholesky(A), [n, n].
 * @param b One right-hand side [n], or the columns of a matrix [n, m].
 * @returns The solution, in the shape of `b`.
 * @throws {TypeError} If `l` is no square matrix, or `b` has another number of rows.
 */
export function choleskySolve(l: TensorLike, b: TensorLike): Tensor {
  const lower = tensor(l);
  return solveTriangular(lower, solveTriangular(lower, b), { transpose: true });
}

/**
 * The diagonal of a square matrix.
 *
 * @param a A matrix [n, n].
 * @returns Its diagonal [n].
 * @throws {TypeError} If `a` is no square matrix.
 */
export function diagonal(a: TensorLike): Tensor {
  const matrix = squareOf("diagonal", a);
  const [n] = matrix.shape;
  return matrix.reshape([n * n]).slice(0, n * n, { step: n + 1 });
}

/**
 * log det A of a positive definite matrix, twice the sum of the logarithms of L's diagonal. Where L is
 * needed too, `diagonal(l).log().sum().mul(2)` computes it once.
 *
 * @param a A symmetric positive definite matrix [n, n], of which the lower triangle is read.
 * @returns A scalar; NaN if the matrix is not positive definite.
 * @throws {TypeError} If `a` is no square matrix.
 */
export function logDeterminant(a: TensorLike): Tensor {
  return diagonal(cholesky(squareOf("logDeterminant", a))).log().sum().mul(2);
}

/**
 * Algorithms of triangular matrices, written once for plain numbers and for emitted instructions, as the
 * elementary functions are. Every sum runs in a fixed order, which the loops of compiled programs follow.
 *
 * @module
 */
import type { Arithmetic } from "../functions/arithmetic.ts";

/** Reads the element of a matrix in a row and a column. */
export type Entries<F> = (row: number, column: number) => F;

/** The root of a pivot; NaN where it is not positive, so that the matrix is not positive definite. */
export function pivotRoot<F, M>(on: Arithmetic<F, M>, pivot: F): F {
  return on.select(on.lessThan(on.constant(0), pivot), on.sqrt(pivot), on.constant(NaN));
}

/**
 * The lower triangular L with LLᵀ = A, row by row (Cholesky–Banachiewicz).
 *
 * @param on The arithmetic.
 * @param n Number of rows.
 * @param a The lower triangle of A.
 * @returns L, row-major, zeros above the diagonal.
 */
export function cholesky<F, M>(on: Arithmetic<F, M>, n: number, a: Entries<F>): F[] {
  const l = new Array<F>(n * n).fill(on.constant(0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a(i, j);
      for (let k = 0; k < j; k++) rest = on.sub(rest, on.mul(l[i * n + k], l[j * n + k]));
      l[i * n + j] = j < i ? on.div(rest, l[j * n + j]) : pivotRoot(on, rest);
    }
  }
  return l;
}

/**
 * The cotangent of A's lower triangle from that of L: the steps of {@linkcode cholesky} in reverse order,
 *
 * gᵢᵢ = L̄ᵢᵢ − Σ_{r>i} Āᵣᵢ Lᵣᵢ, Āᵢᵢ = gᵢᵢ / 2Lᵢᵢ,
 * gᵢⱼ = L̄ᵢⱼ − 2Āᵢᵢ Lᵢⱼ − Σ_{j<c<i} Āᵢ꜀ L꜀ⱼ − Σ_{r>i} Āᵣᵢ Lᵣⱼ, Āᵢⱼ = gᵢⱼ / Lⱼⱼ,
 *
 * from the last row to the first and from the diagonal to the left.
 *
 * Source: Smith, "Differentiation of the Cholesky algorithm", 1995; Murray, "Differentiation of the
 * Cholesky decomposition", 2016, §3.1; the updates of each element are gathered into one sum here.
 *
 * @param on The arithmetic.
 * @param n Number of rows.
 * @param l L, of which the lower triangle is read.
 * @param cotangent That of L, of which the lower triangle is read.
 * @returns The cotangent of A, row-major, zeros above the diagonal.
 */
export function choleskyGradient<F, M>(
  on: Arithmetic<F, M>,
  n: number,
  l: Entries<F>,
  cotangent: Entries<F>,
): F[] {
  const a = new Array<F>(n * n).fill(on.constant(0));
  for (let i = n - 1; i >= 0; i--) {
    let rest = cotangent(i, i);
    for (let r = i + 1; r < n; r++) rest = on.sub(rest, on.mul(a[r * n + i], l(r, i)));
    const twice = on.div(rest, l(i, i));
    a[i * n + i] = on.mul(on.constant(0.5), twice);
    for (let j = i - 1; j >= 0; j--) {
      rest = on.sub(cotangent(i, j), on.mul(twice, l(i, j)));
      for (let c = j + 1; c < i; c++) rest = on.sub(rest, on.mul(a[i * n + c], l(c, j)));
      for (let r = i + 1; r < n; r++) rest = on.sub(rest, on.mul(a[r * n + i], l(r, j)));
      a[i * n + j] = on.div(rest, l(j, j));
    }
  }
  return a;
}

/** A system of equations with a triangular matrix. */
export interface TriangularSystem<F> {
  /** The number of equations. */
  readonly n: number;
  /** The matrix. */
  readonly matrix: Entries<F>;
  /** Whether it is lower triangular. */
  readonly lower: boolean;
  /** Whether its transpose takes its place. */
  readonly transpose: boolean;
}

/**
 * Solves equations with a triangular matrix by substitution; terms are taken away in the order of their
 * index.
 *
 * @param on The arithmetic.
 * @param system The matrix.
 * @param right The right-hand side.
 * @returns The unknowns.
 */
export function substitute<F, M>(
  on: Arithmetic<F, M>,
  { n, matrix, lower, transpose }: TriangularSystem<F>,
  right: (row: number) => F,
): F[] {
  const at: Entries<F> = transpose ? (i, k) => matrix(k, i) : matrix;
  const forwards = lower !== transpose;
  const x = new Array<F>(n);
  for (let turn = 0; turn < n; turn++) {
    const i = forwards ? turn : n - 1 - turn;
    let rest = right(i);
    for (let q = 0; q < turn; q++) {
      const k = forwards ? q : i + 1 + q;
      rest = on.sub(rest, on.mul(at(i, k), x[k]));
    }
    x[i] = on.div(rest, at(i, i));
  }
  return x;
}

/**
 * Eigenvalues and eigenvectors of symmetric matrices.
 *
 * @module
 */

/** The spectrum of a symmetric matrix. */
export interface SymmetricEigen {
  /** Eigenvalues, in no order, [d]. */
  readonly values: Float64Array;
  /** An eigenvector in each row, row-major, [d, d]. */
  readonly vectors: Float64Array;
}

/** A tridiagonal matrix, and the rotation that leads to it. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i is between elements i and i + 1 of the diagonal; the last is 0. */
  readonly beside: Float64Array;
  /** The rows of Qᵀ, where QᵀAQ is tridiagonal. */
  readonly rows: Float64Array;
}

/**
 * Eigenvalues and eigenvectors by reduction to tridiagonal form and implicit QL steps.
 *
 * Source: Golub & Van Loan, "Matrix Computations", 4th ed., §8.3.
 *
 * @param matrix A symmetric matrix, row-major, [d, d]; it is left as it is.
 * @param dimension d.
 * @returns Its spectrum; NaN where the matrix has such an element.
 */
export function symmetricEigen(matrix: Float64Array, dimension: number): SymmetricEigen {
  const reduced = tridiagonal(matrix, dimension);
  for (let first = 0; first < dimension; first++) isolate(first, reduced);
  return { values: reduced.diagonal, vectors: reduced.rows };
}

/** Householder reflections, one for each column. */
function tridiagonal(matrix: Float64Array, d: number): Tridiagonal {
  const a = matrix.slice();
  const rows = new Float64Array(d * d);
  for (let i = 0; i < d; i++) rows[i * d + i] = 1;
  const [v, p] = [new Float64Array(d), new Float64Array(d)];
  for (let k = 0; k < d - 2; k++) {
    let norm = 0;
    for (let i = k + 1; i < d; i++) norm += a[i * d + k] * a[i * d + k];
    norm = Math.sqrt(norm);
    if (norm === 0) continue;
    const alpha = a[(k + 1) * d + k] > 0 ? -norm : norm;
    v.fill(0);
    let square = 0;
    for (let i = k + 1; i < d; i++) {
      v[i] = a[i * d + k] - (i === k + 1 ? alpha : 0);
      square += v[i] * v[i];
    }
    const twice = 2 / square;
    // A ← HAH with H = 1 − 2vvᵀ/vᵀv, as A − vqᵀ − qvᵀ.
    let along = 0;
    for (let i = k; i < d; i++) {
      let sum = 0;
      for (let j = k + 1; j < d; j++) sum += a[i * d + j] * v[j];
      p[i] = twice * sum;
      along += v[i] * p[i];
    }
    for (let i = k; i < d; i++) p[i] -= 0.5 * twice * along * v[i];
    for (let i = k; i < d; i++) {
      for (let j = k; j < d; j++) a[i * d + j] -= v[i] * p[j] + p[i] * v[j];
    }
    reflect(rows, v, twice, k + 1, d);
  }
  return {
    diagonal: Float64Array.from({ length: d }, (_, i) => a[i * d + i]),
    beside: Float64Array.from({ length: d }, (_, i) => i === d - 1 ? 0 : a[(i + 1) * d + i]),
    rows,
  };
}

/** rows ← H rows, of which v touches those from `first` on. */
function reflect(
  rows: Float64Array,
  v: Float64Array,
  twice: number,
  first: number,
  d: number,
): void {
  const sums = new Float64Array(d);
  for (let i = first; i < d; i++) {
    for (let j = 0; j < d; j++) sums[j] += v[i] * rows[i * d + j];
  }
  for (let i = first; i < d; i++) {
    const factor = twice * v[i];
    for (let j = 0; j < d; j++) rows[i * d + j] -= factor * sums[j];
  }
}

/** More steps than any eigenvalue takes. */
const MOST_STEPS = 60;

/** QL steps with Wilkinson's shift until element `first` of the diagonal stands alone. */
function isolate(first: number, { diagonal, beside, rows }: Tridiagonal): void {
  const d = diagonal.length;
  for (let step = 0; step < MOST_STEPS; step++) {
    let last = first;
    while (last < d - 1 && !negligible(last, diagonal, beside)) last++;
    if (last === first) return;
    const half = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
    const root = Math.sqrt(half * half + 1);
    let bulge = diagonal[last] - diagonal[first] +
      beside[first] / (half + (half < 0 ? -root : root));
    let [s, c, shift] = [1, 1, 0];
    let i = last - 1;
    for (; i >= first; i--) {
      const [f, b] = [s * beside[i], c * beside[i]];
      const length = Math.sqrt(f * f + bulge * bulge);
      beside[i + 1] = length;
      if (length === 0) {
        diagonal[i + 1] -= shift;
        break;
      }
      s = f / length;
      c = bulge / length;
      const rest = diagonal[i + 1] - shift;
      const mixed = (diagonal[i] - rest) * s + 2 * c * b;
      shift = s * mixed;
      diagonal[i + 1] = rest + shift;
      bulge = c * mixed - b;
      turn(rows, i, d, s, c);
    }
    if (i < first) {
      diagonal[first] -= shift;
      beside[first] = bulge;
    }
    beside[last] = 0;
  }
}

function negligible(i: number, diagonal: Float64Array, beside: Float64Array): boolean {
  const size = Math.abs(diagonal[i]) + Math.abs(diagonal[i + 1]);
  return !(Math.abs(beside[i]) > Number.EPSILON * size);
}

/** Turns rows i and i + 1 into each other. */
function turn(rows: Float64Array, i: number, d: number, s: number, c: number): void {
  const [upper, lower] = [i * d, (i + 1) * d];
  for (let k = 0; k < d; k++) {
    const [x, y] = [rows[upper + k], rows[lower + k]];
    rows[lower + k] = s * x + c * y;
    rows[upper + k] = c * x - s * y;
  }
}

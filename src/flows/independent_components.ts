/**
 * Independent components: the rotation that makes white coordinates as far from normal as can be.
 *
 * @module
 */

const MOST_ROWS = 2000;
const ITERATIONS = 30;

function dotRows(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += a[i * d + k] * b[j * d + k];
      out[i * d + j] = sum;
    }
  }
  return out;
}

function product(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      const each = a[i * d + k];
      for (let j = 0; j < d; j++) out[i * d + j] += each * b[k * d + j];
    }
  }
  return out;
}

/** (W Wᵀ)^(−1/2) W by Newton-Schulz. */
function orthogonalised(w: Float64Array, d: number): Float64Array {
  let norm = 0;
  for (const x of w) norm += x * x;
  let out: Float64Array = w.map((x) => x * Math.sqrt(1 / norm));
  for (let pass = 0; pass < 100; pass++) {
    const gram = dotRows(out, out, d);
    let off = 0;
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) {
        off = Math.max(off, Math.abs(gram[i * d + j] - (i === j ? 1 : 0)));
      }
    }
    if (off < 1e-14) break;
    const p = product(gram, out, d);
    out = out.map((x, i) => 1.5 * x - 0.5 * p[i]);
  }
  return out;
}

export function independentComponents(white: Float64Array, d: number): Float64Array {
  const rows = white.length / d;
  const step = Math.max(1, Math.floor(rows / MOST_ROWS));
  let w: Float64Array = new Float64Array(d * d);
  for (let i = 0; i < d; i++) w[i * d + i] = 1;
  for (let it = 0; it < ITERATIONS; it++) {
    const next = new Float64Array(d * d);
    let n = 0;
    const slopes = new Float64Array(d);
    for (let row = 0; row < rows; row += step) {
      n++;
      const x = white.subarray(row * d, (row + 1) * d);
      for (let i = 0; i < d; i++) {
        let y = 0;
        for (let k = 0; k < d; k++) y += w[i * d + k] * x[k];
        const over = 1 / (1 + y * y);
        const g = y * over;
        slopes[i] += (1 - y * y) * over * over;
        for (let k = 0; k < d; k++) next[i * d + k] += g * x[k];
      }
    }
    for (let i = 0; i < d; i++) {
      for (let k = 0; k < d; k++) {
        next[i * d + k] = (next[i * d + k] - slopes[i] * w[i * d + k]) / n;
      }
    }
    const after = orthogonalised(next, d);
    let change = 0;
    for (let i = 0; i < d; i++) {
      let dot = 0;
      for (let k = 0; k < d; k++) dot += after[i * d + k] * w[i * d + k];
      change = Math.max(change, 1 - Math.abs(dot));
    }
    w = after;
    if (change < 1e-5) break;
  }
  // x ↦ Rᵀ x with R = Wᵀ.
  const r = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let k = 0; k < d; k++) r[k * d + i] = w[i * d + k];
  return r;
}

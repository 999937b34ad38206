/**
 * Independent components: the rotation that makes white coordinates as far from normal as can be, so that
 * what tells modes apart stands in few of them.
 *
 * @module
 */

/** Rows that the rotation is found from: more would cost more than they show. */
const MOST_ROWS = 2000;
/** Sweeps over all pairs of coordinates. */
const MOST_SWEEPS = 8;
/** Angles that are tried in each of the two directions, up to π/4: beyond, axes only change names. */
const ANGLES = 16;
/** White numbers beyond this are taken for it, since a few outliers rule fourth moments. */
const LARGEST = 4;
/**
 * A pair is turned if that raises the negentropy by so much over the number of rows. Noise alone raises
 * it by half of a χ² variate of a few degrees of freedom: normal coordinates stay as they are.
 */
const LEAST_GAIN = 20;

/** Sums of the products of powers of two coordinates that third and fourth cumulants are made of. */
function momentsOf(x: Float64Array, y: Float64Array): Float64Array {
  const m = new Float64Array(9);
  const n = x.length;
  for (let k = 0; k < n; k++) {
    const [a, b] = [x[k], y[k]];
    const [aa, ab, bb] = [a * a, a * b, b * b];
    m[0] += aa * a;
    m[1] += aa * b;
    m[2] += a * bb;
    m[3] += bb * b;
    m[4] += aa * aa;
    m[5] += aa * ab;
    m[6] += aa * bb;
    m[7] += ab * bb;
    m[8] += bb * bb;
  }
  return m.map((sum) => sum / n);
}

/** Negentropy of c x + s y, to the order of its third and fourth cumulants: κ₃²/12 + κ₄²/48. */
function negentropy(m: Float64Array, c: number, s: number): number {
  const [cc, cs, ss] = [c * c, c * s, s * s];
  const third = c * cc * m[0] + 3 * cc * s * m[1] + 3 * c * ss * m[2] + s * ss * m[3];
  const fourth = cc * cc * m[4] + 4 * cc * cs * m[5] + 6 * cc * ss * m[6] + 4 * cs * ss * m[7] +
    ss * ss * m[8] - 3;
  return third * third / 12 + fourth * fourth / 48;
}

/** The cosine and sine of the turn of a pair that gains most, and its gain. */
function bestTurn(
  m: Float64Array,
): { readonly c: number; readonly s: number; readonly gain: number } {
  const of = (c: number, s: number): number => negentropy(m, c, s) + negentropy(m, -s, c);
  const before = of(1, 0);
  let best = { c: 1, s: 0, gain: 0 };
  for (let i = -ANGLES; i <= ANGLES; i++) {
    // Tangents of angles up to π/4.
    const t = i / ANGLES;
    const c = 1 / Math.sqrt(1 + t * t);
    const gain = of(c, c * t) - before;
    if (gain > best.gain) best = { c, s: c * t, gain };
  }
  return best;
}

/**
 * The rotation to independent components, by turns of pairs of coordinates.
 *
 * Source: Comon, "Independent component analysis, a new concept?", Signal Processing 36 (1994), with the
 * negentropy's Edgeworth expansion (ibid., eq. 3.9), and a turn only where its gain is significant.
 *
 * @param white Rows of numbers with mean 0 and the unit covariance, n × d.
 * @param dimension d.
 * @param free Which coordinates may be turned.
 * @returns R, d × d, of the rotation x ↦ Rᵀx.
 */
export function independentComponents(
  white: Float64Array,
  dimension: number,
  free: readonly boolean[],
): Float64Array {
  const d = dimension;
  const rows = white.length / d;
  const step = Math.max(1, Math.floor(rows / MOST_ROWS));
  const n = Math.ceil(rows / step);
  const columns = Array.from(
    { length: d },
    (_, i) =>
      Float64Array.from(
        { length: n },
        (_, k) => Math.min(LARGEST, Math.max(-LARGEST, white[k * step * d + i])),
      ),
  );
  const rotation = new Float64Array(d * d);
  for (let i = 0; i < d; i++) rotation[i * d + i] = 1;
  const turn = (a: Float64Array, b: Float64Array, c: number, s: number): void => {
    for (let k = 0; k < a.length; k++) {
      const [x, y] = [a[k], b[k]];
      a[k] = c * x + s * y;
      b[k] = c * y - s * x;
    }
  };
  const axes = Array.from({ length: d }, (_, i) => rotation.subarray(i * d, (i + 1) * d));
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let turned = false;
    for (let i = 0; i < d; i++) {
      for (let j = i + 1; j < d; j++) {
        if (!(free[i] && free[j])) continue;
        const { c, s, gain } = bestTurn(momentsOf(columns[i], columns[j]));
        if (gain * n < LEAST_GAIN) continue;
        turn(columns[i], columns[j], c, s);
        turn(axes[i], axes[j], c, s);
        turned = true;
      }
    }
    if (!turned) break;
  }
  // The axes are the rows of Rᵀ.
  const transposed = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) transposed[j * d + i] = rotation[i * d + j];
  }
  return transposed;
}

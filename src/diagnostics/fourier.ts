/**
 * The discrete Fourier transform of a length that is a power of two.
 *
 * @module
 */
import { cos, sin } from "../tensor/functions/scalar_math.ts";

/** The transform of one length. */
export interface Fourier {
  /** The length. */
  readonly size: number;
  /** Where the transform leaves the result of each frequency: its bits in reverse. */
  readonly places: Uint32Array;
  /** Replaces x by Σⱼ xⱼ e^{−2πijk/size}, the result of frequency k at `places[k]`. */
  transform(re: Float64Array, im: Float64Array): void;
}

interface Angles {
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

/** One stage of radix 4, decimation in frequency: blocks of `length` fall into four. */
function quarter(re: Float64Array, im: Float64Array, angles: Angles, length: number): void {
  const { cosines, sines } = angles;
  const step = re.length / length;
  const q = length >> 2;
  for (let start = 0; start < re.length; start += length) {
    for (let j = 0; j < q; j++) {
      const k = j * step;
      const a = start + j;
      const b = a + q;
      const c = b + q;
      const d = c + q;
      const evenRe = re[a] + re[c];
      const evenIm = im[a] + im[c];
      const evenGapRe = re[a] - re[c];
      const evenGapIm = im[a] - im[c];
      const oddRe = re[b] + re[d];
      const oddIm = im[b] + im[d];
      const oddGapRe = re[b] - re[d];
      const oddGapIm = im[b] - im[d];
      const re1 = evenGapRe + oddGapIm;
      const im1 = evenGapIm - oddGapRe;
      const re2 = evenRe - oddRe;
      const im2 = evenIm - oddIm;
      const re3 = evenGapRe - oddGapIm;
      const im3 = evenGapIm + oddGapRe;
      const k2 = 2 * k;
      const k3 = 3 * k;
      re[a] = evenRe + oddRe;
      im[a] = evenIm + oddIm;
      re[b] = re2 * cosines[k2] + im2 * sines[k2];
      im[b] = im2 * cosines[k2] - re2 * sines[k2];
      re[c] = re1 * cosines[k] + im1 * sines[k];
      im[c] = im1 * cosines[k] - re1 * sines[k];
      re[d] = re3 * cosines[k3] + im3 * sines[k3];
      im[d] = im3 * cosines[k3] - re3 * sines[k3];
    }
  }
}

/** The last stage of an odd power of two: pairs. */
function halve(values: Float64Array): void {
  for (let i = 0; i < values.length; i += 2) {
    const a = values[i];
    const b = values[i + 1];
    values[i] = a + b;
    values[i + 1] = a - b;
  }
}

function reversedBits(size: number): Uint32Array {
  const out = new Uint32Array(size);
  for (let i = 1; i < size; i++) out[i] = (out[i >> 1] >> 1) | ((i & 1) * (size >> 1));
  return out;
}

/**
 * The transform of a length.
 *
 * @param size The length, a power of two.
 * @returns The transform.
 */
export function fourier(size: number): Fourier {
  const angle = Float64Array.from({ length: size }, (_, j) => (2 * Math.PI * j) / size);
  const angles: Angles = { cosines: angle.map(cos), sines: angle.map(sin) };
  return {
    size,
    places: reversedBits(size),
    transform(re: Float64Array, im: Float64Array): void {
      let length = size;
      for (; length >= 4; length >>= 2) quarter(re, im, angles, length);
      if (length < 2) return;
      halve(re);
      halve(im);
    },
  };
}

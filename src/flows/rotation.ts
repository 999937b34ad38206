/**
 * Rotations of the white coordinates.
 *
 * @module
 */
import { foldInWords, type KeyWords } from "../random/words.ts";
import { normal } from "../tensor/random.ts";
import { words } from "../tensor/tensor.ts";
import { independentComponents } from "./independent_components.ts";
import { whiten, type Whitening } from "./whitening.ts";

/** What rotations there are. */
export type Mixing = "none" | "independent" | "random" | "both";

type Rotations = readonly (Float64Array | undefined)[];

function orthogonal(d: number, periodic: readonly boolean[], key: KeyWords): Float64Array {
  const q = Float64Array.from(normal(words(Uint32Array.from(key)) as never, [d, d]).data);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      if (periodic[i] || periodic[j]) q[i * d + j] = i === j ? 1 : 0;
    }
  }
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 0; i < d; i++) {
      const row = q.subarray(i * d, (i + 1) * d);
      for (let j = 0; j < i; j++) {
        const before = q.subarray(j * d, (j + 1) * d);
        let dot = 0;
        for (let k = 0; k < d; k++) dot += row[k] * before[k];
        for (let k = 0; k < d; k++) row[k] -= dot * before[k];
      }
      let norm = 0;
      for (let k = 0; k < d; k++) norm += row[k] * row[k];
      for (let k = 0; k < d; k++) row[k] /= Math.sqrt(norm);
    }
  }
  return q;
}

export function firstRotations(
  mixing: Mixing,
  periodic: readonly boolean[],
  layers: number,
  key: KeyWords,
): Rotations {
  const d = periodic.length;
  return Array.from({ length: layers }, (_, layer) => {
    if (layer === 0 && (mixing === "independent" || mixing === "both")) {
      const q = new Float64Array(d * d);
      for (let i = 0; i < d; i++) q[i * d + i] = 1;
      return q;
    }
    if (layer > 0 && layer % 2 === 0 && (mixing === "random" || mixing === "both")) {
      return orthogonal(d, periodic, foldInWords(key, layer));
    }
    return undefined;
  });
}

export function rotationsFor(
  mixing: Mixing,
  state: Whitening & { readonly rotations: Rotations; readonly periodic: readonly boolean[] },
  data: Float64Array,
): Rotations {
  if (mixing === "none" || mixing === "random") return state.rotations;
  const white = whiten(state, data);
  return [independentComponents(white, state.periodic.length), ...state.rotations.slice(1)];
}

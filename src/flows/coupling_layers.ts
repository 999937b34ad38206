/**
 * Coupling layers: which coordinates each moves, and the first weights of their conditioners.
 *
 * @module
 */
import { foldInWords, type KeyWords, permutation, randomWords } from "../random/words.ts";

/** What the weights of a flow are shaped by. */
export interface WeightShape {
  /** Widths of the hidden layers of each conditioner. */
  readonly hidden: readonly number[];
  /** Bins of each spline. */
  readonly bins: number;
  /** Whether coordinates that are not periodic are moved by affine maps instead of splines. */
  readonly affine: boolean;
}

/**
 * Which coordinates each layer moves: a random half, then the other half, then a new random half … With
 * one coordinate every layer moves it, and its conditioners are constants.
 *
 * @param dimension Coordinates.
 * @param layers Layers.
 * @param key For the halves.
 * @returns For each layer, whether it moves each coordinate.
 */
export function masksFor(dimension: number, layers: number, key: KeyWords): boolean[][] {
  const masks: boolean[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    if (dimension === 1) masks.push([true]);
    else if (layer % 2 === 1) masks.push(masks[layer - 1].map((moved) => !moved));
    else {
      const order = permutation(foldInWords(key, layer), dimension);
      masks.push(Array.from({ length: dimension }, (_, i) => order[i] < dimension / 2));
    }
  }
  return masks;
}

/** Parameters of the map of one coordinate: as `Kind::parameters` of the engine. */
function parametersOf(periodic: boolean, { bins, affine }: WeightShape): number {
  if (periodic) return 3 * bins + 1;
  return affine ? 2 : 3 * bins - 1;
}

/**
 * Random first weights: Glorot & Bengio 2010, with the last layer 0, so that the flow is the identity.
 *
 * @param masks For each layer, which coordinates it moves.
 * @param periodic Which coordinates are periodic.
 * @param shape What the weights are shaped by.
 * @param key For the weights.
 * @returns All weights, layer by layer: of each affine map inputs × outputs, then the biases.
 */
export function firstWeights(
  masks: readonly (readonly boolean[])[],
  periodic: readonly boolean[],
  shape: WeightShape,
  key: KeyWords,
): Float32Array {
  const parts: number[] = [];
  masks.forEach((mask, layer) => {
    const sum = (of: (i: number) => number): number =>
      mask.reduce((total, _, i) => total + of(i), 0);
    // A conditioner sees cosine and sine of what is periodic.
    const given = sum((i) => mask[i] ? 0 : periodic[i] ? 2 : 1);
    const ofLayer = foldInWords(key, layer);
    // Without anything to condition on, the maps are constants.
    const widths = given === 0 ? [0] : [given, ...shape.hidden];
    for (let k = 1; k < widths.length; k++) {
      const [inputs, outputs] = [widths[k - 1], widths[k]];
      const limit = Math.sqrt(6 / (inputs + outputs));
      for (const word of randomWords(foldInWords(ofLayer, k), inputs * outputs)) {
        parts.push(limit * (2 * (word + 0.5) / 2 ** 32 - 1));
      }
      for (let i = 0; i < outputs; i++) parts.push(0);
    }
    const last = widths[widths.length - 1];
    const raw = sum((i) => mask[i] ? parametersOf(periodic[i], shape) : 0);
    for (let i = 0; i < (last + 1) * raw; i++) parts.push(0);
  });
  return Float32Array.from(parts);
}

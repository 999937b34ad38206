/**
 * How a flow is laid out for its shaders: the plan of its layers, where each weight goes, and the numbers
 * that differ from flow to flow.
 *
 * @module
 */
import type { EngineShape } from "./engine.ts";

/** A flow as its shaders take it. Numbers go in vectors of four; see `shaders/flow_plan.wgsl`. */
export interface FlowPlan {
  /** The words that say what the layers are. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Squares of 4 × 4 weights, four words each: `Tile` in `shaders/flow_slopes.wgsl`. */
  readonly tiles: Uint32Array<ArrayBuffer>;
  /** Vectors of weights. */
  readonly vectors: number;
  /** Vectors that a row leaves for the way back. */
  readonly rowVectors: number;
  /** For each weight, in the order of a state, its place among the numbers of the vectors. */
  readonly places: Uint32Array;
  /** Declarations of the numbers that the shaders need. */
  readonly constants: string;
  /** Multiplications of weights for one row. */
  readonly products: number;
}

/** Vectors of four that hold so many numbers. */
function vectorsFor(numbers: number): number {
  return Math.ceil(numbers / 4);
}

/** Parameters of the map of one coordinate. */
function parametersOf(circle: boolean, { affine = false, bins }: EngineShape): number {
  if (circle) return 3 * bins + 1;
  return affine ? 2 : 3 * bins - 1;
}

/** Room that is given out piece by piece. */
class Room {
  used = 0;

  take(size: number): number {
    this.used += size;
    return this.used - size;
  }
}

/** What grows while layers are laid out. */
interface Layout {
  readonly tiles: number[];
  readonly places: number[];
  readonly weights: Room;
  readonly row: Room;
  /** Vectors that hold the inputs of any affine map, and a 1. */
  readonly features: number;
}

/** One affine map, whose outputs go to these numbers of its columns; gives its words. */
function layOutMap(
  layout: Layout,
  inputs: number,
  columns: number,
  outputs: readonly number[],
): number[] {
  // A 1 follows the inputs: biases are one more row of weights.
  const rows = vectorsFor(inputs + 1);
  // All maps have as many rows, so that shaders loop over them a number of times that compilers know.
  const at = layout.weights.take(4 * layout.features * columns);
  const kept = layout.row.take(rows);
  const slopes = layout.row.take(columns);
  for (let i = 0; i <= inputs; i++) {
    for (const output of outputs) layout.places.push(4 * (at + i * columns) + output);
  }
  for (let i = 0; i < rows; i++) {
    for (let o = 0; o < columns; o++) {
      layout.tiles.push(kept + i, slopes + o, at + 4 * i * columns + o, columns);
    }
  }
  return [at, inputs, columns, kept, slopes];
}

/** How many numbers the conditioner of a layer is given: cosine and sine of what is periodic. */
function inputsOf({ base: { periodic } }: EngineShape, mask: readonly boolean[]): number {
  return periodic.reduce((sum, each, i) => sum + (mask[i] ? 0 : each ? 2 : 1), 0);
}

/** Vectors that hold the inputs of any affine map of a flow, and a 1. */
function featuresOf(shape: EngineShape): number {
  const inputs = shape.masks.map((mask) => inputsOf(shape, mask));
  const hidden = inputs.some((count) => count > 0) ? shape.hidden : [];
  return vectorsFor(Math.max(...inputs, ...hidden) + 1);
}

/** One layer; gives its words. */
function layOutLayer(layout: Layout, shape: EngineShape, mask: readonly boolean[]): number[] {
  const { dimension, base: { periodic } } = shape;
  const coordinates = Array.from({ length: dimension }, (_, i) => i);
  const given = coordinates.filter((i) => !mask[i]);
  const kept = layout.row.take(vectorsFor(dimension));
  const columns = new Room();
  const outputs: number[] = [];
  const moved = coordinates.filter((i) => mask[i]).flatMap((coordinate) => {
    const count = parametersOf(periodic[coordinate], shape);
    const column = columns.take(vectorsFor(count));
    for (let k = 0; k < count; k++) outputs.push(4 * column + k);
    return [coordinate, column];
  });
  // Without anything to condition on there are no hidden layers.
  const hidden = given.length === 0 ? [] : shape.hidden;
  const maps: number[][] = [];
  let inputs = inputsOf(shape, mask);
  for (const width of hidden) {
    const all = Array.from({ length: width }, (_, i) => i);
    maps.push(layOutMap(layout, inputs, vectorsFor(width), all));
    inputs = width;
  }
  maps.push(layOutMap(layout, inputs, columns.used, outputs));
  return [given.length, moved.length / 2, maps.length, kept, ...given, ...moved, ...maps.flat()];
}

/**
 * Lays a flow out for its shaders.
 *
 * @param shape What the flow is made of.
 * @returns The layout; it depends on nothing else.
 */
export function planFor(shape: EngineShape): FlowPlan {
  const { dimension, bins, range, affine = false, masks, rotated, base } = shape;
  const { degrees, periodic } = base;
  const layout: Layout = {
    tiles: [],
    places: [],
    weights: new Room(),
    row: new Room(),
    features: featuresOf(shape),
  };
  const rotations = new Room();
  let next = 2 * masks.length + dimension;
  const heads: number[] = [];
  const layers = masks.map((mask, layer) => {
    const words = layOutLayer(layout, shape, mask);
    // 0 stands for no rotation.
    const rotation = rotated[layer] ? rotations.take(dimension * dimension) + 1 : 0;
    heads.push(next, rotation);
    next += words.length;
    return words;
  });
  const words = Uint32Array.from([...heads, ...periodic.map(Number), ...layers.flat()]);
  const vectors = layout.weights.used;
  const numbers = {
    DIMENSION: dimension,
    CIRCLES: periodic.filter((each) => each).length,
    DEGREES: degrees,
    LAYERS: masks.length,
    BINS: bins,
    FEATURES: layout.features,
    PARAMETERS: 4 * vectorsFor(parametersOf(true, shape)),
    VECTORS: vectors,
    TILES: layout.tiles.length / 4,
  };
  const declarations = Object.entries(numbers).map(([name, value]) => `const ${name} = ${value}u;`);
  return {
    words,
    tiles: Uint32Array.from(layout.tiles),
    vectors,
    rowVectors: layout.row.used,
    places: Uint32Array.from(layout.places),
    constants: [
      ...declarations,
      `const AFFINE = ${affine};`,
      `const RANGE: f32 = ${Math.fround(range)};`,
      "",
    ].join("\n"),
    products: 4 * vectors,
  };
}

/**
 * Weights in the order of the shaders, what fills vectors up being 0.
 *
 * @param plan The layout.
 * @param weights In the order of a state.
 * @returns Four numbers for each vector.
 */
export function packed(
  { places, vectors }: FlowPlan,
  weights: Float32Array,
): Float32Array<ArrayBuffer> {
  const all = new Float32Array(4 * vectors);
  weights.forEach((weight, i) => all[places[i]] = weight);
  return all;
}

/**
 * Weights in the order of a state.
 *
 * @param plan The layout.
 * @param all In the order of the shaders.
 * @returns The weights.
 */
export function unpacked({ places }: FlowPlan, all: Float32Array): Float32Array {
  return Float32Array.from(places, (place) => all[place]);
}

/** Flows of every kind, away from the identity, with points for them. */
import { affineFlow } from "../../src/flows/affine_flow.ts";
import type { Flow, FlowState } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { normals, uniforms } from "../diagnostics/series.ts";
import { correlated, perturbed } from "./reference.ts";

/** A kind of flow and which of its coordinates are periodic. */
export interface Kind {
  readonly name: string;
  readonly flow: Flow;
  readonly periodic: (dimension: number) => boolean[];
}

const none = (dimension: number): boolean[] => new Array<boolean>(dimension).fill(false);
const all = (dimension: number): boolean[] => new Array<boolean>(dimension).fill(true);
const everyOther = (dimension: number): boolean[] => none(dimension).map((_, i) => i % 2 === 0);

const small = { layers: 4, bins: 6, range: 5, hidden: [12] };

/** All kinds. */
export const KINDS: readonly Kind[] = [
  { name: "spline", flow: splineFlow(small), periodic: none },
  { name: "spline, not turned", flow: splineFlow({ ...small, components: false }), periodic: none },
  { name: "spline over Student-t", flow: splineFlow({ ...small, degrees: 5 }), periodic: none },
  { name: "affine", flow: affineFlow({ layers: 4, hidden: [12] }), periodic: none },
  {
    name: "affine over Student-t",
    flow: affineFlow({ layers: 4, hidden: [12], degrees: 3 }),
    periodic: none,
  },
  { name: "spline around circles", flow: splineFlow(small), periodic: all },
  { name: "spline, some around circles", flow: splineFlow(small), periodic: everyOther },
  {
    name: "affine over Student-t, some around circles",
    flow: affineFlow({ layers: 4, hidden: [12], degrees: 4 }),
    periodic: everyOther,
  },
];

/** A state of a kind whose weights are off those of the identity `by` so much. */
export function stateOf({ flow, periodic }: Kind, dimension: number, by = 0.15): FlowState {
  const state = flow.init(dimension, [dimension, 1], periodic(dimension));
  const white = flow.whiten(state, pointsFor(state, [dimension, 2], 500));
  // A rotation other than none.
  const rotations = white.rotations.map((each) => each && rotated(each, white.periodic));
  return perturbed({ ...white, rotations }, [dimension, 3], by);
}

/** A rotation after one more turn of each neighbouring pair of coordinates that are not periodic. */
function rotated(rotation: Float64Array, periodic: readonly boolean[]): Float64Array {
  const d = periodic.length;
  const out = rotation.slice();
  const [c, s] = [Math.cos(0.6), Math.sin(0.6)];
  const free = periodic.flatMap((each, i) => each ? [] : [i]);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k + 1 < free.length; k++) {
      const [a, b] = [i * d + free[k], i * d + free[k + 1]];
      const [x, y] = [out[a], out[b]];
      out[a] = c * x + s * y;
      out[b] = c * y - s * x;
    }
  }
  return out;
}

/** Correlated points, with angles spread over the circle. */
export function pointsFor(
  { dimension, periodic }: FlowState,
  key: readonly [number, number],
  n: number,
): Float64Array {
  const points = correlated([key[0], key[1]], n, dimension);
  const angles = uniforms([key[0], key[1] + 1000], n * dimension);
  return points.map((x, i) => periodic[i % dimension] ? Math.PI * (2 * angles[i] - 1) : x);
}

/** Standard normal numbers for n draws of a flow. */
export function normalsFor(
  { flow }: Kind,
  state: FlowState,
  key: readonly [number, number],
  n: number,
): Float64Array {
  return normals([key[0], key[1]], n * flow.normals(state));
}

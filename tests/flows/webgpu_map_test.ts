/** Flows by shaders: log densities, draws and the way back are those of the engine in WebAssembly. */
import assert from "node:assert/strict";
import { chooseDevice } from "../../src/device/choose.ts";
import type { FlowState } from "../../src/flows/flow.ts";
import { WebGpuEngine } from "../../src/flows/webgpu_engine.ts";
import { normalVectors } from "../../src/global/normals.ts";
import { basePoints } from "../../src/flows/base.ts";
import { fromArray } from "../../src/tensor/tensor.ts";
import type { Key } from "../../src/tensor/random.ts";
import { type Kind, KINDS, normalsFor, pointsFor, stateOf } from "./kinds.ts";
import {
  ALL_KINDS,
  DEFAULT,
  onAdapter,
  relativeError,
  shapeFor,
  withDevice,
} from "./webgpu_device.ts";

/** What is asked of single precision. */
const TOLERANCE = 1e-4;
const TURN = 2 * Math.PI;

/** The largest difference of positions in units of their spread, the short way around circles. */
function apart(a: Float64Array, b: Float64Array, state: FlowState): number {
  const { dimension: d, periodic, cholesky } = state;
  let largest = 0;
  for (let at = 0; at < a.length; at++) {
    const i = at % d;
    const difference = a[at] - b[at];
    const turns = periodic[i] ? TURN * Math.round(difference / TURN) : 0;
    let variance = 0;
    for (let j = 0; j <= i; j++) variance += cholesky[i * d + j] ** 2;
    const error = Math.abs(difference - turns) / Math.sqrt(variance);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

/** Weights of the default flow's eight layers are moved less: more, and the layers are chaotic. */
function stateFor(kind: Kind, dimension: number): FlowState {
  return stateOf(kind, dimension, kind === DEFAULT ? 0.05 : 0.15);
}

for (const kind of ALL_KINDS) {
  const { flow } = kind;
  for (const dimension of kind === DEFAULT ? [5, 20] : [1, 5]) {
    const state = stateFor(kind, dimension);
    const shape = shapeFor(flow, state);
    Deno.test({
      name: `${kind.name} by shaders, d=${dimension}: rows and densities are the engine's`,
      ...onAdapter,
      fn: () =>
        withDevice(async (device) => {
          const engine = new WebGpuEngine(device);
          const points = pointsFor(state, [dimension, 4], 500);
          const density = await engine.map(shape, state, points, { inverse: false, density: true });
          const expected = await flow.logDensity(state, points);
          assert.ok(relativeError(density.log, expected) < TOLERANCE);

          const base = await engine.map(shape, state, points, { inverse: false, density: false });
          const there = await flow.forward(state, points);
          assert.ok(relativeError(base.log, there.logDeterminant) < TOLERANCE);
          // The base of a circle is one, too.
          const white = {
            ...state,
            cholesky: state.cholesky.map((_, i) => Number(i % (dimension + 1) === 0)),
          };
          assert.ok(apart(base.value, there.value, white) < TOLERANCE);

          const back = await engine.map(shape, state, base.value, {
            inverse: true,
            density: false,
          });
          assert.ok(apart(back.value, points, state) < TOLERANCE);
          assert.ok(relativeError(back.log, there.logDeterminant) < TOLERANCE);

          const normals = normalsFor(kind, state, [dimension, 5], 500);
          const z = basePoints(shape.base, normals);
          const drawn = await engine.map(shape, state, z, { inverse: true, density: true });
          const sample = await flow.sample(state, normals);
          assert.ok(apart(drawn.value, sample.position, state) < TOLERANCE);
          assert.ok(relativeError(drawn.log, sample.logDensity) < TOLERANCE);
        }),
    });

    Deno.test({
      name: `${kind.name} by shaders, d=${dimension}: draws are made of the key's normal numbers`,
      ...onAdapter,
      fn: () =>
        withDevice(async (device) => {
          const engine = new WebGpuEngine(device);
          const vectors = normalVectors(flow.normals(state), chooseDevice("auto"));
          const words = fromArray({ dtype: "u32", shape: [2], data: Uint32Array.of(7, dimension) });
          const normals = await vectors(words as Key, 500);
          const expected = await flow.sample(state, normals.data as Float64Array);
          const draw = (first: number, rows: number) =>
            engine.draw(shape, state, { key: [7, dimension], first, rows });
          const drawn = await draw(0, 500);
          assert.ok(apart(drawn.value, expected.position, state) < TOLERANCE);
          assert.ok(relativeError(drawn.log, expected.logDensity) < TOLERANCE);
          // The draw of a number is the same in any company.
          const later = await draw(437, 5);
          assert.deepEqual(later.value, drawn.value.slice(437 * dimension, 442 * dimension));
          assert.deepEqual(later.log, drawn.log.slice(437, 442));
        }),
    });
  }
}

Deno.test({
  name: "rows by shaders have the same bits in any split into dispatches, and in any run",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const kind = KINDS[0];
      const state = stateFor(kind, 3);
      const shape = shapeFor(kind.flow, state);
      const points = pointsFor(state, [3, 6], 1000);
      const how = { inverse: false, density: true };
      const whole = await new WebGpuEngine(device).map(shape, state, points, how);
      const again = await new WebGpuEngine(device).map(shape, state, points, how);
      assert.deepEqual(again, whole);
      for (const rowsAtOnce of [64, 192, 1024]) {
        const split = new WebGpuEngine(device, { rowsAtOnce });
        assert.deepEqual(await split.map(shape, state, points, how), whole);
        const draws = { key: [1, 2] as const, first: 3, rows: 700 };
        assert.deepEqual(
          await split.draw(shape, state, draws),
          await new WebGpuEngine(device).draw(shape, state, draws),
        );
      }
      const part = await new WebGpuEngine(device).map(shape, state, points.subarray(0, 3), how);
      assert.equal(part.log[0], whole.log[0]);
    }),
});

Deno.test({
  name: "nothing sent through shaders gives nothing",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const state = stateFor(KINDS[0], 2);
      const shape = shapeFor(KINDS[0].flow, state);
      const none = new Float64Array(0);
      const how = { inverse: false, density: true };
      const mapped = await new WebGpuEngine(device).map(shape, state, none, how);
      assert.deepEqual(mapped, { value: none, log: none });
    }),
});

/** ∫ q by the trapezoidal rule, which is exact to many digits for what vanishes at both ends. */
async function massOf(engine: WebGpuEngine, { flow }: Kind, state: FlowState): Promise<number> {
  const [circle] = state.periodic;
  const n = 20_000;
  const [low, high] = circle
    ? [-Math.PI, Math.PI]
    : [state.mean[0] - 40 * state.cholesky[0], state.mean[0] + 40 * state.cholesky[0]];
  const points = Float64Array.from({ length: n }, (_, i) => low + (high - low) * (i + 0.5) / n);
  const shape = shapeFor(flow, state);
  const { log } = await engine.map(shape, state, points, { inverse: false, density: true });
  return log.reduce((sum, each) => sum + Math.exp(each), 0) * (high - low) / n;
}

/** Kinds in one dimension whose base vanishes far out. */
const LIGHT = KINDS.filter(({ name, periodic }) => !name.includes("Student") || periodic(1)[0]);

for (const kind of LIGHT) {
  Deno.test({
    name: `${kind.name} by shaders, d=1: the density integrates to 1`,
    ...onAdapter,
    fn: () =>
      withDevice(async (device) => {
        const mass = await massOf(new WebGpuEngine(device), kind, stateFor(kind, 1));
        assert.ok(Math.abs(mass - 1) < 1e-4, `${mass}`);
      }),
  });
}

/** Mistakes in the shaders, each with a kind of flow that it shows in. */
const MUTANTS: readonly { name: string; kind: Kind; from: string; to: string }[] = [
  { name: "no floor of bins", kind: KINDS[0], from: "* room + least", to: "* room" },
  {
    name: "ln |det| of the last map only",
    kind: KINDS[0],
    from: "log_determinant += passed.log_slope",
    to: "log_determinant = passed.log_slope",
  },
  {
    name: "rotation the wrong way",
    kind: KINDS[0],
    from: "    rotate(l);",
    to: "    rotate_back(l);",
  },
  {
    name: "no biases",
    kind: KINDS[0],
    from: "set_feature(next, 1.0)",
    to: "set_feature(next, 0.0)",
  },
  {
    name: "the identity within a bin only",
    kind: KINDS[0],
    from: "if (!(abs(x) < range)) { return Passed(x, 0.0); }",
    to: "",
  },
  {
    name: "the slopes of other knots",
    kind: KINDS[0],
    from: "raw[2u * BINS + knot - 1u]",
    to: "raw[2u * BINS + knot]",
  },
  { name: "ends without one", kind: KINDS[5], from: "PI, true)", to: "PI, false)" },
  { name: "no turn", kind: KINDS[5], from: "wrap(at + raw[TURN_AT])", to: "at" },
  { name: "an angle as it is", kind: KINDS[6], from: "cosine(x[coordinate])", to: "x[coordinate]" },
  {
    name: "an unbounded scale",
    kind: KINDS[3],
    from: "BOUND * hyperbolic_tangent(raw[1] / BOUND)",
    to: "raw[1]",
  },
  { name: "a normal tail", kind: KINDS[2], from: "DEGREES == 0u", to: "true" },
  {
    name: "circles in the base's energy",
    kind: KINDS[7],
    from: "if (!is_periodic(i)) { squares",
    to: "{ squares",
  },
];

/** The largest error of log densities, forward and back, at points of which some are far out. */
async function densityError(
  engine: WebGpuEngine,
  { flow }: Kind,
  state: FlowState,
): Promise<number> {
  const shape = shapeFor(flow, state);
  const near = pointsFor(state, [5, 7], 300);
  const points = near.map((x, at) =>
    at % 7 === 0 && !state.periodic[at % state.dimension]
      ? x + 12 * state.cholesky[(at % state.dimension) * (state.dimension + 1)]
      : x
  );
  const { log } = await engine.map(shape, state, points, { inverse: false, density: true });
  return relativeError(log, await flow.logDensity(state, points));
}

for (const { name, kind, from, to } of MUTANTS) {
  Deno.test({
    name: `shaders with a mistake are caught: ${name}`,
    ...onAdapter,
    fn: () =>
      withDevice(async (device) => {
        const state = stateFor(kind, 2);
        let changes = 0;
        const changed = (text: string): string => {
          if (text.includes(from)) changes++;
          return text.replace(from, to);
        };
        assert.ok(await densityError(new WebGpuEngine(device), kind, state) < TOLERANCE);
        const error = await densityError(new WebGpuEngine(device, { changed }), kind, state);
        assert.ok(changes > 0);
        assert.ok(error > 10 * TOLERANCE, `${error}`);
      }),
  });
}

/**
 * Whether a flow is what it claims to be: one to one, with the log-determinant that it gives.
 *
 * @module
 */
import { log } from "../tensor/functions/scalar_math.ts";
import { type Key, normal, split } from "../tensor/random.ts";
import type { Flow, FlowState } from "./flow.ts";

/** How far a flow is off what it claims, at points of its own and at points wide around them. */
export interface FlowCheck {
  /** Largest difference of a point from itself, sent to the base and back, in white units. */
  readonly roundTrip: number;
  /** Largest difference of ln |det| from that of the Jacobian by differences. */
  readonly logDeterminant: number;
  /** Largest difference between the log density that comes with draws and that found at them. */
  readonly density: number;
  /** What is wrong, in words; empty if nothing is. */
  readonly faults: readonly string[];
}

/** Points of each sort. */
const POINTS = 32;
/** Points that are not draws lie so many standard deviations away, about. */
const WIDE = 3;
/** Half of a step of central differences, in white units. */
const STEP = 1e-5;
/** Numbers of Jacobians that are held at a time. */
const MOST_SLOPES = 2 ** 22;
/** Both ways are computed in doubles; steep maps leave fewer digits. */
const ROUND_TRIP = 1e-6;
/** Central differences are off by STEP², by more where slopes jump. */
const DETERMINANT = 1e-3;

/** ln |det| by elimination with pivots; −∞ for a singular matrix. Changes the matrix. */
function logAbsoluteDeterminant(matrix: Float64Array, d: number): number {
  let sum = 0;
  for (let k = 0; k < d; k++) {
    let pivot = k;
    for (let i = k + 1; i < d; i++) {
      if (Math.abs(matrix[i * d + k]) > Math.abs(matrix[pivot * d + k])) pivot = i;
    }
    for (let j = 0; j < d; j++) {
      const held = matrix[k * d + j];
      matrix[k * d + j] = matrix[pivot * d + j];
      matrix[pivot * d + j] = held;
    }
    const diagonal = matrix[k * d + k];
    if (diagonal === 0) return -Infinity;
    sum += log(Math.abs(diagonal));
    for (let i = k + 1; i < d; i++) {
      const share = matrix[i * d + k] / diagonal;
      for (let j = k; j < d; j++) matrix[i * d + j] -= share * matrix[k * d + j];
    }
  }
  return sum;
}

/** Largest |a − b|, around the circle where there is one; ∞ if a difference is no number. */
function largest(
  a: Float64Array,
  b: Float64Array,
  unit: (i: number) => number,
  periodic: readonly boolean[] = [],
): number {
  const d = periodic.length;
  return a.reduce((most, value, i) => {
    let difference = value - b[i];
    if (d > 0 && periodic[i % d]) difference -= 2 * Math.PI * Math.round(difference / 2 / Math.PI);
    const size = Math.abs(difference) / unit(i);
    return Number.isNaN(size) ? Infinity : Math.max(most, size);
  }, 0);
}

/** ln |det ∂z/∂x| at points by central differences along the columns of the Cholesky factor. */
async function numericalLogDeterminants(
  flow: Flow,
  state: FlowState,
  points: Float64Array,
): Promise<Float64Array> {
  const { dimension: d, cholesky, periodic } = state;
  const rows = points.length / d;
  const jacobians = new Float64Array(rows * d * d);
  for (let column = 0; column < d; column++) {
    const shifted = (sign: number): Promise<{ value: Float64Array }> =>
      flow.forward(
        state,
        points.map((x, i) => x + sign * STEP * cholesky[(i % d) * d + column]),
      );
    const [up, down] = [(await shifted(1)).value, (await shifted(-1)).value];
    up.forEach((value, i) => {
      const k = i % d;
      let difference = value - down[i];
      if (periodic[k]) difference -= 2 * Math.PI * Math.round(difference / 2 / Math.PI);
      jacobians[(i - k) * d + k * d + column] = difference / (2 * STEP);
    });
  }
  let unit = 0;
  for (let i = 0; i < d; i++) unit += log(cholesky[i * d + i]);
  return Float64Array.from(
    { length: rows },
    (_, row) =>
      logAbsoluteDeterminant(jacobians.subarray(row * d * d, (row + 1) * d * d), d) - unit,
  );
}

/** Points that lie wider than draws: around the mean of the whitening, or around the circle. */
function widePoints({ dimension: d, mean, cholesky }: FlowState, key: Key): Float64Array {
  const noise = normal(key, [POINTS, d]).data;
  return Float64Array.from({ length: POINTS * d }, (_, at) => {
    const [i, start] = [at % d, at - at % d];
    let x = mean[i];
    for (let j = 0; j <= i; j++) x += WIDE * cholesky[i * d + j] * noise[start + j];
    return x;
  });
}

/**
 * Tries whether a flow is a one-to-one map with the log-determinant that it gives, and whether its draws
 * come with the log density that is found at them: all that global moves rest on. It is tried at draws
 * of the flow and at points about three standard deviations wide, in the state that is given: give one
 * whose parameters are not 0, such as one after some updates. It takes 2d + 4 passes of the flow.
 *
 * @param flow The kind of flow.
 * @param state Its weights.
 * @param key For the points.
 * @returns How far it is off, and what is wrong in words.
 */
export async function checkFlow(flow: Flow, state: FlowState, key: Key): Promise<FlowCheck> {
  const { dimension: d, cholesky, periodic } = state;
  const [forDraws, forPoints] = split(key);
  const normals = normal(forDraws, [POINTS, flow.normals(state)]).data as Float64Array;
  const drawn = await flow.sample(state, normals);
  const points = new Float64Array(2 * POINTS * d);
  points.set(drawn.position);
  points.set(widePoints(state, forPoints), POINTS * d);
  const there = await flow.forward(state, points);
  const back = await flow.inverse(state, there.value);
  const spread = (i: number): number => cholesky[(i % d) * (d + 1)];
  const roundTrip = largest(back.value, points, spread, periodic);
  // Spread over points of both sorts.
  const tried = Math.max(1, Math.min(2 * POINTS, Math.floor(MOST_SLOPES / (d * d))));
  const rows = Array.from({ length: tried }, (_, i) => Math.floor(i * 2 * POINTS / tried));
  const numerical = await numericalLogDeterminants(
    flow,
    state,
    Float64Array.from(
      { length: tried * d },
      (_, at) => points[rows[Math.floor(at / d)] * d + at % d],
    ),
  );
  // Where one does not come back, the way back has another determinant.
  const determinants = roundTrip <= ROUND_TRIP ? [there, back] : [there];
  const logDeterminant = Math.max(
    ...determinants.map((each) =>
      largest(
        Float64Array.from(rows, (row) => each.logDeterminant[row]),
        numerical,
        () => 1,
      )
    ),
  );
  const found = await flow.logDensity(state, drawn.position);
  const density = largest(drawn.logDensity, found, () => 1);
  const faults: string[] = [];
  if (!(roundTrip <= ROUND_TRIP)) {
    faults.push(
      `\`inverse\` does not undo \`forward\`: points come back up to ${roundTrip} standard deviations ` +
        "away",
    );
  }
  if (!(logDeterminant <= DETERMINANT)) {
    faults.push(
      `the log-determinant is not that of the map: it is up to ${logDeterminant} away from that of the ` +
        "Jacobian by differences",
    );
  }
  if (!(density <= ROUND_TRIP)) {
    faults.push(
      `the log density of draws is up to ${density} away from that found at them`,
    );
  }
  return { roundTrip, logDeterminant, density, faults };
}

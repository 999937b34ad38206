/**
 * The length of trajectories by how far they lead.
 *
 * @module
 */
import { exp, log } from "../tensor/functions/scalar_math.ts";
import type { ObservedStep } from "./observed.ts";

/** What the adaptation of the length remembers; plain data. */
export interface LengthAdaptation {
  /** ln of the mean length to use next. */
  readonly logLength: number;
  /** ln of the averaged length, to keep in the end. */
  readonly logAverage: number;
  /** Adam's mean of the slopes. */
  readonly slope: number;
  /** Adam's mean of their squares. */
  readonly square: number;
  /** How many updates there were. */
  readonly count: number;
  /** Mean of the chains, [d]. */
  readonly center: Float64Array;
}

/** Rate of Adam; with 0.025, as in the paper, thirty steps of warm-up would hardly move. */
const RATE = 0.1;
const [SLOPE_MEMORY, SQUARE_MEMORY] = [0.9, 0.95];
/** ln of the length changes by no more at once. */
const LARGEST = 0.35;
const TINY = 1e-20;

/** Starts at a length. */
export function startLength(length: number, dimension: number): LengthAdaptation {
  const logLength = log(length);
  const center = new Float64Array(dimension);
  return { logLength, logAverage: logLength, slope: 0, square: 0, count: 0, center };
}

/**
 * Takes in a step of all chains: the length goes up the slope of the ChEES criterion, which is the expected
 * squared change of the squared distance from the mean, by Adam on its logarithm.
 *
 * Source: Hoffman, Radul & Sountsov, AISTATS 2021, §3.2 and algorithm 1.
 *
 * @param state The state before.
 * @param step What the chains did; chains weigh by their acceptance.
 * @returns The state after.
 */
export function updateLength(state: LengthAdaptation, { draws }: ObservedStep): LengthAdaptation {
  const { acceptance, lengthSlope, position } = draws;
  const [chains, , dimension] = position.shape;
  const center = new Float64Array(dimension);
  position.data.forEach((x, at) => center[at % dimension] += x / chains);
  let [sum, weight] = [0, 0];
  lengthSlope.data.forEach((each, chain) => {
    if (!Number.isFinite(each)) return;
    sum += each * acceptance.data[chain];
    weight += acceptance.data[chain];
  });
  // The first center was none: slopes around it say nothing.
  if (state.count === 0 || !(weight > 0)) return { ...state, center, count: state.count + 1 };
  const gradient = sum / weight;
  const slope = SLOPE_MEMORY * state.slope + (1 - SLOPE_MEMORY) * gradient;
  const square = SQUARE_MEMORY * state.square + (1 - SQUARE_MEMORY) * gradient * gradient;
  const [n, forgotten] = [state.count, (memory: number) => 1 - exp(state.count * log(memory))];
  const change = RATE * slope / forgotten(SLOPE_MEMORY) /
    (Math.sqrt(square / forgotten(SQUARE_MEMORY)) + TINY);
  const logLength = state.logLength + Math.max(-LARGEST, Math.min(LARGEST, change));
  const forget = exp(-0.5 * log(n));
  const logAverage = forget * logLength + (1 - forget) * state.logAverage;
  return { logLength, logAverage, slope, square, count: n + 1, center };
}

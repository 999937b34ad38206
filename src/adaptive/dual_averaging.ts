/**
 * Step sizes by dual averaging.
 *
 * @module
 */
import { exp, log } from "../tensor/functions/scalar_math.ts";

/** What dual averaging remembers. */
export interface DualAveraging {
  /** ln of the step size to use next. */
  readonly logStepSize: number;
  /** ln of the averaged step size, to keep in the end. */
  readonly logAverage: number;
  /** Running mean of target − acceptance. */
  readonly error: number;
  /** How many updates there were. */
  readonly count: number;
  /** ln of the step size that the iteration is drawn to. */
  readonly anchor: number;
}

/**
 * Constants of Hoffman & Gelman 2014, §3.2.1, but for the first, 0.05 there: it suits the noisy acceptance
 * of one chain over a thousand steps; with the mean over a hundred chains and ten steps it would swing.
 */
const GAMMA = 0.1;
const OFFSET = 10;
const KAPPA = 0.75;

/**
 * Starts at a step size.
 *
 * @param stepSize The first guess.
 * @returns The first state.
 */
export function startDualAveraging(stepSize: number): DualAveraging {
  const logStepSize = log(stepSize);
  return { logStepSize, logAverage: logStepSize, error: 0, count: 0, anchor: logStepSize };
}

/**
 * Takes in an acceptance probability, averaged over the chains.
 *
 * Source: Nesterov 2009; Hoffman & Gelman, "The No-U-Turn sampler", JMLR 2014, eq. 6.
 *
 * @param state The state before.
 * @param acceptance The mean acceptance probability of the last step.
 * @param target The wanted one.
 * @returns The state after.
 */
export function updateDualAveraging(
  state: DualAveraging,
  acceptance: number,
  target: number,
): DualAveraging {
  const count = state.count + 1;
  const weight = 1 / (count + OFFSET);
  const error = (1 - weight) * state.error + weight * (target - acceptance);
  const logStepSize = state.anchor - Math.sqrt(count) / GAMMA * error;
  const forget = exp(-KAPPA * log(count));
  const logAverage = forget * logStepSize + (1 - forget) * state.logAverage;
  return { ...state, logStepSize, logAverage, error, count };
}

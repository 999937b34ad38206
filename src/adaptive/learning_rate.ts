/**
 * Learning rates: how long the steps of Adam are, and when.
 *
 * @module
 */
import { cos } from "../tensor/functions/scalar_math.ts";
import { AT_LEAST_0, COUNT, expectNumber, POSITIVE } from "./expect_number.ts";

/** Where training stands before an update. */
export interface TrainingPlace {
  /** Updates so far, in all cycles. */
  readonly update: number;
  /** The share of this cycle's updates that has been made, from 0 to below 1. */
  readonly share: number;
  /** Whether this is the last cycle. */
  readonly last: boolean;
  /** Cycles since the validation loss last fell by more than 0.02 nats. */
  readonly stale: number;
}

/** The length of a step of Adam. */
export type LearningRate = (place: TrainingPlace) => number;

/** What cannot be done with numbers that make no sense. */
const ACTION = "make a learning rate";

/** Updates over which the rate rises: the moments of Adam are of few slopes at first. */
const WARM_UP = 20;

const rising = (update: number): number => Math.min(1, (update + 1) / WARM_UP);

/**
 * A rate that stays the same, until it falls linearly to 0 in the last cycle: training can go on for as
 * long as it pays, and still anneal.
 *
 * Source: Hägele et al., "Scaling laws and compute-optimal training beyond fixed training durations",
 * NeurIPS 2024.
 *
 * @param rate The rate; it is reached after 20 updates.
 * @returns The learning rate.
 * @throws {RangeError} If a number is out of range.
 */
export function constantRate(rate: number): LearningRate {
  expectNumber(ACTION, "rate", rate, AT_LEAST_0);
  return ({ update, share, last }) => rate * rising(update) * (last ? 1 - share : 1);
}

/**
 * A rate that falls as half a cosine over a number of updates that is known before, and then is 0.
 *
 * Source: Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, eq. 5.
 *
 * @param rate The rate at the start; it is reached after 20 updates.
 * @param updates How many updates.
 * @returns The learning rate.
 * @throws {RangeError} If a number is out of range.
 */
export function cosineRate(rate: number, updates: number): LearningRate {
  expectNumber(ACTION, "rate", rate, AT_LEAST_0);
  expectNumber(ACTION, "updates", updates, POSITIVE);
  return ({ update }) =>
    rate * rising(update) * 0.5 * (1 + cos(Math.PI * Math.min(1, update / updates)));
}

/**
 * A rate that halves again and again while the validation loss does not improve, and falls linearly to 0
 * in the last cycle.
 *
 * @param rate The rate at first.
 * @param patience Cycles without a better validation loss after which it halves; 2 by default.
 * @returns The learning rate.
 * @throws {RangeError} If a number is out of range.
 */
export function plateauRate(rate: number, patience = 2): LearningRate {
  expectNumber(ACTION, "patience", patience, COUNT);
  const constant = constantRate(rate);
  return (place) => {
    let halved = constant(place);
    for (let rest = place.stale; rest >= patience; rest -= patience) halved /= 2;
    return halved;
  };
}

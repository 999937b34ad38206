/** Moves of an ensemble that should leave a target invariant. */
import {
  type ChainState,
  independence,
  type Kernel,
  type Key,
  normal,
  type Precision,
  type Proposal,
  rwm,
  startChains,
  type Step,
  type Target,
  type Tensor,
  tensor,
  type Tree,
  vectorize,
} from "../../mod.ts";
import type { Move } from "./invariance.ts";
import { logNormalDensity } from "./normal_cdf.ts";

/**
 * Steps of a kernel as a move.
 *
 * @param kernel Starts the chains.
 * @param step What is run: the kernel's own step, or another one on its states.
 * @param steps How often.
 * @param precision What floats are.
 * @returns The move.
 */
export function localMove<State extends ChainState & Tree>(
  kernel: Kernel<State>,
  step: (target: Target) => Step<State>,
  steps: number,
  precision: Precision = "f64",
): Move {
  return ensembleMove(kernel, (target) => {
    const advance = vectorize(step(target), { precision });
    return (state, key) => advance(state, key, { steps });
  }, precision);
}

/** A step of an ensemble. */
export type EnsembleStep<State> = (state: State, key: Key) => Promise<State>;

/**
 * A step of an ensemble as a move.
 *
 * @param kernel Starts the chains.
 * @param step The step, from the target and the start of chains at given positions.
 * @param precision What floats are where chains are started.
 * @returns The move.
 */
export function ensembleMove<State extends ChainState & Tree>(
  kernel: Kernel<State>,
  step: (target: Target, start: (position: Tensor) => Promise<State>) => EnsembleStep<State>,
  precision: Precision = "f64",
): Move {
  return (target) => {
    const start = startChains(target, kernel, { precision });
    const advance = step(target, start);
    return async (position, key) => (await advance(await start(position), key)).position;
  };
}

/** Proposals of independence Metropolis–Hastings as a move. */
export function globalMove(proposal: Proposal, steps: number): Move {
  return ensembleMove(rwm(), (_, start) => {
    const advance = independence({ proposal, start });
    return (state, key) => advance(state, key, { steps });
  });
}

/** Independent Gaussian coordinates as a proposal distribution. */
export function gaussianProposal(mean: readonly number[], sd: readonly number[]): Proposal {
  const d = mean.length;
  const logDensity = (position: Tensor): Tensor =>
    tensor(Float64Array.from({ length: position.shape[0] }, (_, i) =>
      mean.reduce(
        (sum, m, j) =>
          sum + logNormalDensity((position.data[i * d + j] - m) / sd[j]) - Math.log(sd[j]),
        0,
      )));
  return {
    sample: (key, n) => {
      const position = normal(key, [n, d]).mul(sd).add(mean);
      return Promise.resolve({ position, logDensity: logDensity(position) });
    },
    logDensity: (position) => Promise.resolve(logDensity(position)),
  };
}

/**
 * The step of kernels whose proposals lead back as likely as there.
 *
 * @module
 */
import type { Target } from "../target/target.ts";
import type { Key } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { accept } from "./accept.ts";
import { type ChainState, logDensityAt, logDensityChange } from "./kernel.ts";

/**
 * Goes to a position or stays, by the ratio of densities alone (Metropolis et al. 1953).
 *
 * @param target What is sampled.
 * @param state Where the chain is.
 * @param position The proposal, of a distribution that is symmetric, [d].
 * @param key For the choice.
 * @returns The next state.
 */
export function metropolis(
  target: Target,
  state: ChainState,
  position: Tensor,
  key: Key,
): ChainState {
  const logDensity = logDensityAt(target, position);
  const { state: next, acceptance } = accept(
    key,
    logDensityChange(state.logDensity, logDensity),
    { position: state.position, logDensity: state.logDensity },
    { position, logDensity },
  );
  return { ...next, acceptance };
}

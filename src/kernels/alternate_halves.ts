/**
 * Moves of an ensemble in two halves: chains of one move by what those of the other are, which stay.
 *
 * @module
 */
import { checkRun } from "../device/checks.ts";
import { chooseDevice } from "../device/choose.ts";
import type { Device } from "../device/device.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { concat } from "../tensor/operations.ts";
import type { Key } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { leaves, mapLeaves, type Tree, withLeaves } from "../tensor/tree.ts";
import { type EnsembleDraws, type EnsembleRun, ensembleRun } from "./ensemble.ts";
import { joinDraws } from "./join_draws.ts";
import type { ChainState, Step } from "./kernel.ts";
import { type EnsembleStep, ensembleStep, type VectorizeOptions } from "./vectorize.ts";

/** What a half that moves is given of the other. */
export interface Partners {
  /** Its positions, [n, d]. */
  readonly partners: Tensor;
}

/** Fewer chains in a half than this have one difference or none, over and over. */
const LEAST = 3;
/** Chains that there have to be for steps in halves. */
export const LEAST_CHAINS: number = 2 * LEAST;

/** How many chains there are, if they are enough for two halves. */
function countOf({ position }: ChainState): number {
  const chains = position?.shape?.[0] ?? 0;
  if (chains >= LEAST_CHAINS) return chains;
  throw new RangeError(
    `Cannot move ${chains} chains in halves: each half needs at least ${LEAST} to move the other by, ` +
      `so that give ${LEAST_CHAINS} chains or more`,
  );
}

/** Draws that hold none of so many chains, of some leaves of a state. */
function noDraws(state: Tree, names: readonly string[]): EnsembleDraws {
  const all = new Map(leaves(state).map(({ name, value }) => [name, value]));
  return Object.fromEntries(names.flatMap((name) => {
    const leaf = all.get(name);
    if (leaf === undefined) return [];
    const [chains, ...shape] = leaf.shape;
    return [[name, leaf.slice(0, 0).reshape([chains, 0, ...shape])]];
  }));
}

/**
 * Compiles a step with parameters that all chains share and partners, for halves that move in turn. The first
 * half, the larger one of an odd number, are the chains before ⌈C/2⌉. Its chains take a step with the
 * others as partners, then the others with those, where they are now.
 *
 * A step of a half leaves the product of the target over all chains invariant if the step of a chain leaves
 * the target invariant for any partners: they do not move meanwhile, and no chain is its own.
 *
 * @param step The step of one chain.
 * @param device Where it runs.
 * @param record Names of the leaves of the state that make a draw; the position by default.
 * @returns Runs the step on an ensemble, as that of `ensembleRun` does, with the same keys.
 */
export function halvesRun<State extends ChainState & Tree, Shared extends { [name: string]: Tree }>(
  step: (state: State, shared: Shared & Partners, key: Key) => State,
  device: Device,
  record: readonly string[] = ["position"],
): EnsembleRun<State, Shared> {
  // One for each half, whose states then stay in its memory, and for each number of partners.
  const runs = new Map<string, EnsembleRun<State, Shared & Partners>>();
  const runOf = (half: number, partners: number): EnsembleRun<State, Shared & Partners> => {
    const name = `${half} ${partners}`;
    const run = runs.get(name) ?? ensembleRun(step, device, record);
    runs.set(name, run);
    return run;
  };
  return async (state, shared, key, options) => {
    checkRun(options);
    const { steps, thin = steps + 1, firstStep = 0, firstChain = 0, signal } = options;
    const chains = countOf(state);
    const starts = [0, Math.ceil(chains / 2), chains];
    const halves = [0, 1].map((half) =>
      mapLeaves(state, (leaf) => leaf.slice(starts[half], starts[half + 1]))
    );
    const kept: EnsembleDraws[] = [noDraws(state, record)];
    for (let i = 0; i < steps; i++) {
      const keep = (i + 1) % thin === 0;
      const draws: EnsembleDraws[] = [];
      for (const half of [0, 1]) {
        const partners = halves[1 - half].position;
        const result = await runOf(half, partners.shape[0])(
          halves[half],
          { ...shared, partners },
          key,
          {
            steps: 1,
            firstStep: firstStep + i,
            firstChain: firstChain + starts[half],
            signal,
            ...keep ? { thin: 1 } : {},
          },
        );
        halves[half] = result.state;
        draws.push(result.draws);
      }
      if (keep) kept.push(joinNamed(draws, (parts) => concat(parts)));
    }
    const [first, second] = halves.map((half) => leaves(half).map(({ value }) => value));
    return {
      state: withLeaves(state, first.map((leaf, i) => concat([leaf, second[i]]))),
      draws: joinNamed(kept, joinDraws),
    };
  };
}

/** Joins draws leaf by leaf. */
function joinNamed(
  parts: readonly EnsembleDraws[],
  join: (leaves: readonly Tensor[]) => Tensor,
): EnsembleDraws {
  return Object.fromEntries(
    Object.keys(parts[0]).map((name) => [name, join(parts.map((draws) => draws[name]))]),
  );
}

/**
 * Compiles a step that looks at other chains into a step of an ensemble, which moves in two halves: first the
 * chains before ⌈C/2⌉, with the others as partners, then the others with those, where they are now. So
 * each chain is moved once, and chain c in step s draws from foldIn(foldIn(key, c), s), as in `vectorize`.
 *
 * Were all chains to move at once, each by where the others were, the target would not stay invariant.
 *
 * @param step From positions of other chains, [n, d], to a step of one chain, which must leave the target
 * invariant whatever they are: that of `differentialEvolution`, or a composition of steps.
 * @param options Where it runs and what is kept.
 * @returns The ensemble step, for 6 chains or more; it is traced and compiled at its first call, for the
 * form of that state.
 * @throws {TypeError} If the step is no function, or an option is unknown; at the first call, if the
 * step changes the form of the state.
 * @throws {RangeError} If there is no such device, precision or number of workers; when it runs, if there are
 * fewer than 6 chains or a leaf to record is unknown.
 *
 * @example A target that is a function of plain numbers
 * ```ts
 * import {
 *   alternateHalves,
 *   differentialEvolution,
 *   hostDensity,
 *   key,
 *   normal,
 *   startChains,
 * } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const ridge = hostDensity(2, ([x, y]) => -0.5 * (x * x + (100 * (y - x)) ** 2));
 * const kernel = differentialEvolution();
 * const start = await startChains(ridge, kernel)(normal(key(0), [20, 2]));
 * const advance = alternateHalves((partners) => kernel.step(ridge, { stepSize: 1.5, partners }));
 * const { draws } = await advance.collect(start, key(1), { steps: 100, thin: 5 });
 * assert.deepEqual(draws["position"].shape, [20, 20, 2]);
 * ```
 */
export function alternateHalves<State extends ChainState & Tree>(
  step: (partners: Tensor) => Step<State>,
  options: VectorizeOptions = {},
): EnsembleStep<State> {
  if (typeof step !== "function") {
    throw new TypeError(
      `Cannot alternate halves of ${typeof step}: give a function from the positions of other chains ` +
        "to a step, as (partners) => kernel.step(target, { stepSize: 1, partners })",
    );
  }
  expectOptions(options, ["device", "precision", "workers", "record"], "alternate halves");
  const device = chooseDevice(options.device, options);
  const run = halvesRun(
    (state: State, { partners }: Partners, key: Key) => step(partners)(state, key),
    device,
    options.record,
  );
  return ensembleStep(run, device);
}

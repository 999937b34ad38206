/**
 * Moves of ensembles whose chains look at each other, and what is wrong with mutants.
 *
 * A sound move of an ensemble leaves the product of the target over its chains invariant: while a half moves, it
 * is independent of the other half, which stays. So exact independent draws are exact and independent
 * after any number of steps, chains of one ensemble among each other as well, and the false-alarm rate of
 * the test holds as it is. Ensembles are small, since a fault shows by how much one chain weighs in what
 * the others do: 6 chains each, side by side.
 */
import {
  accept,
  alternateHalves,
  type ChainState,
  concat,
  differentialEvolution,
  foldIn,
  type Key,
  mixture,
  normal,
  rwm,
  split,
  stack,
  startChains,
  type Step,
  type Target,
  type Tensor,
  tensor,
  uniform,
  vectorize,
  where,
} from "../../mod.ts";
import { logDensityAt } from "../../src/kernels/kernel.ts";
import type { Precision } from "../../src/tensor/functions/precision.ts";
import type { InvarianceCase } from "./invariance.ts";
import { circle } from "./invariance_circle.ts";
import { localMove } from "./invariance_moves.ts";
import { banana, correlated, type ExactTarget, skewed, twoBells } from "./invariance_targets.ts";

const CHAINS = 6;

/** A step of one chain by the positions of others. */
type PartnerStep = (target: Target, partners: Tensor) => Step<ChainState>;

/** Whose positions a chain of an ensemble is given; the chains that move before it have moved. */
type Partners = (chain: number, now: Tensor) => Tensor;

const otherHalf: Partners = (chain, now) => {
  const half = now.shape[0] / 2;
  return chain < half ? now.slice(half) : now.slice(0, half);
};

const allOthers: Partners = (chain, now) => concat([now.slice(0, chain), now.slice(chain + 1)]);

/** Positions of an ensemble after a step: [chains, d] to the same. */
function moveEnsemble(
  target: Target,
  step: PartnerStep,
  { partners, atOnce }: { readonly partners: Partners; readonly atOnce: boolean },
): (positions: Tensor, key: Key) => Tensor {
  const moved = (now: Tensor, chain: number, key: Key): Tensor => {
    const position = now.at(chain);
    const state = { position, logDensity: logDensityAt(target, position), acceptance: tensor(1) };
    return step(target, partners(chain, now))(state, foldIn(key, chain)).position;
  };
  const movedAll = (now: Tensor, from: number, to: number, key: Key): Tensor =>
    stack(Array.from({ length: to - from }, (_, i) => moved(now, from + i, key)));
  return (positions, key) => {
    const chains = positions.shape[0];
    if (atOnce) return movedAll(positions, 0, chains, key);
    const half = chains / 2;
    const first = movedAll(positions, 0, half, key);
    return concat([first, movedAll(concat([first, positions.slice(half)]), half, chains, key)]);
  };
}

interface How {
  readonly chains?: number;
  readonly steps?: number;
  readonly partners?: Partners;
  readonly atOnce?: boolean;
  readonly precision?: Precision;
}

/** Small ensembles side by side, each as if it were one chain. */
export function ensembles(
  name: string,
  exact: ExactTarget,
  step: PartnerStep,
  { chains = CHAINS, steps = 5, partners = otherHalf, atOnce = false, precision = "f64" }: How = {},
): InvarianceCase {
  return {
    name: `${name} on ${exact.name}`,
    exact,
    move: (target) => {
      const ensemble = moveEnsemble(target, step, { partners, atOnce });
      const advance = vectorize(
        ({ positions }: { readonly positions: Tensor }, key) => ({
          positions: ensemble(positions, key),
        }),
        { precision },
      );
      return async (position, key) => {
        const [all, d] = position.shape;
        const whole = Math.floor(all / chains);
        const positions = position.slice(0, whole * chains).reshape([whole, chains, d]);
        const moved = (await advance({ positions }, key, { steps })).positions;
        // What makes no whole ensemble stays.
        return concat([moved.reshape([whole * chains, d]), position.slice(whole * chains)]);
      };
    },
  };
}

/** The library's kernel as a step by partners. */
export function evolve(stepSize: number, jumps?: number): PartnerStep {
  const kernel = differentialEvolution(jumps === undefined ? {} : { jumps });
  return (target, partners) => kernel.step(target, { stepSize, partners });
}

/** The public combinator on small ensembles, one after the other. */
function byCombinator(exact: ExactTarget, chains: number): InvarianceCase {
  return {
    name: `alternateHalves of ${chains} chains on ${exact.name}`,
    exact,
    move: (target) => {
      const kernel = differentialEvolution();
      const start = startChains(target, kernel);
      const advance = alternateHalves((partners) =>
        mixture([
          [3, kernel.step(target, { stepSize: 1.2, partners })],
          [1, rwm().step(target, { stepSize: 1 })],
        ])
      );
      return async (position, key) => {
        const all = await start(position);
        const parts: Tensor[] = [];
        for (let from = 0; from + chains <= position.shape[0]; from += chains) {
          const own = (leaf: Tensor): Tensor => leaf.slice(from, from + chains);
          const state = {
            position: own(all.position),
            logDensity: own(all.logDensity),
            acceptance: own(all.acceptance),
          };
          parts.push((await advance(state, foldIn(key, from), { steps: 3 })).position);
        }
        return concat([...parts, position.slice(parts.length * chains)]);
      };
    },
  };
}

/** Positions of chains that never move, of some distribution or other. */
const FIXED = [[0.3, -2], [1.5, 1], [-1, 0.2], [2.5, -0.4], [-0.2, 3]];

/** Sound moves. */
export const SOUND_HALVES: readonly InvarianceCase[] = [
  ensembles("differential evolution", correlated, evolve(1.4)),
  ensembles("differential evolution", twoBells, evolve(1.2, 0.5)),
  ensembles("differential evolution", skewed, evolve(2)),
  ensembles("differential evolution", banana, evolve(1, 0)),
  ensembles("differential evolution", circle, evolve(2), { steps: 8 }),
  ensembles("differential evolution of four chains", twoBells, evolve(1.4), {
    chains: 4,
    steps: 20,
  }),
  byCombinator(twoBells, 8),
  {
    name: `differential evolution by chains that never move on ${banana.name}`,
    exact: banana,
    move: localMove(
      differentialEvolution(),
      (target) => differentialEvolution().step(target, { stepSize: 0.8, partners: FIXED }),
      10,
    ),
  },
];

type Fault =
  | "none"
  | "noise to one side"
  | "the difference towards the better of two chains"
  | "a share of the difference that grows with |x|"
  | "a step towards another chain without its determinant";

/** Differential evolution in a few lines, with a fault. */
function written(fault: Fault): PartnerStep {
  return (target, partners) => (state, key) => {
    const [forPair, forNoise, forAcceptance] = split(key, 3);
    const n = partners.shape[0];
    const chances = uniform(forPair, [2]);
    const first = chances.at(0).mul(n).floor();
    const turn = chances.at(1).mul(n - 1).floor().add(1);
    const sum = first.add(turn);
    const second = sum.sub(where(sum.less(n), 0, n));
    const [a, b] = [first, second].map((index) => partners.take(index.as("u32")));
    const noise = normal(forNoise, state.position.shape).mul(0.3);
    const [atA, atB] = [a, b].map((at) => logDensityAt(target, at));
    const apart = fault === "the difference towards the better of two chains"
      ? where(atA.greater(atB), a.sub(b), b.sub(a))
      : a.sub(b);
    const share = fault === "a share of the difference that grows with |x|"
      ? state.position.at(0).square().mul(0.5).add(0.2)
      : tensor(0.7);
    const moved = state.position
      .add(apart.mul(share))
      .add(fault === "noise to one side" ? noise.abs() : noise);
    const towards = a.add(state.position.sub(a).mul(chances.at(1).add(1).square().div(2)));
    const position = fault === "a step towards another chain without its determinant"
      ? towards
      : moved;
    const logDensity = logDensityAt(target, position);
    const { acceptance: _, ...current } = state;
    const next = accept(forAcceptance, logDensity.sub(state.logDensity), current, {
      position,
      logDensity,
    });
    return { ...next.state, acceptance: next.acceptance };
  };
}

/** The same without a fault. */
export const CONTROLS_HALVES: readonly InvarianceCase[] = [
  ensembles("differential evolution written anew", twoBells, written("none")),
  ensembles("differential evolution written anew", correlated, written("none")),
];

const FAULTS: readonly Fault[] = [
  "noise to one side",
  "the difference towards the better of two chains",
  "a share of the difference that grows with |x|",
  "a step towards another chain without its determinant",
];

/** One fault each. */
export const MUTANTS_HALVES: readonly InvarianceCase[] = [
  ...FAULTS.map((fault) =>
    ensembles(`differential evolution with ${fault}`, twoBells, written(fault))
  ),
  ensembles("differential evolution of all chains at once", twoBells, evolve(1.4), {
    atOnce: true,
    partners: allOthers,
    chains: 3,
    steps: 20,
  }),
  ensembles("differential evolution of both halves at once", twoBells, evolve(1.4), {
    atOnce: true,
    chains: 4,
    steps: 20,
  }),
  ensembles("differential evolution by the chain itself among others", twoBells, evolve(1.2), {
    partners: (chain, now) =>
      concat([otherHalf(chain, now), now.at(chain).reshape([1, now.shape[1]])]),
  }),
];

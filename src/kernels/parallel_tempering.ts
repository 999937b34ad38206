/**
 * Parallel tempering: every chain carries replicas of itself at higher temperatures, with which it swaps.
 *
 * @module
 */
import { TURN } from "../target/circle.ts";
import type { Target } from "../target/target.ts";
import { arange, concat, zeros } from "../tensor/operations.ts";
import { foldIn, type Key, split } from "../tensor/random.ts";
import { scan } from "../tensor/scan.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { leaves, mapLeaves, type Tree, withLeaves } from "../tensor/tree.ts";
import type { ChainState, GradientState, Kernel, KernelParameters, Step } from "./kernel.ts";
import { swapNeighbours } from "./swap.ts";
import type { Place, TemperedPath } from "./tempered_path.ts";
import {
  checkedOptions,
  pathFor,
  rungParameters,
  type TemperingOptions,
  type TemperingParameters,
} from "./tempering_options.ts";

/** A replica: the state of the local kernel, and what is known of the two ends of the path there. */
export type Replica<Local> = Local & { readonly factors: Readonly<Record<string, Tensor>> };

/**
 * The state of a chain with its replicas. The leaves of the local kernel's state are those of the cold
 * replica, which samples the target.
 */
export type TemperedState<Local> = Replica<Local> & {
  /** The other replicas, from the coldest on: the same leaves, [rungs − 1, …]. */
  readonly hot: Replica<Local>;
  /** Which pairs of neighbours are next to swap: 0 for those with an even first rung, 1 for the others. */
  readonly turn: Tensor;
  /** The probability that neighbours would not have swapped in the last step, [rungs − 1]. */
  readonly swapRejection: Tensor;
  /** ln of what is tempered at each rung, [rungs]. */
  readonly logLikelihoods: Tensor;
};

/** Parallel tempering as a kernel. */
export interface ParallelTempering<Local extends ChainState & Tree>
  extends Kernel<TemperedState<Local>> {
  /**
   * Starts a chain with each replica at a place of its own; `init` has them all at one.
   *
   * @param target What is sampled.
   * @returns From positions, [rungs, d], the cold one first.
   */
  initReplicas(target: Target): (positions: Tensor) => TemperedState<Local>;
  /**
   * The step for given parameters: one row for each rung, or the same for all.
   *
   * @throws {TypeError} If a parameter has the wrong shape, the local kernel needs a gradient and the target
   * has none, or the path is to begin at a prior and the target has none.
   * @throws {RangeError} If a step size or mass is not positive, or inverse temperatures do not fall from 1
   * to 0.
   */
  step(target: Target, parameters: TemperingParameters): Step<TemperedState<Local>>;
}

/** What adaptation and a run look at. */
const OBSERVED = ["hot.position", "hot.acceptance", "swapRejection", "logLikelihoods"];

/** Leaves that tell where a replica is: these are swapped. */
const MOVING = ["position", "logDensity", "gradient"];

/** Whether a leaf goes where its replica goes; all else belongs to the rung. */
function moves(name: string): boolean {
  return MOVING.includes(name) || name.startsWith("factors.");
}

/** What a path needs to know of a replica. */
function placeOf(replica: Replica<ChainState>): Place {
  const { position, logDensity, factors } = replica;
  const gradient = (replica as { readonly gradient?: Tensor }).gradient;
  return { position, logDensity, factors, ...gradient && { gradient } };
}

/** A replica that has come to a position. */
function movedTo<Local extends ChainState>(
  state: Local,
  position: Tensor,
  path: TemperedPath,
): Replica<Local> {
  return { ...state, ...path.place(position, "gradient" in state) } as Replica<Local>;
}

/**
 * A position without whole turns of its periodic coordinates: hot replicas would wind further and further
 * around. A local step from x and one from x + 2π are the same but for that turn.
 */
function withoutTurns(position: Tensor, { periodic }: Target): Tensor {
  if (!periodic.includes(true)) return position;
  const turns = position.div(TURN).add(0.5).floor().mul(periodic.map(Number));
  return position.sub(turns.mul(TURN));
}

/** Trees of one form, joined leaf by leaf along the first axis. */
function joined<T extends Tree>(...trees: readonly T[]): T {
  const all = trees.map(leaves);
  return withLeaves(trees[0], all[0].map((_, i) => concat(all.map((tree) => tree[i].value))));
}

/** A tree with a new first axis. */
function asRow<T extends Tree>(tree: T): T {
  return mapLeaves(tree, (leaf) => leaf.reshape([1, ...leaf.shape]));
}

/** One part of each leaf of a tree along the first axis. */
function row<T extends Tree>(tree: T, at: number): T {
  return mapLeaves(tree, (leaf) => leaf.at(at));
}

/** The parts of a tree's leaves along the first axis. */
function rows<T extends Tree>(tree: T, from: number, to?: number): T {
  return mapLeaves(tree, (leaf) => leaf.slice(from, to));
}

/**
 * Parallel tempering. Each chain has replicas at inverse temperatures 1 = β₀ > β₁ > … = 0, whose joint
 * distribution is ∏ p_β with p_β ∝ r · L^β: at β = 1 the target, at β = 0 something wide, between which
 * modes melt into each other. In a step each replica moves by the local kernel, with a step size and a
 * metric of its rung; where r can be drawn from, the hottest one is drawn anew instead; then neighbours
 * swap with the probability that leaves the joint distribution invariant ({@linkcode swapNeighbours}).
 *
 * What is tempered: of a posterior given by its factors the likelihood, so that β = 0 is the prior; else the
 * density relative to a Student-t distribution, p_β ∝ r^(1−β) p^β.
 *
 * It is one kernel among others, compiled as a loop over the rungs: it composes, and goes to `sample` as
 * `local`, which adapts step sizes, metrics, inverse temperatures and a fitted reference in its warm-up and
 * then freezes them. Hot replicas stay with their chain through global moves and from cycle to cycle, in
 * production too: none is ever reset. A step takes (local gradients + 1) for each replica.
 *
 * The acceptance of a replica that was drawn anew is NaN: there was no local move.
 *
 * Leaves of the local kernel's state other than position, log density and gradient stay with their rung, as
 * is right for counters and what a last step was like: they may not depend on where the replica is.
 *
 * Source: Geyer 1991; Hukushima & Nemoto 1996; Syed, Bouchard-Côté, Deligiannidis & Doucet, JRSS B 2022;
 * the fitted reference: Surjanovic, Syed, Bouchard-Côté & Campbell, NeurIPS 2022.
 *
 * @param options Rungs, local kernel and reference.
 * @returns The kernel.
 * @throws {TypeError} If an option is unknown or of a wrong type.
 * @throws {RangeError} If there are fewer than two rungs, or the reference makes no sense.
 *
 * @example Two modes that no gradient connects, from starts in one of them
 * ```ts
 * import { density, key, logSumExp, parallelTempering, sample, zeros } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const modes = density(2, (x) =>
 *   logSumExp(x.at(0).sub([-6, 6]).square().mul(-0.5)).sub(x.at(1).square().mul(0.5)));
 * const run = await sample(modes, key(1), {
 *   local: parallelTempering({ reference: { mean: 0, scale: 6 } }),
 *   flow: "none",
 *   chains: 32,
 *   initial: zeros([32, 2]).add([6, 0]),
 *   stop: { effectiveSampleSize: 400 },
 * });
 * const right = run.draws.x.data.filter((x, i) => i % 2 === 0 && x > 0).length;
 * assert(Math.abs(2 * right / run.draws.x.data.length - 0.5) < 0.2);
 * assert.equal(run.logEvidence?.method, "stepping stones");
 * ```
 */
export function parallelTempering<Local extends ChainState & Tree = GradientState>(
  options: TemperingOptions<Local> = {},
): ParallelTempering<Local> {
  const { rungs, local, reference, ladder } = checkedOptions(options);
  const started = (target: Target, path: TemperedPath) => (position: Tensor): Replica<Local> =>
    movedTo(local.init(target)(position), position, path);
  const assembled = (all: Replica<Local>, path: TemperedPath): TemperedState<Local> => {
    const [, logLikelihoods] = scan(
      (none: readonly Tensor[], replica: Replica<Local>) => [
        none,
        path.logLikelihood(placeOf(replica)),
      ],
      [],
      all,
    );
    return {
      ...row(all, 0),
      hot: rows(all, 1),
      turn: tensor(0),
      swapRejection: zeros([rungs - 1]),
      logLikelihoods,
    } as unknown as TemperedState<Local>;
  };
  return {
    name: `parallel tempering of ${local.name}`,
    targetAcceptance: local.targetAcceptance,
    gradientsPerStep: rungs * (local.gradientsPerStep + 1),
    firstStepSize: (dimension) => local.firstStepSize(dimension),
    ladder,
    kept: [...local.kept ?? [], "hot", "turn", "swapRejection", "logLikelihoods"],
    observed: [...local.observed ?? [], ...OBSERVED],
    init: (target) => {
      const path = pathFor(target, reference, {});
      const start = started(target, path);
      return (position) => {
        const one = asRow(start(position));
        return assembled(joined(...new Array<Replica<Local>>(rungs).fill(one)), path);
      };
    },
    initReplicas: (target) => {
      const path = pathFor(target, reference, {});
      const start = started(target, path);
      return (positions) => {
        const all = Array.from({ length: rungs }, (_, rung) => asRow(start(positions.at(rung))));
        return assembled(joined(...all), path);
      };
    },
    step: (target, parameters) => {
      const { stepSize, inverseMass, inverseTemperatures } = rungParameters(
        target,
        rungs,
        parameters,
      );
      const path = pathFor(target, reference, parameters);
      const { draw } = path;
      const others = othersOf(parameters);
      // Refuses now what it would refuse within the loop over rungs.
      local.step(target, { ...others, stepSize: 1 });
      return (state, key) => {
        const [forLocal, forSwap, forDraw] = split(key, 3);
        const { hot, turn, swapRejection: _, logLikelihoods: __, ...cold } = state;
        const before = joined(asRow(cold as unknown as Replica<Local>), hot);
        const moved = draw === undefined ? rungs : rungs - 1;
        const [, after] = scan(
          (none: readonly Tensor[], { replica, rung, inverseTemperature, ...given }) => {
            const step = local.step(path.target(inverseTemperature), { ...others, ...given });
            const start = { ...replica, ...path.at(placeOf(replica), inverseTemperature) };
            const { factors: ___, ...localStart } = start;
            const end = step(localStart as unknown as Local, foldIn(forLocal, rung) as Key);
            const next = movedTo(end, withoutTurns(end.position, target), path);
            return [none, { replica: next, logLikelihood: path.logLikelihood(placeOf(next)) }];
          },
          [],
          {
            replica: rows(before, 0, moved),
            rung: arange(moved).as("u32"),
            inverseTemperature: inverseTemperatures.slice(0, moved),
            stepSize: stepSize.slice(0, moved),
            inverseMass: inverseMass.slice(0, moved),
          },
        );
        let all: Replica<Local> = after.replica;
        let logLikelihood = after.logLikelihood;
        if (draw !== undefined) {
          const last = { ...row(before, moved), acceptance: tensor(NaN) };
          const fresh = movedTo<Local>(last, draw(forDraw), path);
          all = joined(all, asRow(fresh));
          logLikelihood = concat([logLikelihood, asRow(path.logLikelihood(placeOf(fresh)))]);
        }
        const { probability, move } = swapNeighbours(forSwap, {
          inverseTemperatures,
          logLikelihoods: logLikelihood,
          turn,
        });
        const swapped = mapLeaves(all, (leaf, name) => moves(name) ? move(leaf) : leaf);
        return {
          ...row(swapped, 0),
          hot: rows(swapped, 1),
          turn: turn.neg().add(1),
          swapRejection: probability.neg().add(1),
          logLikelihoods: move(logLikelihood),
        };
      };
    },
  };
}

/** What parameters the local kernel has that are the same for all rungs. */
function othersOf(parameters: TemperingParameters): Omit<KernelParameters, "stepSize"> {
  const {
    stepSize: _,
    inverseMass: __,
    inverseTemperatures: ___,
    referenceMean: ____,
    referenceScale: _____,
    ...others
  } = parameters;
  return others;
}

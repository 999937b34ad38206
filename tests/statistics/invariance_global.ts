/** Global moves that choose among several proposals or go by mixtures, and what is wrong with mutants. */
import {
  defensive,
  independence,
  isir,
  type Key,
  mala,
  type Proposal,
  repeat,
  rwm,
  sequence,
  type Tensor,
  vectorize,
} from "../../mod.ts";
import { type ChoiceRule, globalMove } from "../../src/global/global_move.ts";
import { normal } from "../../src/tensor/random.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import type { InvarianceCase } from "./invariance.ts";
import { ensembleMove, gaussianProposal } from "./invariance_moves.ts";
import { banana, correlated, type ExactTarget, twoBells } from "./invariance_targets.ts";

const NEAR = gaussianProposal([0.4, 0.2], [1.8, 1.1]);
const FAR = gaussianProposal([0, 0], [4, 4]);
const CORRELATED = gaussianProposal([0.5, -1.5, 1], [1.3, 1.2, 2.2]);

/** x = m + s sinh z with z standard normal: a map whose determinant differs from point to point. */
function stretched(mean: readonly number[], scale: readonly number[], withSlope = true): Proposal {
  const d = mean.length;
  const logDensity = ({ data, shape: [n] }: Tensor): Tensor =>
    tensor(Float64Array.from({ length: n }, (_, row) =>
      mean.reduce((sum, m, i) => {
        const u = (data[row * d + i] - m) / scale[i];
        const z = Math.asinh(u);
        const logSlope = Math.log(scale[i]) + (withSlope ? 0.5 * Math.log1p(u * u) : 0);
        return sum - z * z / 2 - Math.log(2 * Math.PI) / 2 - logSlope;
      }, 0)));
  return {
    sample(key: Key, n: number) {
      const z = normal(key, [n, d]).data;
      const position = tensor(
        Float64Array.from(z, (each, i) => mean[i % d] + scale[i % d] * Math.sinh(each)),
      )
        .reshape([n, d]);
      return Promise.resolve({ position, logDensity: logDensity(position) });
    },
    logDensity: (position) => Promise.resolve(logDensity(position)),
  };
}

function moved(
  name: string,
  exact: ExactTarget,
  step: Parameters<typeof ensembleMove>[1],
): InvarianceCase {
  return { name: `${name} on ${exact.name}`, exact, move: ensembleMove(rwm(), step) };
}

function resampled(exact: ExactTarget, proposal: Proposal, proposals: number): InvarianceCase {
  return moved(
    `i-SIR with ${proposals} proposals`,
    exact,
    (_, start) => (state, key) => isir({ proposal, start, proposals })(state, key, { steps: 2 }),
  );
}

/** Sound moves. */
export const SOUND_GLOBAL: readonly InvarianceCase[] = [
  resampled(twoBells, NEAR, 1),
  resampled(twoBells, NEAR, 3),
  resampled(correlated, CORRELATED, 3),
  resampled(twoBells, NEAR, 16),
  resampled(banana, gaussianProposal([0.3, 0.5], [1.6, 2.5]), 5),
  moved(
    "independence from a defensive mixture",
    twoBells,
    (_, start) => (state, key) =>
      independence({ proposal: defensive(NEAR, FAR, 0.3), start })(state, key, { steps: 3 }),
  ),
  moved(
    "independence from a stretched distribution",
    twoBells,
    (_, start) => (state, key) =>
      independence({ proposal: stretched([0.4, 0.2], [1.2, 0.7]), start })(state, key, {
        steps: 3,
      }),
  ),
  {
    name: `mala and i-SIR from a defensive mixture, in turns, on ${twoBells.name}`,
    exact: twoBells,
    move: ensembleMove(mala(), (target, start) => {
      const local = vectorize(mala().step(target, { stepSize: 0.6 }));
      const jump = isir({ proposal: defensive(NEAR, FAR), start, proposals: 2 });
      return repeat(sequence(local, jump), 2);
    }),
  },
];

/** i-SIR in a few lines, with a fault. */
function faultyChoice(proposals: number, fault: "the chain left out" | "none"): ChoiceRule {
  return {
    proposals,
    choose(current, logWeights, chance) {
      const weights = Array.from(logWeights, Math.exp);
      const own = fault === "none" ? Math.exp(current) : 0;
      const total = weights.reduce((a, b) => a + b, own);
      let rest = chance * total;
      const taken = weights.findIndex((weight) => (rest -= weight) < 0);
      return { taken, probability: 1 - own / total };
    },
  };
}

/** The defensive mixture that gives with its draws the density of one component alone. */
const oneSided: Proposal = {
  async sample(key, n) {
    const whole = await defensive(NEAR, FAR, 0.3).sample(key, n);
    const [near, far] = [
      await NEAR.logDensity(whole.position),
      await FAR.logDensity(whole.position),
    ];
    // Nearly always the component that is larger at a point drew it.
    const larger = Float64Array.from(near.data, (each, i) => Math.max(each, far.data[i]));
    return { position: whole.position, logDensity: tensor(larger) };
  },
  logDensity: defensive(NEAR, FAR, 0.3).logDensity,
};

/** A move whose log q of where chains are is that of where they started, in all steps after the first. */
function stale(proposal: Proposal): Proposal {
  let known: Promise<Tensor> | undefined;
  return {
    sample: proposal.sample,
    logDensity: (position) => known ??= proposal.logDensity(position),
  };
}

/** The same rules without a fault. */
export const CONTROLS_GLOBAL: readonly InvarianceCase[] = [
  moved(
    "i-SIR written anew",
    twoBells,
    (_, start) => globalMove({ proposal: NEAR, start }, faultyChoice(3, "none")),
  ),
];

/** One fault each. */
export const MUTANTS_GLOBAL: readonly InvarianceCase[] = [
  moved(
    "i-SIR with the chain left out",
    twoBells,
    (_, start) => globalMove({ proposal: NEAR, start }, faultyChoice(3, "the chain left out")),
  ),
  moved("i-SIR with weights p instead of p/q", twoBells, (_, start) => (state, key) =>
    isir({
      proposal: {
        sample: async (at, n) => {
          const { position } = await NEAR.sample(at, n);
          return { position, logDensity: tensor(new Float64Array(n)) };
        },
        logDensity: ({ shape: [n] }) => Promise.resolve(tensor(new Float64Array(n))),
      },
      start,
    })(state, key)),
  moved(
    "independence with a determinant dropped",
    twoBells,
    (_, start) => (state, key) =>
      independence({ proposal: stretched([0.4, 0.2], [1.2, 0.7], false), start })(state, key, {
        steps: 3,
      }),
  ),
  moved(
    "a defensive mixture that forgets one component when it draws",
    twoBells,
    (_, start) => (state, key) =>
      independence({ proposal: oneSided, start })(state, key, { steps: 3 }),
  ),
  moved(
    "independence with a stale log q",
    twoBells,
    (_, start) => repeat(independence({ proposal: stale(NEAR), start }), 4),
  ),
];

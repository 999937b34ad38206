/**
 * The kernels leave their target invariant in single precision, too.
 *
 * False alarms: by the bound of the f64 cases; keys 0, 1, 2 … in order.
 */
import { hmc, type Kernel, key, mala, rwm, type Target } from "../../mod.ts";
import type { GradientState } from "../../mod.ts";
import { assertInvariant, assertRejected, invariance, statisticsOf } from "./invariance.ts";
import type { InvarianceCase } from "./invariance.ts";
import { ensembles, evolve } from "./invariance_halves.ts";
import { localMove } from "./invariance_moves.ts";
import { banana, correlated, type ExactTarget, rounded, twoBells } from "./invariance_targets.ts";
import { levelOf } from "./levels.ts";

const CHAINS = 100_000;

function single(
  exact: ExactTarget,
  kernel: Kernel<GradientState>,
  stepSize: number,
  steps: number,
): InvarianceCase {
  const inverseMass = [0.5, 1, 3].slice(-exact.target.dimension);
  const step = (target: Target) => kernel.step(target, { stepSize, inverseMass });
  return {
    name: `f32 ${kernel.name} on ${exact.name}`,
    exact: rounded(exact),
    move: localMove(kernel, step, steps, "f32"),
  };
}

/** Ensembles whose halves move in turn. */
const halves: InvarianceCase = {
  ...ensembles("f32 differential evolution", twoBells, evolve(1.2), { precision: "f32" }),
  exact: rounded(twoBells),
};

const walk = rwm() as unknown as Kernel<GradientState>;

const CASES: readonly InvarianceCase[] = [
  single(correlated, walk, 1, 20),
  single(banana, walk, 0.7, 20),
  single(correlated, mala(), 0.8, 12),
  single(twoBells, mala(), 0.7, 12),
  single(banana, mala(), 0.4, 12),
  single(correlated, hmc({ leapfrogSteps: 5 }), 0.6, 6),
  single(twoBells, hmc({ leapfrogSteps: 4, jitter: 0.3 }), 0.5, 6),
  single(banana, hmc({ leapfrogSteps: 5, jitter: 0.5 }), 0.35, 6),
  halves,
];

const LEVEL = levelOf(import.meta.url, statisticsOf(CASES));

CASES.forEach((sound, i) => {
  Deno.test(`${sound.name} leaves the target invariant`, async () => {
    assertInvariant(await invariance(sound, key(i), CHAINS), { level: LEVEL });
  });
});

Deno.test("f32 mala for a target that is 3 % wider is rejected", async () => {
  const wider: ExactTarget = {
    ...rounded(correlated),
    uniforms: (x) => correlated.uniforms(x.map((each) => 0.97 * each)),
  };
  const mutant = single(wider, mala(), 0.8, 12);
  assertRejected(await invariance(mutant, key(CASES.length), CHAINS), LEVEL);
});

/**
 * Joint distribution tests of every kernel, and of cycles of production with local and global moves: with
 * targets that have one fault each, or new data that a kernel does not get to know of, they fail.
 *
 * False alarms: a sound case fails with probability at most its number of statistics times the level, by
 * the bound of the invariance test; keys 0, 1, 2 … in order.
 */
import assert from "node:assert/strict";
import {
  type GradientState,
  hmc,
  type Kernel,
  key,
  mala,
  rwm,
  startChains,
  vectorize,
} from "../../mod.ts";
import { conditionalStep } from "./geweke.ts";
import { LOCAL, LOCAL_MUTANTS, PRODUCTION, PRODUCTION_MUTANTS } from "./geweke_cases.ts";
import { hierarchical } from "./hierarchical.ts";
import {
  assertInvariant,
  assertRejected,
  invariance,
  type InvarianceCase,
  statisticsOf,
} from "./invariance.ts";
import { levelOf } from "./levels.ts";

const CHAINS = 100_000;
/** With a flow to be trained and evaluated. */
const PRODUCTION_CHAINS = 20_000;
const SOUND = [...LOCAL, ...PRODUCTION];
const MUTANTS = [...LOCAL_MUTANTS, ...PRODUCTION_MUTANTS];
const LEVEL = levelOf(import.meta.url, statisticsOf(SOUND));

for (const each of [rwm(), mala(), hmc({ leapfrogSteps: 3 })]) {
  const kernel = each as Kernel<GradientState>;
  Deno.test(`${kernel.name} with a metric that holds the data leaves every bit of them`, async () => {
    const model = hierarchical();
    const before = await startChains(model.target, kernel)(model.sample(key(0), 1000));
    const step = conditionalStep(model, kernel, { stepSize: 0.5 });
    const { position } = await vectorize(step)(before, key(1), { steps: 20 });
    const [old, now] = [before.position, position].map((x) =>
      x.slice(model.free, undefined, { axis: 1 })
    );
    assert.deepEqual(now.toArray(), old.toArray());
    assert.notDeepEqual(position.toArray(), before.position.toArray());
  });
}

const chainsOf = (tested: InvarianceCase): number =>
  [...PRODUCTION, ...PRODUCTION_MUTANTS].includes(tested) ? PRODUCTION_CHAINS : CHAINS;

SOUND.forEach((sound, i) => {
  Deno.test(`${sound.name}: exact draws stay exact`, async () => {
    assertInvariant(await invariance(sound, key(i), chainsOf(sound)), { level: LEVEL });
  });
});

MUTANTS.forEach((mutant, i) => {
  Deno.test(`${mutant.name}: rejected`, async () => {
    const result = await invariance(mutant, key(SOUND.length + i), chainsOf(mutant));
    assertRejected(result, LEVEL);
  });
});

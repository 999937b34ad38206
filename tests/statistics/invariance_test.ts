/**
 * Every kernel, composition and global move leaves its target invariant, and the test tells: kernels
 * with one fault each are rejected.
 *
 * False alarms: a sound case fails with probability at most its number of statistics times the level,
 * since the bound on each holds for every sample size. Keys are 0, 1, 2 … in order.
 */
import { key } from "../../mod.ts";
import { assertInvariant, assertRejected, invariance, statisticsOf } from "./invariance.ts";
import { CASES } from "./invariance_cases.ts";
import { MUTANTS_CIRCLE, SOUND_CIRCLE } from "./invariance_circle.ts";
import { CONTROLS_GLOBAL, MUTANTS_GLOBAL, SOUND_GLOBAL } from "./invariance_global.ts";
import { CONTROLS_HALVES, MUTANTS_HALVES, SOUND_HALVES } from "./invariance_halves.ts";
import { CONTROLS, MUTANTS } from "./invariance_mutants.ts";
import {
  CONTROLS_TRAJECTORIES,
  MUTANTS_TRAJECTORIES,
  SOUND_TRAJECTORIES,
} from "./invariance_trajectories.ts";
import { levelOf } from "./levels.ts";

const CHAINS = 100_000;

const SOUND = [
  ...[...CASES, ...CONTROLS, ...SOUND_GLOBAL, ...CONTROLS_GLOBAL, ...SOUND_CIRCLE],
  ...[...SOUND_HALVES, ...CONTROLS_HALVES, ...SOUND_TRAJECTORIES, ...CONTROLS_TRAJECTORIES],
];
const FAULTY = [
  ...[...MUTANTS, ...MUTANTS_GLOBAL, ...MUTANTS_CIRCLE, ...MUTANTS_HALVES],
  ...MUTANTS_TRAJECTORIES,
];
const LEVEL = levelOf(import.meta.url, statisticsOf(SOUND));

SOUND.forEach((sound, i) => {
  Deno.test(`${sound.name} leaves the target invariant`, async () => {
    assertInvariant(await invariance(sound, key(i), CHAINS), { level: LEVEL, stays: sound.stays });
  });
});

FAULTY.forEach((mutant, i) => {
  Deno.test(`${mutant.name} is rejected`, async () => {
    assertRejected(await invariance(mutant, key(SOUND.length + i), CHAINS), LEVEL);
  });
});

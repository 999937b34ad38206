/**
 * Parallel tempering leaves the joint distribution of all replicas invariant, and mutants do not.
 *
 * False alarms: at most the file's share in `levels.ts`, by the bound of the other kernels; keys 0, 1, 2 … in
 * order.
 */
import { key } from "../../mod.ts";
import { assertInvariant, assertRejected, invariance, statisticsOf } from "./invariance.ts";
import {
  CONTROLS_TEMPERING,
  MUTANTS_TEMPERING,
  singleTempering,
  SOUND_TEMPERING,
} from "./invariance_tempering.ts";
import { levelOf } from "./levels.ts";

const CHAINS = 100_000;

const SOUND = [...SOUND_TEMPERING, ...CONTROLS_TEMPERING, singleTempering()];
const LEVEL = levelOf(import.meta.url, statisticsOf(SOUND));

SOUND.forEach((sound, i) => {
  Deno.test(`${sound.name} leaves the target invariant`, async () => {
    assertInvariant(await invariance(sound, key(i), CHAINS), { level: LEVEL });
  });
});

MUTANTS_TEMPERING.forEach((mutant, i) => {
  Deno.test(`${mutant.name} is rejected`, async () => {
    assertRejected(await invariance(mutant, key(SOUND.length + i), CHAINS), LEVEL);
  });
});

/**
 * A part of the slow test of parallel tempering's invariance, with fewer chains.
 *
 * False alarms: at most 1e-6 for the whole file, by the same bound; keys 0, 1, 2 … in order.
 */
import { key } from "../../mod.ts";
import {
  assertInvariant,
  assertRejected,
  invariance,
  statisticsOf,
} from "../statistics/invariance.ts";
import { MUTANTS_TEMPERING, SOUND_TEMPERING } from "../statistics/invariance_tempering.ts";

const FALSE_ALARMS = 1e-6;
const CHAINS = 20_000;
/** HMC from a prior, within a composition, on a circle, and between global moves. */
const CHOSEN = [
  /hmc, on conjugate/,
  /composed/,
  /hmc, on steps on a circle/,
  /global moves, on Student/,
];
const SOUND = SOUND_TEMPERING.filter(({ name }) => CHOSEN.some((each) => each.test(name)));
const LEVEL = FALSE_ALARMS / statisticsOf(SOUND);

SOUND.forEach((sound, i) => {
  Deno.test(`${sound.name} leaves the joint distribution invariant`, async () => {
    assertInvariant(await invariance(sound, key(i), CHAINS), { level: LEVEL });
  });
});

/** Faults that are large enough for so few chains. */
const COARSE = [/sign of the swap/, /no rejection/, /are reset/, /go with global moves/];

MUTANTS_TEMPERING.filter(({ name }) => COARSE.some((each) => each.test(name)))
  .forEach((mutant, i) => {
    Deno.test(`${mutant.name} is rejected`, async () => {
      assertRejected(await invariance(mutant, key(SOUND.length + i), CHAINS), LEVEL);
    });
  });

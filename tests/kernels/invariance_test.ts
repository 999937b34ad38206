/**
 * A part of the slow test of invariance, with fewer chains.
 *
 * False alarms: those of the slow test, by the same bound; keys 0, 1, 2 … in order.
 */
import { key } from "../../mod.ts";
import {
  assertInvariant,
  assertRejected,
  invariance,
  statisticsOf,
} from "../statistics/invariance.ts";
import { REPRESENTATIVE } from "../statistics/invariance_cases.ts";
import { MUTANTS_HALVES, SOUND_HALVES } from "../statistics/invariance_halves.ts";
import { MUTANTS } from "../statistics/invariance_mutants.ts";
import { levelOf } from "../statistics/levels.ts";

const CHAINS = 20_000;
const SOUND = [...REPRESENTATIVE, SOUND_HALVES[1]];
const LEVEL = levelOf(import.meta.url, statisticsOf(SOUND));

/** One fault of each kernel, large enough for so few chains; of ensembles, who moves with whom. */
const COARSE = [
  "a step that grows with |x|",
  "no proposal correction",
  "no kinetic energy",
  "log q forgotten",
  "a key used twice",
];

SOUND.forEach((sound, i) => {
  Deno.test(`${sound.name} leaves the target invariant`, async () => {
    assertInvariant(await invariance(sound, key(i), CHAINS), { level: LEVEL });
  });
});

const FAULTY = [
  ...MUTANTS.filter(({ fault }) => COARSE.includes(fault)),
  ...MUTANTS_HALVES.slice(-3),
];

FAULTY.forEach((mutant, i) => {
  Deno.test(`${mutant.name} is rejected`, async () => {
    const result = await invariance(mutant, key(SOUND.length + i), CHAINS);
    assertRejected(result, LEVEL);
  });
});

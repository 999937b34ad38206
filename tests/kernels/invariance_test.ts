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
import { MUTANTS } from "../statistics/invariance_mutants.ts";
import { levelOf } from "../statistics/levels.ts";

const CHAINS = 20_000;
const LEVEL = levelOf(import.meta.url, statisticsOf(REPRESENTATIVE));

/** One fault of each kernel, large enough for so few chains. */
const COARSE = [
  "a step that grows with |x|",
  "no proposal correction",
  "no kinetic energy",
  "log q forgotten",
  "a key used twice",
];

REPRESENTATIVE.forEach((sound, i) => {
  Deno.test(`${sound.name} leaves the target invariant`, async () => {
    assertInvariant(await invariance(sound, key(i), CHAINS), { level: LEVEL });
  });
});

MUTANTS.filter(({ fault }) => COARSE.includes(fault)).forEach((mutant, i) => {
  Deno.test(`${mutant.name} is rejected`, async () => {
    const result = await invariance(mutant, key(REPRESENTATIVE.length + i), CHAINS);
    assertRejected(result, LEVEL);
  });
});

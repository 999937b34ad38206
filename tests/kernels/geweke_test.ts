/**
 * A part of the slow joint distribution tests, with fewer chains.
 *
 * Keys 0, 1, 2 … in order.
 */
import { key } from "../../mod.ts";
import { COARSE, REPRESENTATIVE } from "../statistics/geweke_cases.ts";
import {
  assertInvariant,
  assertRejected,
  invariance,
  statisticsOf,
} from "../statistics/invariance.ts";
import { levelOf } from "../statistics/levels.ts";

const CHAINS = 10_000;
const LEVEL = levelOf(import.meta.url, statisticsOf(REPRESENTATIVE));

REPRESENTATIVE.forEach((sound, i) => {
  Deno.test(`${sound.name}: exact draws stay exact`, async () => {
    assertInvariant(await invariance(sound, key(i), CHAINS), { level: LEVEL });
  });
});

COARSE.forEach((mutant, i) => {
  Deno.test(`${mutant.name}: rejected`, async () => {
    assertRejected(await invariance(mutant, key(REPRESENTATIVE.length + i), CHAINS), LEVEL);
  });
});

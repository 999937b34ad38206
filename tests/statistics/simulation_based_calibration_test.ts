/**
 * Simulation-based calibration of `sample`, with and without a flow, on three models: with a posterior that
 * is wrong in one place it fails. Where the prior is conjugate, the draws themselves are held against the
 * exact posterior.
 *
 * All statistics have rigorous bounds; keys are 0, 1, 2 … in order.
 */
import assert from "node:assert/strict";
import { key, type SampleOptions, splineFlow } from "../../mod.ts";
import { constrainedKinds } from "./constrained_kinds.ts";
import { hierarchical } from "./hierarchical.ts";
import { levelOf } from "./levels.ts";
import { locationAndScale, type ModelFault, posteriorUniforms } from "./location_and_scale.ts";
import {
  calibrate,
  type Calibration,
  probabilitiesOf,
  quantityCount,
  type Replication,
  STATISTICS,
} from "./simulation_based_calibration.ts";

/** Posteriors of few data are no work to find: the chains have long settled after these steps. */
const ALONE: SampleOptions = {
  chains: 63,
  flow: "none",
  schedule: { warmupWindows: [30, 40] },
  stop: { maxDraws: 20 },
};
const WITH_FLOW: SampleOptions = {
  ...ALONE,
  flow: splineFlow({ layers: 2 }),
  schedule: { warmupWindows: [30, 40], trainCycles: 1 },
};

interface Case extends Calibration {
  readonly name: string;
  readonly replications: number;
}

const SOUND: readonly Case[] = [
  { name: "location and scale", model: locationAndScale(), options: ALONE, replications: 200 },
  { name: "hierarchical model", model: hierarchical(), options: ALONE, replications: 250 },
  { name: "constrained parameters", model: constrainedKinds(), options: ALONE, replications: 120 },
  {
    name: "constrained parameters, with a flow",
    model: constrainedKinds(),
    options: WITH_FLOW,
    replications: 50,
  },
];

function mutant(fault: ModelFault, replications: number): Case {
  const sampled = hierarchical(fault);
  return { name: sampled.name, model: hierarchical(), sampled, options: ALONE, replications };
}

const MUTANTS: readonly Case[] = [
  mutant("a Jacobian dropped", 50),
  mutant("a prior that is too wide", 150),
  mutant("a likelihood whose sd is too large", 80),
  {
    name: "ordered numbers without their Jacobian",
    model: constrainedKinds(),
    sampled: constrainedKinds("cut"),
    options: ALONE,
    replications: 30,
  },
];

/** Of the mean and the scale, for draws of the conjugate posterior. */
const EXACT_STATISTICS = 2 * STATISTICS;
const LEVEL = levelOf(
  import.meta.url,
  EXACT_STATISTICS + SOUND.reduce((sum, each) => sum + STATISTICS * quantityCount(each), 0),
);

function leastProbability(rows: readonly (readonly number[])[]): number {
  return Math.min(...probabilitiesOf(rows).flat());
}

/** Where each draw of conjugate posteriors is in them. */
function exactUniforms(replications: readonly Replication[]): number[][] {
  return replications.flatMap(({ draws, y }) =>
    draws.map(({ mu, sigma }) => posteriorUniforms(mu[0], sigma[0], y))
  );
}

SOUND.forEach((sound, i) => {
  Deno.test(`${sound.name}: parameters rank anywhere among draws of their posterior`, async () => {
    const all = await calibrate(sound, key(i), sound.replications);
    const ranks = leastProbability(all.map((each) => each.ranks));
    assert.ok(ranks > LEVEL, `probability ${ranks} of such ranks, level ${LEVEL}`);
    if (i > 0) return;
    const exact = leastProbability(exactUniforms(all));
    assert.ok(exact > LEVEL, `probability ${exact} of such draws, level ${LEVEL}`);
  });
});

MUTANTS.forEach((faulty, i) => {
  Deno.test(`${faulty.name}: ranks are rejected`, async () => {
    const all = await calibrate(faulty, key(SOUND.length + i), faulty.replications);
    const probability = leastProbability(all.map(({ ranks }) => ranks));
    assert.ok(probability < LEVEL, `probability ${probability} of such ranks, level ${LEVEL}`);
  });
});

(["a Jacobian dropped", "a likelihood whose sd is too large"] as const).forEach((fault, i) => {
  const sampled = locationAndScale(fault);
  Deno.test(`${sampled.name}: draws are rejected by the exact posterior`, async () => {
    const calibration = { model: locationAndScale(), sampled, options: ALONE };
    const all = await calibrate(calibration, key(SOUND.length + MUTANTS.length + i), 60);
    const probability = leastProbability(exactUniforms(all));
    assert.ok(probability < LEVEL, `probability ${probability} of such draws, level ${LEVEL}`);
  });
});

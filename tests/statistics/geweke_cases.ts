/** Kernels in turns with new data, and what has to be rejected. */
import { density, hmc, mala, rwm } from "../../mod.ts";
import { alternation, productionCycles } from "./geweke.ts";
import type { InvarianceCase } from "./invariance.ts";
import { constrainedKinds } from "./constrained_kinds.ts";
import { hierarchical } from "./hierarchical.ts";
import type { JointModel } from "./joint_models.ts";
import { locationAndScale } from "./location_and_scale.ts";

const short = hmc({ leapfrogSteps: 5, jitter: 0.5 });

/** Each kernel on a model, with step sizes at which some proposals are rejected. */
function kernelsOn(model: JointModel): InvarianceCase[] {
  return [
    alternation(model, rwm(), { stepSize: 0.6 }, 20),
    alternation(model, mala(), { stepSize: 0.45 }, 15),
    alternation(model, short, { stepSize: 0.4 }, 10),
  ];
}

/** Sound alternations. */
export const LOCAL: readonly InvarianceCase[] = [
  ...kernelsOn(locationAndScale()),
  ...kernelsOn(hierarchical()),
  ...kernelsOn(constrainedKinds()),
];

/** Sound cycles of local and global moves. */
export const PRODUCTION: readonly InvarianceCase[] = [
  productionCycles(locationAndScale(), short, { stepSize: 0.4 }, { cycles: 2 }),
  productionCycles(hierarchical(), rwm(), { stepSize: 0.5 }, { cycles: 2 }),
  productionCycles(constrainedKinds(), mala(), { stepSize: 0.4 }, { cycles: 2 }),
];

/** The likelihood of location and scale alone: what global moves see that forgot the prior. */
const withoutPrior = density(4, (x) => {
  const errors = x.slice(2).sub(x.at(0)).div(x.at(1).exp());
  return errors.square().sum().mul(-0.5).sub(x.at(1).mul(2));
});

/** One fault each. */
export const LOCAL_MUTANTS: readonly InvarianceCase[] = [
  ...([
    "a Jacobian dropped",
    "a prior that is too wide",
    "a likelihood whose sd is too large",
  ] as const).flatMap((fault) => kernelsOn(locationAndScale(fault))),
  ...(["w", "p", "cut"] as const).map((kind) =>
    alternation(constrainedKinds(kind), short, { stepSize: 0.4 }, 10)
  ),
  alternation(
    locationAndScale(),
    short,
    { stepSize: 0.4 },
    6,
    "a log density that is not renewed with the data",
  ),
];

/** One fault each. */
export const PRODUCTION_MUTANTS: readonly InvarianceCase[] = [
  productionCycles(locationAndScale(), mala(), { stepSize: 0.4 }, {
    cycles: 2,
    seen: withoutPrior,
  }),
];

/** Some that take little time together. */
export const REPRESENTATIVE: readonly InvarianceCase[] = [
  LOCAL[0],
  LOCAL[4],
  LOCAL[8],
  PRODUCTION[0],
];

/** Faults that few chains show. */
export const COARSE: readonly InvarianceCase[] = [
  LOCAL_MUTANTS[2],
  LOCAL_MUTANTS[6],
  LOCAL_MUTANTS[11],
  LOCAL_MUTANTS[12],
  ...PRODUCTION_MUTANTS,
];

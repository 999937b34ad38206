/** The kernels as tests run them. */
import {
  type ChainState,
  differentialEvolution,
  hmc,
  jitteredHmc,
  type Kernel,
  key,
  mala,
  mams,
  normal,
  rwm,
  tensor,
  type Tree,
  zeros,
} from "../../mod.ts";

/** A kernel of states that hold something or other. */
export type AnyKernel = Kernel<ChainState & Tree>;

/** Differential evolution by chains that stay for ever, spread as the metric says. */
const evolution = differentialEvolution();
const evolutionAlone: Kernel<ChainState> = {
  ...evolution,
  partners: false,
  step: (target, parameters) => {
    const { dimension } = target;
    // Refuses what there is to refuse before anything is done with it here.
    evolution.step(target, { ...parameters, partners: zeros([2, dimension]) });
    const scale = tensor(parameters.inverseMass ?? 1).sqrt();
    const partners = normal(key(9), [7, dimension]).mul(scale);
    return evolution.step(target, { ...parameters, partners });
  },
};

/** Each kernel, and HMC in all its ways, by a name. */
export const KERNELS: ReadonlyMap<string, AnyKernel> = new Map(
  Object.entries({
    "rwm()": rwm(),
    "mala()": mala(),
    "hmc() with one step": hmc({ leapfrogSteps: 1 }),
    "hmc()": hmc({ leapfrogSteps: 4 }),
    "differentialEvolution() by chains that stay": evolutionAlone,
    "hmc() with jitter": hmc({ leapfrogSteps: 3, jitter: 0.5 }),
    "jitteredHmc()": jitteredHmc(),
    "jitteredHmc() with step jitter": jitteredHmc({ jitter: 0.5, stepJitter: 0.7 }),
    "mams()": mams(),
  }).map(([name, kernel]) => [name, kernel as unknown as AnyKernel]),
);

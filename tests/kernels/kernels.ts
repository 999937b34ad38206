/** The kernels as tests run them. */
import {
  type ChainState,
  hmc,
  jitteredHmc,
  type Kernel,
  mala,
  mams,
  rwm,
  type Tree,
} from "../../mod.ts";

/** A kernel of states that hold something or other. */
export type AnyKernel = Kernel<ChainState & Tree>;

/** Each kernel, and HMC in all its ways, by a name. */
export const KERNELS: ReadonlyMap<string, AnyKernel> = new Map(
  Object.entries({
    "rwm()": rwm(),
    "mala()": mala(),
    "hmc() with one step": hmc({ leapfrogSteps: 1 }),
    "hmc()": hmc({ leapfrogSteps: 4 }),
    "hmc() with jitter": hmc({ leapfrogSteps: 3, jitter: 0.5 }),
    "jitteredHmc()": jitteredHmc(),
    "jitteredHmc() with step jitter": jitteredHmc({ jitter: 0.5, stepJitter: 0.7 }),
    "mams()": mams(),
  }).map(([name, kernel]) => [name, kernel as unknown as AnyKernel]),
);

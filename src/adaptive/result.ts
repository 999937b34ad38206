/**
 * What a run gives.
 *
 * @module
 */
import type { Draws } from "../diagnostics/draws.ts";
import { summarise, type Summary } from "../diagnostics/summary.ts";
import type { Device } from "../device/device.ts";
import type { Evidence } from "../evidence/mod.ts";
import type { ChainState } from "../kernels/kernel.ts";
import type { Target } from "../target/target.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { joinDraws } from "./cycles.ts";
import type { Convergence, RunState } from "./run_state.ts";
import type { TrainedFlow } from "./trained_flow.ts";

/** Draws, one entry for each parameter of the target. */
export type NamedDraws<Values> = { readonly [Name in keyof Values]: Draws };

/** The result of a run. */
export interface SampleResult<Values, State extends ChainState = ChainState> {
  /** The draws of each parameter, chains × draws × its shape. */
  readonly draws: NamedDraws<Values>;
  /** Log density (in unconstrained coordinates) of each draw, chains × draws. */
  readonly logDensity: Draws;
  /** Mean, sd, quantiles, Monte Carlo error, effective sample sizes and R-hat of every scalar. */
  summary(): Summary;
  /** log Z = ln ∫ p of the target with its standard error; none for a run without a flow. */
  readonly logEvidence: Evidence | undefined;
  /** Mean acceptance probabilities in production; NaN where there were no such moves. */
  readonly acceptance: { readonly local: number; readonly global: number };
  /** What cannot be trusted and what to do about it; empty when nothing was found. */
  readonly warnings: readonly string[];
  /** Worst R-hat and effective sample sizes over the unconstrained coordinates. */
  readonly convergence: Convergence | undefined;
  /** The trained flow; none for a run without one. */
  readonly flow: TrainedFlow | undefined;
  /** The last state, from which the run can go on. */
  readonly state: RunState<State>;
  /** Seconds from start to end. */
  readonly seconds: number;
}

/**
 * Turns unconstrained positions into draws of the parameters.
 *
 * @param target The target.
 * @param device Where the change of variables is computed.
 * @param position chains × draws × d.
 * @returns The draws by name.
 */
export async function constrainedDraws<Values>(
  target: Target<Values>,
  device: Device,
  position: Tensor,
): Promise<NamedDraws<Values>> {
  const [chains, draws, dimension] = position.shape;
  const rows = position.reshape([chains * draws, dimension]);
  const values = await device.map(target.constrained, 1).run([rows], []);
  return Object.fromEntries(
    target.parameters.map(({ name, shape }, i) => [
      name,
      { data: values[i].data as Float64Array, shape: [chains, draws, ...shape] },
    ]),
  ) as unknown as NamedDraws<Values>;
}

/** The log density of all kept draws. */
export function logDensityDraws({ draws }: RunState): Draws {
  const { data, shape } = joinDraws(draws.map(({ logDensity }) => logDensity));
  return { data: data as Float64Array, shape };
}

/** The summary of named draws. */
export function summaryOf<Values>(draws: NamedDraws<Values>): Summary {
  return summarise(draws as Readonly<Record<string, Draws>>);
}


/**
 * Chains that did not get from where they started to where the others are: which were started anew, and which
 * are still out there.
 *
 * @module
 */
import { quantile } from "../diagnostics/quantile.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { RunState } from "./run_state.ts";
import { strayChains } from "./stray.ts";

/**
 * Above this share of all chains, those that were put beside others are worth a word. Of 100 chains that start
 * at draws of a wide prior, 2 to 7 are where a scale is next to 0 and do not leave in time (two models of eight
 * schools, five keys each), which does no harm.
 */
const NOTABLE = 0.1;

/**
 * The chains that were ever put beside others, those before the next window of the warm-up included. Before
 * the first one none is: chains come from wherever they start.
 *
 * @param state The state before a window.
 * @returns Their numbers, in order.
 */
export function restartedChains(
  { cycleInPhase, chains, restarted }: Pick<RunState, "cycleInPhase" | "chains" | "restarted">,
): readonly number[] {
  const strays = cycleInPhase === 0 ? [] : strayChains(chains.logDensity);
  const fresh = strays.filter((chain) => !restarted.includes(chain));
  return fresh.length === 0 ? restarted : [...restarted, ...fresh].sort((a, b) => a - b);
}

/** Which chains, as the beginning of a sentence. */
function which(chains: readonly number[], all: number): string {
  return `${chains.length} of ${all} chains (the first is chain ${chains[0]})`;
}

/** How far the log density of a chain is below the median of those that are no strays. */
function below({ data }: Tensor, chain: number, strays: readonly number[]): string {
  const others = Float64Array.from(data).filter((_, i) => !strays.includes(i)).sort();
  const distance = quantile(others, 0.5) - data[chain];
  return Number.isFinite(distance)
    ? `${distance.toPrecision(2)} below the others`
    : `${data[chain]}`;
}

/**
 * Says which chains did not get to where the others are.
 *
 * @param state The last state of a run.
 * @returns Sentences; none when nothing was found.
 */
export function startWarnings(
  { chains: { logDensity }, restarted }: Pick<RunState, "chains" | "restarted">,
): string[] {
  const out: string[] = [];
  const all = logDensity.size;
  const strays = strayChains(logDensity);
  if (strays.length > 0) {
    out.push(
      `${which(strays, all)} ended where the log density is ${
        below(logDensity, strays[0], strays)
      }: ` +
        "their draws are in the result. Leave these chains out, or do not use the result; start them nearer to " +
        "where the density is large by `initial`, lengthen `schedule.warmupWindows`, and look whether " +
        "the log density keeps chains from leaving such places.",
    );
  }
  if (restarted.length > NOTABLE * all) {
    out.push(
      `${
        which(restarted, all)
      } were put beside others in the warm-up, since their log density was far ` +
        "below: what there is near to where they started may be missing. Start nearer to where the " +
        "density is large by `initial`, such as by draws from the prior, or lengthen " +
        "`schedule.warmupWindows`.",
    );
  }
  return out;
}

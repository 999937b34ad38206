/**
 * The progress of a run as one line of text.
 *
 * @module
 */
import { decisiveRHat } from "../adaptive/convergence.ts";
import type { Progress } from "../adaptive/progress.ts";

function share(acceptance: number): string {
  return Number.isNaN(acceptance) ? "–" : acceptance.toFixed(2);
}

/**
 * The progress of a run as one line: phase, cycle, acceptance of local and global moves, worst R-hat (the
 * nested one, if that is smaller) and smallest effective sample size at the last look, draws a second, seconds. What is not known yet is a
 * dash.
 *
 * @param progress What `onProgress` is called with.
 * @returns A line without its end, of equal length in all phases up to large numbers.
 *
 * @example Showing a run in a terminal
 * ```ts
 * import { density, key, progressLine, sample } from "@tributary/tributary";
 *
 * const gaussian = density(2, (x) => x.square().sum().mul(-0.5));
 * await sample(gaussian, key(1), {
 *   flow: "none",
 *   onProgress: (progress) => console.log(progressLine(progress)),
 * });
 * ```
 */
export function progressLine(
  { phase, cycle, cycles, acceptance, convergence, drawsPerSecond, seconds }: Progress,
): string {
  const count = cycles === undefined ? `${cycle}` : `${cycle}/${cycles}`;
  const worst = convergence === undefined
    ? undefined
    : Math.min(convergence.bulk, convergence.tail);
  return [
    phase.padEnd(10),
    `cycle ${count.padStart(5)}`,
    `acceptance ${share(acceptance.local).padStart(4)} local ${
      share(acceptance.global).padStart(4)
    } global`,
    `R-hat ${convergence === undefined ? "    –" : decisiveRHat(convergence).toFixed(3)}`,
    `ESS ${(worst === undefined ? "–" : worst.toFixed(0)).padStart(6)}`,
    `${(drawsPerSecond / 1000).toFixed(0).padStart(5)}k draws/s`,
    `${seconds.toFixed(1).padStart(5)} s`,
  ].join("  ");
}

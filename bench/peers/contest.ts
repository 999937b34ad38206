/** A peer beside ours, case by case and round by round. */
import { median, tableText } from "../table.ts";
import { type Measurement, PLAN } from "./measurement.ts";

/** Beyond so many standard errors acceptance rates differ: false alarm 4.8e-4 in 70 comparisons. */
export const LIMIT = 4.5;

/** The rounds of two sides on a case. */
export interface Pair {
  readonly theirs: readonly Measurement[];
  readonly ours: readonly Measurement[];
}

/** The median over rounds of how much longer they took than we did in that round. */
function ratio({ theirs, ours }: Pair): number {
  return median(theirs.map((m, i) => m.microsecondsPerStep / ours[i].microsecondsPerStep));
}

/** How much longer they took in their fastest round than we in ours: other work only adds. */
function fastestRatio({ theirs, ours }: Pair): number {
  const [least, ourLeast] = [theirs, ours].map((rounds) =>
    Math.min(...rounds.map(({ microsecondsPerStep }) => microsecondsPerStep))
  );
  return least / ourLeast;
}

/** How many standard errors our acceptance rate is from theirs. */
export function distance({ theirs: [a], ours: [b] }: Pair): number {
  return (a.acceptance - b.acceptance) / Math.hypot(a.acceptanceError, b.acceptanceError);
}

/** MALA by the step, HMC by the gradient. */
function timeText(rounds: readonly Measurement[], kernel: string): string {
  return kernel === "mala"
    ? `${median(rounds.map(({ microsecondsPerStep }) => microsecondsPerStep)).toFixed(3)} µs`
    : `${median(rounds.map(({ nanosecondsPerGradient }) => nanosecondsPerGradient)).toFixed(1)} ns`;
}

function coresText(rounds: readonly Measurement[]): string {
  return median(rounds.map(({ coresUsed }) => coresUsed)).toFixed(1);
}

/**
 * The table of a contest.
 *
 * @param peer The name of the other side.
 * @param pairs The rounds for each case of the plan.
 * @returns Its text.
 */
export function contestText(peer: string, pairs: readonly Pair[]): string {
  const header = ["target", "kernel", peer, "cores used", "ours", "cores used"];
  const compared = [`${peer} ÷ ours`, "fastest", "acceptance", "ours", "errors apart"];
  const rows = pairs.map((pair, number) => {
    const { target, kernel } = PLAN.cases[number];
    const { theirs, ours } = pair;
    return [
      ...[target, kernel],
      ...[theirs, ours].flatMap((side) => [timeText(side, kernel), coresText(side)]),
      ...[ratio(pair), fastestRatio(pair)].map((x) => `${x.toFixed(1)}×`),
      ...[theirs[0], ours[0]].map(({ acceptance }) => acceptance.toFixed(4)),
      distance(pair).toFixed(1),
    ];
  });
  return tableText([...header, ...compared], rows, 2);
}

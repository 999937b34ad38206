/**
 * Where the chains of a run moved, and what that says of its draws.
 *
 * @module
 */
import type { ChainState } from "../kernels/kernel.ts";
import type { Tree } from "../tensor/tree.ts";
import type { DeviceName } from "../device/choose.ts";
import { type DeviceInUse, deviceInUse } from "../device/fallback.ts";
import type { FallbackKind } from "../device/failures.ts";
import type { EnsembleScale } from "./ensemble_scale.ts";
import { inDoublePlan } from "./device_changes.ts";
import type { Plan } from "./plan.ts";
import type { RunState } from "./run_state.ts";
import { MOST_ROUNDING, positionTooShort, type Rounding, roundingOf } from "./single_precision.ts";

/** Where the chains of a run moved: the device at its end, and those that were given up in it. */
export interface DeviceOfRun extends DeviceInUse {
  /**
   * How far the chains' log densities of draws were from those in double precision, which the result holds; none
   * if no draw was made in single precision.
   */
  readonly rounding: Rounding | undefined;
}

/** Sums up where chains moved. */
export function deviceOfRun<State extends ChainState & Tree, Values extends object>(
  plan: Plan<State, Values>,
  { rounding, tooShort: reason }: Pick<RunState, "rounding" | "tooShort">,
): DeviceOfRun {
  const { device, chainDevice = device } = plan;
  const double = reason === undefined ? undefined : inDoublePlan(plan)?.chainDevice;
  const [first, last] = [deviceInUse(chainDevice), deviceInUse(double ?? chainDevice)];
  const to = last.fallbacks[0]?.from ?? last.name;
  return {
    ...last,
    fallbacks: reason === undefined || double === undefined ? first.fallbacks : [
      ...first.fallbacks,
      { from: first.name, to, kind: "precision", reason },
      ...last.fallbacks,
    ],
    rounding: rounding === undefined || rounding.count === 0 ? undefined : roundingOf(rounding),
  };
}

/** What follows from a device that was given up. */
const FOLLOWS: Readonly<Record<FallbackKind, string>> = {
  "unavailable":
    'Draws are none the worse for it; `device: "auto"` takes a GPU only where there is one.',
  "host functions":
    "Write the log density with the array language to run it on a GPU, or leave `device` out.",
  "too large": "Use fewer chains, or arrays and `scan` in place of loops, to run it there.",
  "refused": "The run went on from its last state, and nothing of it is lost.",
  "out of memory":
    "The run went on from its last state, and nothing of it is lost; fewer chains take less memory.",
  "lost": "The run went on from its last state, and nothing of it is lost.",
  "precision":
    "The run went on in double precision; leave `device` out for such a target, take constants out of " +
    "its log density, or centre and scale its coordinates.",
};

/** What only somebody is told who asked for a device by its name. */
const EXPECTED: ReadonlySet<FallbackKind> = new Set(["unavailable", "host functions", "too large"]);

/**
 * What is to be said of where a run's chains moved.
 *
 * @param run Where they did.
 * @param facts Location and scale of positions, names of coordinates, and whether the device was chosen by cost.
 * @returns Sentences; none when there is nothing to say.
 */
export function deviceWarnings(
  { fallbacks, precision, rounding }: DeviceOfRun,
  { asked, scale, names }: {
    readonly asked: DeviceName | undefined;
    readonly scale: EnsembleScale | undefined;
    readonly names: readonly string[];
  },
): string[] {
  const told = fallbacks
    .filter(({ kind }) => asked !== "auto" || !EXPECTED.has(kind))
    .map(({ from, to, kind, reason }) =>
      `The chains moved on the device "${to}" in place of "${from}": ${reason}. ${FOLLOWS[kind]}`
    );
  const spread = rounding?.spread ?? 0;
  const coarse = precision === "f32" && scale !== undefined
    ? positionTooShort(scale, names)
    : undefined;
  const why = spread > MOST_ROUNDING
    ? `log densities of the chains differ from those in double precision by ${
      spread.toPrecision(2)
    } from draw to draw (standard deviation), and ${MOST_ROUNDING} is the most that chains bear`
    : coarse;
  return why === undefined ? told : [
    ...told,
    `Single precision is too short for this target: ${why}. Draws follow a density that is off by as ` +
    'much: leave `device` and `precision` out, or take "wasm" and "f64".',
  ];
}

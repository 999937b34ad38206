/**
 * The shaders of flows, put together from the files in `shaders/`.
 *
 * @module
 */
import angle from "../../shaders/angle.wgsl" with { type: "text" };
import elementary from "../../shaders/elementary.wgsl" with { type: "text" };
import adam from "../../shaders/flow_adam.wgsl" with { type: "text" };
import affine from "../../shaders/flow_affine.wgsl" with { type: "text" };
import base from "../../shaders/flow_base.wgsl" with { type: "text" };
import conditioner from "../../shaders/flow_conditioner.wgsl" with { type: "text" };
import coupling from "../../shaders/flow_coupling.wgsl" with { type: "text" };
import forget from "../../shaders/flow_forget.wgsl" with { type: "text" };
import keep from "../../shaders/flow_keep.wgsl" with { type: "text" };
import map from "../../shaders/flow_map.wgsl" with { type: "text" };
import pass from "../../shaders/flow_pass.wgsl" with { type: "text" };
import plan from "../../shaders/flow_plan.wgsl" with { type: "text" };
import slopes from "../../shaders/flow_slopes.wgsl" with { type: "text" };
import spline from "../../shaders/flow_spline.wgsl" with { type: "text" };
import train from "../../shaders/flow_train.wgsl" with { type: "text" };
import normal from "../../shaders/normal.wgsl" with { type: "text" };
import sigmoid from "../../shaders/sigmoid.wgsl" with { type: "text" };
import threefry from "../../shaders/threefry.wgsl" with { type: "text" };

const LAYERS = [
  elementary,
  sigmoid,
  threefry,
  normal,
  angle,
  plan,
  conditioner,
  spline,
  affine,
  coupling,
  base,
];

/** A program's name. */
export type ProgramName = "map" | "train" | "slopes" | "adam";

/** The files that programs are made of. */
const PROGRAMS: Readonly<Record<ProgramName, readonly string[]>> = {
  /** Sends rows through a flow, either way. */
  map: [...LAYERS, forget, map],
  /** Sends the rows of a batch through a flow and back. */
  train: [...LAYERS, pass, keep, train],
  /** Sums slopes in the weights. */
  slopes: [pass, slopes],
  /** Updates weights. */
  adam: [pass, adam],
};

/**
 * The text of a program for a flow.
 *
 * @param name Which program.
 * @param constants Declarations of the flow's numbers.
 * @returns WGSL.
 */
export function programText(name: ProgramName, constants: string): string {
  return [constants, ...PROGRAMS[name]].join("\n");
}

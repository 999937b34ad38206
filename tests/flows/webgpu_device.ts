/** What the tests of flows on WebGPU share: a device, flows, and how far numbers are apart. */
import type { EngineShape } from "../../src/flows/engine.ts";
import type { Flow, FlowState } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { type Requirement, requirement } from "../requirement.ts";
import { hasAdapter } from "../shaders/compute.ts";
import { type Kind, KINDS } from "./kinds.ts";

/** The options of tests that need an adapter. */
export const onAdapter: Requirement = requirement("webgpu", await hasAdapter());

/** Works with a device, which is gone afterwards. */
export async function withDevice<Result>(
  work: (device: GPUDevice) => Promise<Result>,
): Promise<Result> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("Cannot run a shader: there is no WebGPU adapter");
  const device = await adapter.requestDevice();
  try {
    return await work(device);
  } finally {
    device.destroy();
  }
}

/** The flow of runs with nothing set. */
export const DEFAULT: Kind = {
  name: "the default flow",
  flow: splineFlow(),
  periodic: (dimension) => new Array<boolean>(dimension).fill(false),
};

/** All kinds, and the flow of runs with nothing set. */
export const ALL_KINDS: readonly Kind[] = [DEFAULT, ...KINDS];

/** The shape of a state. */
export function shapeFor(flow: Flow, state: FlowState): EngineShape {
  if (flow.engineShape === undefined) throw new Error("This kind of flow has no shape");
  return flow.engineShape(state);
}

/** The largest error of numbers, relative to 1 plus their size; ∞ where one is no number. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) / (1 + Math.abs(expected[i]));
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  return largest;
}

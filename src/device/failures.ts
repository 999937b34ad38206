/**
 * What a device cannot do that another may: told apart from errors of what it was given, which are the same
 * everywhere.
 *
 * @module
 */
import { UnsupportedProgram } from "../compile/wgsl/shader.ts";
import { DeviceLost, WebgpuUnavailable } from "./webgpu_errors.ts";

/** That a program, or what it works on, is too large for a device. */
export class TooLarge extends RangeError {
  /** What is too large for what. */
  readonly why: string;

  /**
   * Says what is too large.
   *
   * @param message The message, with what to do.
   * @param why What is too large for what.
   * @param options Its cause.
   */
  constructor(message: string, why: string, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

/** Why work went on elsewhere. */
export type FallbackKind =
  /** The device is not there: no WebGPU, no adapter, only a software one, no SIMD. */
  | "unavailable"
  /** The program calls functions of the host. */
  | "host functions"
  /** The program or its memory is beyond a limit of the device. */
  | "too large"
  /** The device did not take the program. */
  | "refused"
  /** It has no memory left. */
  | "out of memory"
  /** It was lost while it worked. */
  | "lost"
  /** Its floats are too short for the log density or the positions of this target. */
  | "precision";

/** Why a device could not do its work. */
export interface Failure {
  /** Of which kind. */
  readonly kind: FallbackKind;
  /** The reason in words. */
  readonly reason: string;
}

const OF_LOST = {
  "lost": "lost",
  "out-of-memory": "out of memory",
  "refused": "refused",
} as const;

/**
 * What an error says of the device, if another one may do the same work.
 *
 * @param error What was thrown.
 * @returns The failure; none for an error that says something of the work, or that stops it.
 */
export function deviceFailure(error: unknown): Failure | undefined {
  if (error instanceof WebgpuUnavailable) return { kind: "unavailable", reason: error.why };
  if (error instanceof UnsupportedProgram) {
    return { kind: "host functions", reason: "the log density calls functions of JavaScript" };
  }
  if (error instanceof TooLarge) return { kind: "too large", reason: error.why };
  return error instanceof DeviceLost
    ? { kind: OF_LOST[error.reason], reason: error.why }
    : undefined;
}

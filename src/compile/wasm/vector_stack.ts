/**
 * Where vector instructions are written.
 *
 * @module
 */
import type { Bytes } from "./encoder.ts";

/** Where vector instructions are written: what they need is pushed first, their result is on top. */
export interface VectorStack {
  /** The instructions so far. */
  readonly code: Bytes;
  /** Pushes vector `v` of a value. */
  get(id: number, v?: number): void;
  /** Pushes a vector of two equal 64-bit words, each given as low and high half. */
  literal(low: number, high: number): void;
  /** Writes a vector instruction. */
  simd(code: number): void;
}

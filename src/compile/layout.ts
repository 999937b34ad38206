/**
 * Where things lie in the memory of a compiled program.
 *
 * Chains are handled in groups. What each chain has for itself is laid out as
 * blocks: element by element, the values of a group's chains side by side, so
 * that vector loads are contiguous.
 *
 * @module
 */
import { formatOf, type Precision } from "../tensor/functions/precision.ts";
import type { ArrayData, DType, ValueType } from "../tensor/program.ts";
import { sizeOf } from "../tensor/shape.ts";

/** Vectors of floats in a group, measured best in V8 (1: 1.6× slower, 2: 1.25×, 8: 1.4×). */
const VECTORS = 4;

/** Chains in a group: vectors of two f64 or of four f32. */
export function groupOf(precision: Precision): number {
  return VECTORS * 16 / formatOf(precision).bytes;
}

/** Bytes that one element takes for all chains of a group; truth values are kept as words. */
export function elementBytes(dtype: DType, precision: Precision): number {
  return groupOf(precision) * (dtype === "f64" ? formatOf(precision).bytes : 4);
}

/** A value in a block, at an offset from the block's start. */
export interface Slot extends ValueType {
  /** Bytes from the start of the block. */
  readonly offset: number;
}

/** The slots of values that lie one after the other. */
export interface Block {
  /** One for each value. */
  readonly slots: readonly Slot[];
  /** Bytes in all, a multiple of 64. */
  readonly bytes: number;
  /** What its floats are, from which follows how many chains it holds. */
  readonly precision: Precision;
}

/**
 * Lays values of one group one after the other.
 *
 * @param types Their types.
 * @param precision What their floats are.
 * @returns Where each lies.
 */
export function blockOf(types: readonly ValueType[], precision: Precision): Block {
  let offset = 0;
  const slots = types.map(({ dtype, shape }) => {
    const slot = { dtype, shape, offset };
    offset += sizeOf(shape) * elementBytes(dtype, precision);
    return slot;
  });
  return { slots, bytes: roundUp(offset), precision };
}

/** The next multiple of a cache line. */
export function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** Memory that is laid out while code is written: literals, data, shared parameters, scratch. */
export class Memory {
  /** What floats are. */
  readonly precision: Precision;
  #next = 0;
  readonly #floats = new Map<string, number>();
  readonly #placed = new Map<ArrayBufferView, number>();
  readonly #segments: { readonly offset: number; readonly bytes: Uint8Array }[] = [];

  /** @param precision What floats are. */
  constructor(precision: Precision) {
    this.precision = precision;
  }

  /** Bytes that one element takes for all chains of a group. */
  elementBytes(dtype: DType): number {
    return elementBytes(dtype, this.precision);
  }

  /** The first byte after everything laid out so far. */
  get end(): number {
    return roundUp(this.#next);
  }

  /** What memory holds from the start. */
  get segments(): readonly { readonly offset: number; readonly bytes: Uint8Array }[] {
    return this.#segments;
  }

  /** Room for bytes, at a cache line. */
  reserve(bytes: number): number {
    const offset = roundUp(this.#next);
    this.#next = offset + bytes;
    return offset;
  }

  /** Data, at a cache line; the same array is placed once. */
  place(data: ArrayData): number {
    const known = this.#placed.get(data);
    if (known !== undefined) return known;
    const { buffer, byteOffset, byteLength } =
      this.precision === "f32" && data instanceof Float64Array ? Float32Array.from(data) : data;
    const offset = this.reserve(byteLength);
    const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
    this.#segments.push({ offset, bytes });
    this.#placed.set(data, offset);
    return offset;
  }

  /** A vector of two 64-bit words (each given as low and high half), once for each content. */
  literal(low: number, high: number): number {
    const name = `${low} ${high}`;
    const known = this.#floats.get(name);
    if (known !== undefined) return known;
    const offset = Math.ceil(this.#next / 16) * 16;
    this.#next = offset + 16;
    const bytes = new Uint8Array(Uint32Array.of(low, high, low, high).buffer);
    this.#segments.push({ offset, bytes });
    this.#floats.set(name, offset);
    return offset;
  }
}

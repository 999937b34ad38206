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
import { type Machine, wasmMachine } from "./machine.ts";
import type { ArrayData, DType, ValueType } from "../tensor/program.ts";
import { sizeOf } from "../tensor/shape.ts";

/** Chains in a group of WebAssembly's. */
export function groupOf(precision: Precision): number {
  return wasmMachine(precision).group;
}

/** Bytes that one element takes for all chains of a group; truth values are kept as words. */
export function elementBytes(dtype: DType, { precision, group }: Machine): number {
  return group * (dtype === "f64" ? formatOf(precision).bytes : 4);
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
  /** What its floats are. */
  readonly precision: Precision;
  /** How many chains it holds. */
  readonly group: number;
}

/**
 * Lays values of one group one after the other.
 *
 * @param types Their types.
 * @param machine Says what their floats are, and how many chains a group has.
 * @returns Where each lies.
 */
export function blockOf(types: readonly ValueType[], machine: Machine): Block {
  let offset = 0;
  const slots = types.map(({ dtype, shape }) => {
    const slot = { dtype, shape, offset };
    offset += sizeOf(shape) * elementBytes(dtype, machine);
    return slot;
  });
  const { precision, group } = machine;
  return { slots, bytes: roundUp(offset), precision, group };
}

/** The next multiple of a cache line. */
export function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/**
 * Memory that is laid out while code is written: literals, data and shared parameters, which all groups read,
 * and scratch. Where groups run one after the other, all of it is one region; else scratch is one of its own,
 * from 0 on, of which each group has a copy.
 */
export class Memory {
  /** What it is laid out for. */
  readonly machine: Machine;
  #next = 0;
  #scratch = 0;
  readonly #floats = new Map<string, number>();
  readonly #placed = new Map<ArrayBufferView, number>();
  readonly #segments: { readonly offset: number; readonly bytes: Uint8Array }[] = [];

  /** @param machine Says what floats are, and how groups run. */
  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Bytes that one element takes for all chains of a group. */
  elementBytes(dtype: DType): number {
    return elementBytes(dtype, this.machine);
  }

  /** The first byte after everything laid out so far, but for scratch of a region of its own. */
  get end(): number {
    return roundUp(this.#next);
  }

  /** How many bytes of scratch each group needs, where it has its own. */
  get scratchBytes(): number {
    return roundUp(this.#scratch);
  }

  /** What memory holds from the start. */
  get segments(): readonly { readonly offset: number; readonly bytes: Uint8Array }[] {
    return this.#segments;
  }

  /** Scratch, at a cache line: room for values of the chains of a group. */
  reserve(bytes: number): number {
    if (!this.machine.concurrent) return this.reserveShared(bytes);
    const offset = roundUp(this.#scratch);
    this.#scratch = offset + bytes;
    return offset;
  }

  /** Room for what all chains share, at a cache line. */
  reserveShared(bytes: number): number {
    const offset = roundUp(this.#next);
    this.#next = offset + bytes;
    return offset;
  }

  /** Data, at a cache line; the same array is placed once. */
  place(data: ArrayData): number {
    const known = this.#placed.get(data);
    if (known !== undefined) return known;
    const single = this.machine.precision === "f32" && data instanceof Float64Array;
    const { buffer, byteOffset, byteLength } = single ? Float32Array.from(data) : data;
    const offset = this.reserveShared(byteLength);
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

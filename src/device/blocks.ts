/**
 * Moves arrays over chains into the blocks of a module's memory and back.
 *
 * In memory the chains of a group lie side by side, element by element; a tensor is chain by chain.
 *
 * @module
 */
import { type Block, GROUP, type Slot } from "../compile/layout.ts";
import type { SharedSlot } from "../compile/ensemble.ts";
import type { ArrayData } from "../tensor/program.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";

/** Memory of a module, or a copy of a part of it. */
export interface Bytes {
  /** What it holds. */
  readonly buffer: ArrayBufferLike;
}

/** Memory as elements of a slot's type; truth values are kept as words. */
function view(memory: Bytes, { dtype }: Slot): Float64Array | Uint32Array {
  return dtype === "f64" ? new Float64Array(memory.buffer) : new Uint32Array(memory.buffer);
}

/** How many groups a number of chains makes. */
export function groupsOf(chains: number): number {
  return Math.ceil(chains / GROUP);
}

/**
 * Writes arrays over chains into consecutive blocks. The places of chains that are missing from the
 * last group repeat the last chain, so that they compute something harmless.
 *
 * @param memory The memory.
 * @param base Where the first block is.
 * @param block The layout of a block.
 * @param arrays One for each slot, each chains × shape.
 */
export function writeBlocks(
  memory: WebAssembly.Memory,
  base: number,
  block: Block,
  arrays: readonly Tensor[],
): void {
  block.slots.forEach((slot, i) => {
    const { data, shape } = arrays[i];
    const chains = shape[0];
    const size = sizeOf(slot.shape);
    const into = view(memory, slot);
    const width = into.BYTES_PER_ELEMENT;
    for (let group = 0; group < groupsOf(chains); group++) {
      const start = (base + group * block.bytes + slot.offset) / width;
      for (let lane = 0; lane < GROUP; lane++) {
        const chain = Math.min(group * GROUP + lane, chains - 1);
        for (let e = 0; e < size; e++) into[start + e * GROUP + lane] = data[chain * size + e];
      }
    }
  });
}

/**
 * Reads arrays over chains from consecutive blocks.
 *
 * @param memory The memory.
 * @param base Where the first block is.
 * @param block The layout of a block.
 * @param chains How many chains.
 * @returns One array for each slot, each chains × shape.
 */
export function readBlocks(
  memory: WebAssembly.Memory,
  base: number,
  block: Block,
  chains: number,
): Tensor[] {
  return block.slots.map((slot) => {
    const size = sizeOf(slot.shape);
    const data = allocate(slot.dtype, chains * size);
    readSlot(memory, base, block, slot, chains, data, size, 0);
    return fromArray({ dtype: slot.dtype, shape: [chains, ...slot.shape], data });
  });
}

/**
 * Reads one slot of consecutive blocks, chain c to `data[c · stride + offset …]`.
 *
 * @param memory The memory.
 * @param base Where the first block is.
 * @param block The layout of a block.
 * @param slot Which slot.
 * @param chains How many chains.
 * @param data Where to.
 * @param stride From one chain to the next.
 * @param offset Where the first chain starts.
 */
export function readSlot(
  memory: Bytes,
  base: number,
  block: Block,
  slot: Slot,
  chains: number,
  data: ArrayData,
  stride: number,
  offset: number,
): void {
  const size = sizeOf(slot.shape);
  const from = view(memory, slot);
  const width = from.BYTES_PER_ELEMENT;
  for (let chain = 0; chain < chains; chain++) {
    const group = Math.floor(chain / GROUP);
    const start = (base + group * block.bytes + slot.offset) / width + chain % GROUP;
    const to = chain * stride + offset;
    for (let e = 0; e < size; e++) data[to + e] = from[start + e * GROUP];
  }
}

/**
 * Writes what all chains share.
 *
 * @param memory The memory.
 * @param slots Where each goes.
 * @param values The values.
 */
export function writeShared(
  memory: WebAssembly.Memory,
  slots: readonly SharedSlot[],
  values: readonly Tensor[],
): void {
  slots.forEach(({ address, dtype }, i) => {
    const { data } = values[i];
    const into = dtype === "f64"
      ? new Float64Array(memory.buffer, address, data.length)
      : new Uint32Array(memory.buffer, address, data.length);
    into.set(data);
  });
}

/** Bytes of what all chains share; truth values are kept as words. */
function sharedBytes({ dtype, shape }: SharedSlot): number {
  return sizeOf(shape) * (dtype === "f64" ? 8 : 4);
}

/** A copy of a part of memory. */
export function copyOf(memory: Bytes, address: number, bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(memory.buffer, address, bytes).slice();
}

/** A copy of what all chains share. */
export function copyShared(
  memory: Bytes,
  slots: readonly SharedSlot[],
): { readonly address: number; readonly bytes: Uint8Array<ArrayBuffer> }[] {
  return slots.map((slot) => ({
    address: slot.address,
    bytes: copyOf(memory, slot.address, sharedBytes(slot)),
  }));
}

/** Grows a memory to hold at least so many bytes. */
export function ensureMemory(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
}

/**
 * Moves arrays over chains into the blocks of a module's memory and back.
 *
 * In memory the chains of a group lie side by side, element by element; a tensor is chain by chain.
 *
 * @module
 */
import type { Block, Slot } from "../compile/layout.ts";
import type { CompiledModule } from "../compile/ensemble.ts";
import type { Precision } from "../tensor/functions/precision.ts";
import type { ArrayData, ValueType } from "../tensor/program.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";

/** Memory of a module, or a copy of a part of it. */
export interface Bytes {
  /** What it holds. */
  readonly buffer: ArrayBufferLike;
}

/** Memory as elements of a type; truth values are kept as words. */
function view(
  { buffer }: Bytes,
  { dtype }: ValueType,
  precision: Precision,
): Float64Array | Float32Array | Uint32Array {
  if (dtype !== "f64") return new Uint32Array(buffer);
  return precision === "f64" ? new Float64Array(buffer) : new Float32Array(buffer);
}

/** How many groups a number of chains makes. */
export function groupsOf(chains: number, { group }: Block): number {
  return Math.ceil(chains / group);
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
  memory: Bytes,
  base: number,
  block: Block,
  arrays: readonly Tensor[],
): void {
  const lanes = block.group;
  block.slots.forEach((slot, i) => {
    const { data, shape } = arrays[i];
    const chains = shape[0];
    const size = sizeOf(slot.shape);
    const into = view(memory, slot, block.precision);
    const width = into.BYTES_PER_ELEMENT;
    for (let group = 0; group < groupsOf(chains, block); group++) {
      const start = (base + group * block.bytes + slot.offset) / width;
      for (let lane = 0; lane < lanes; lane++) {
        const chain = Math.min(group * lanes + lane, chains - 1);
        for (let e = 0; e < size; e++) into[start + e * lanes + lane] = data[chain * size + e];
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
  memory: Bytes,
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
  const lanes = block.group;
  const from = view(memory, slot, block.precision);
  const width = from.BYTES_PER_ELEMENT;
  for (let chain = 0; chain < chains; chain++) {
    const group = Math.floor(chain / lanes);
    const start = (base + group * block.bytes + slot.offset) / width + chain % lanes;
    const to = chain * stride + offset;
    for (let e = 0; e < size; e++) data[to + e] = from[start + e * lanes];
  }
}

/**
 * Writes what all chains share.
 *
 * @param memory The memory.
 * @param module Says where each goes.
 * @param values The values.
 */
export function writeShared(
  memory: Bytes,
  { shared, precision }: Pick<CompiledModule, "shared" | "precision">,
  values: readonly Tensor[],
): void {
  shared.forEach((slot, i) => {
    const { data } = values[i];
    const into = view(memory, slot, precision);
    into.set(data, slot.address / into.BYTES_PER_ELEMENT);
  });
}

/** A copy of a part of memory. */
export function copyOf(memory: Bytes, address: number, bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(memory.buffer, address, bytes).slice();
}

/** A copy of what all chains share. */
export function copyShared(
  memory: Bytes,
  { shared, precision }: Pick<CompiledModule, "shared" | "precision">,
): { readonly address: number; readonly bytes: Uint8Array<ArrayBuffer> }[] {
  return shared.map((slot) => {
    const { BYTES_PER_ELEMENT } = view(memory, slot, precision);
    return {
      address: slot.address,
      bytes: copyOf(memory, slot.address, sizeOf(slot.shape) * BYTES_PER_ELEMENT),
    };
  });
}

/** Grows a memory to hold at least so many bytes. */
export function ensureMemory(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
}

/**
 * The state of a run as bytes, to be kept in a file or a database and gone on from.
 *
 * The bytes hold a magic word, a checksum of the rest, the length of a JSON text that describes the
 * state, that text, and the elements of all arrays, little-endian, each at a multiple of eight bytes.
 *
 * @module
 */
import type { RunState } from "../adaptive/run_state.ts";
import type { ChainState } from "../kernels/kernel.ts";
import type { DType, Shape } from "../tensor/program.ts";
import { fromArray, Tensor } from "../tensor/tensor.ts";

/** "TRIB" and the version of the format. */
const MAGIC = Uint8Array.of(0x54, 0x52, 0x49, 0x42, 0, 0, 0, 1);
const HEAD = MAGIC.length + 8;

const ARRAYS = { Float64Array, Float32Array, Uint32Array, Uint8Array } as const;
type ArrayKind = keyof typeof ARRAYS;
type NumberArray = InstanceType<typeof ARRAYS[ArrayKind]>;

/** What the JSON text holds in place of what JSON lacks. */
type Coded =
  | { readonly $: "undefined" }
  | { readonly $: "number"; readonly value: string }
  | { readonly $: "array"; readonly kind: ArrayKind; readonly at: number; readonly length: number }
  | { readonly $: "tensor"; readonly dtype: DType; readonly shape: Shape; readonly data: Coded };

function align(at: number): number {
  return Math.ceil(at / 8) * 8;
}

/** Fowler, Noll & Vo's 32-bit hash, FNV-1a: notices what was cut off or changed by accident. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function kindOf(value: object): ArrayKind | undefined {
  return (Object.keys(ARRAYS) as ArrayKind[]).find((kind) => value instanceof ARRAYS[kind]);
}

/**
 * Writes the state of a run as bytes.
 *
 * @param state The state after any cycle.
 * @returns The bytes; the same state gives the same ones.
 * @throws {TypeError} If the state holds something other than plain data and concrete tensors.
 */
export function stateToBytes(state: RunState): Uint8Array<ArrayBuffer> {
  const parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  const array = (value: NumberArray, kind: ArrayKind): Coded => {
    const at = align(end);
    end = at + value.byteLength;
    parts.push({ at, bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) });
    return { $: "array", kind, at, length: value.length };
  };
  const code = (value: unknown): unknown => {
    if (value === undefined) return { $: "undefined" };
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
      return { $: "number", value: Object.is(value, -0) ? "-0" : String(value) };
    }
    if (value instanceof Tensor) {
      const { dtype, shape, data } = value;
      return { $: "tensor", dtype, shape, data: code(data) };
    }
    if (Array.isArray(value)) return value.map(code);
    if (typeof value === "object" && value !== null) {
      const kind = kindOf(value);
      if (kind !== undefined) return array(value as NumberArray, kind);
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, code(entry)]));
    }
    if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
      throw new TypeError(
        `Cannot write a state that holds a ${typeof value}: plain data is needed`,
      );
    }
    return value;
  };
  const text = new TextEncoder().encode(JSON.stringify(code(state)));
  const start = align(HEAD + text.length);
  const bytes = new Uint8Array(start + end);
  bytes.set(text, HEAD);
  for (const part of parts) bytes.set(part.bytes, start + part.at);
  const view = new DataView(bytes.buffer);
  view.setUint32(MAGIC.length + 4, text.length, true);
  bytes.set(MAGIC);
  view.setUint32(MAGIC.length, checksum(bytes.subarray(MAGIC.length + 4)), true);
  return bytes;
}

function refuse(reason: string): never {
  throw new SyntaxError(
    `Cannot read the state of a run: ${reason}; give the bytes that stateToBytes() wrote`,
  );
}

/** The JSON text and where the arrays begin, once magic and checksum are right. */
function unwrap(bytes: Uint8Array): { readonly text: string; readonly start: number } {
  if (bytes.length < HEAD || !MAGIC.every((byte, i) => i === 7 || byte === bytes[i])) {
    refuse("these are not the bytes of one");
  }
  if (bytes[7] !== MAGIC[7]) {
    refuse(`it has the format ${bytes[7]}, and this version reads ${MAGIC[7]}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(MAGIC.length, true) !== checksum(bytes.subarray(MAGIC.length + 4))) {
    refuse("it is damaged or cut off");
  }
  const length = view.getUint32(MAGIC.length + 4, true);
  const text = new TextDecoder().decode(bytes.subarray(HEAD, HEAD + length));
  return { text, start: align(HEAD + length) };
}

/**
 * Reads the state of a run.
 *
 * @param bytes What {@linkcode stateToBytes} wrote.
 * @returns The state: give it to `sample` as `resume`, or to `runAdaptive`.
 * @throws {SyntaxError} If the bytes are foreign, damaged or of another format.
 *
 * @example A run that goes on in another process
 * ```ts
 * import { density, key, sample, stateFromBytes, stateToBytes } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const gaussian = density(2, (x) => x.square().sum().mul(-0.5));
 * const options = { flow: "none", stop: { effectiveSampleSize: 500 } } as const;
 * const first = await sample(gaussian, key(1), options);
 * const bytes = stateToBytes(first.state);
 * const more = await sample(gaussian, key(1), {
 *   ...options,
 *   stop: { effectiveSampleSize: 5000 },
 *   resume: stateFromBytes(bytes),
 * });
 * assert(more.draws.x.shape[1] > first.draws.x.shape[1]);
 * ```
 */
export function stateFromBytes<State extends ChainState = ChainState>(
  bytes: Uint8Array,
): RunState<State> {
  const { text, start } = unwrap(bytes);
  const data = bytes.slice().buffer;
  const array = (kind: ArrayKind, at: number, length: number): NumberArray => {
    const width = ARRAYS[kind].BYTES_PER_ELEMENT;
    return new ARRAYS[kind](data.slice(start + at, start + at + length * width));
  };
  const decode = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(decode);
    if (typeof value !== "object" || value === null) return value;
    if (!("$" in value)) {
      return Object.fromEntries(
        Object.entries(value).map(([name, entry]) => [name, decode(entry)]),
      );
    }
    const coded = value as Coded;
    switch (coded.$) {
      case "undefined":
        return undefined;
      case "number":
        return Number(coded.value);
      case "array":
        return array(coded.kind, coded.at, coded.length);
      case "tensor": {
        const { dtype, shape } = coded;
        return fromArray({ dtype, shape, data: decode(coded.data) as Float64Array });
      }
    }
  };
  return decode(JSON.parse(text)) as RunState<State>;
}

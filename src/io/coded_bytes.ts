/**
 * Plain data with arrays and tensors as bytes.
 *
 * The bytes hold a magic word with the version of the format, a checksum of the rest, the length of a
 * JSON text that describes the data, that text, and the elements of all arrays, little-endian, each at a
 * multiple of eight bytes.
 *
 * @module
 */
import type { DType, Shape } from "../tensor/program.ts";
import { fromArray, Tensor } from "../tensor/tensor.ts";

/** What bytes are of, and how they are called in errors. */
export interface Format {
  /** Four letters that the bytes begin with. */
  readonly letters: string;
  /** The version of the format, up to 255. */
  readonly version: number;
  /** What they hold, as "the state of a run". */
  readonly content: string;
  /** The functions that write and read them. */
  readonly functions: { readonly write: string; readonly read: string };
}

/** Letters, three zeros and the version; then the checksum and the length of the text. */
const MAGIC = 8;
const HEAD = MAGIC + 8;

const ARRAYS = { Float64Array, Float32Array, Uint32Array, Uint8Array } as const;
type ArrayKind = keyof typeof ARRAYS;
type NumberArray = InstanceType<typeof ARRAYS[ArrayKind]>;

/** What the JSON text holds in place of what JSON lacks. */
type Coded =
  | { readonly $: "undefined" }
  | { readonly $: "number"; readonly value: string }
  | { readonly $: "array"; readonly kind: ArrayKind; readonly at: number; readonly length: number }
  | { readonly $: "tensor"; readonly dtype: DType; readonly shape: Shape; readonly data: Coded };

function magicOf({ letters, version }: Format): Uint8Array {
  const letterBytes = new TextEncoder().encode(letters);
  return Uint8Array.of(...letterBytes, 0, 0, 0, version);
}

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
 * Writes data as bytes.
 *
 * @param format What they are of.
 * @param data Numbers, text, truth values, typed arrays and concrete tensors, in records and lists.
 * @returns The bytes; the same data give the same ones.
 * @throws {TypeError} If the data hold something else.
 */
export function toBytes(format: Format, data: unknown): Uint8Array<ArrayBuffer> {
  const parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let end = 0;
  const array = (value: NumberArray, kind: ArrayKind): Coded => {
    const at = align(end);
    end = at + value.byteLength;
    parts.push({ at, bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) });
    return { $: "array", kind, at, length: value.length };
  };
  const refuse = (what: string): never => {
    throw new TypeError(
      `Cannot write ${format.content} that holds ${what}: plain data is needed`,
    );
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
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) {
        refuse(`a ${value.constructor?.name ?? "class"}`);
      }
      if ("$" in value) refuse("an entry of the name $");
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, code(entry)]));
    }
    if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
      refuse(`a ${typeof value}`);
    }
    return value;
  };
  const text = new TextEncoder().encode(JSON.stringify(code(data)));
  const start = align(HEAD + text.length);
  const bytes = new Uint8Array(start + end);
  bytes.set(text, HEAD);
  for (const part of parts) bytes.set(part.bytes, start + part.at);
  const view = new DataView(bytes.buffer);
  view.setUint32(MAGIC + 4, text.length, true);
  bytes.set(magicOf(format));
  view.setUint32(MAGIC, checksum(bytes.subarray(MAGIC + 4)), true);
  return bytes;
}

/** The JSON text and where the arrays begin, once magic and checksum are right. */
function unwrap(
  format: Format,
  others: readonly Format[],
  bytes: Uint8Array,
): { readonly text: string; readonly start: number } {
  const refuse = (reason: string): never => {
    throw new SyntaxError(
      `Cannot read ${format.content}: ${reason}; give the bytes that ${format.functions.write}() ` +
        "wrote",
    );
  };
  if (!(bytes instanceof Uint8Array)) refuse("a Uint8Array is needed");
  const begins = (of: Format): boolean =>
    bytes.length >= HEAD && magicOf(of).every((byte, i) => i === MAGIC - 1 || byte === bytes[i]);
  const other = others.find(begins);
  if (other !== undefined) {
    refuse(`these bytes are ${other.content}, which ${other.functions.read}() reads`);
  }
  if (!begins(format)) refuse("these are not the bytes of one");
  if (bytes[MAGIC - 1] !== format.version) {
    refuse(`it has the format ${bytes[MAGIC - 1]}, and this version reads ${format.version}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(MAGIC, true) !== checksum(bytes.subarray(MAGIC + 4))) {
    refuse("it is damaged or cut off");
  }
  const length = view.getUint32(MAGIC + 4, true);
  const text = new TextDecoder().decode(bytes.subarray(HEAD, HEAD + length));
  return { text, start: align(HEAD + length) };
}

/**
 * Reads data from bytes.
 *
 * @param format What they should be of.
 * @param bytes What {@linkcode toBytes} wrote with that format.
 * @param others What else they could be, to be told.
 * @returns The data; they share no memory with the bytes.
 * @throws {SyntaxError} If the bytes are foreign, damaged or of another version.
 */
export function fromBytes(
  format: Format,
  bytes: Uint8Array,
  others: readonly Format[] = [],
): unknown {
  const { text, start } = unwrap(format, others, bytes);
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
  return decode(JSON.parse(text));
}

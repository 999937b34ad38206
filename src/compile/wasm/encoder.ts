/**
 * Bytes of the WebAssembly binary format (Core specification 2.0, §5).
 *
 * @module
 */

/** A growing array of bytes. */
export class Bytes {
  #data = new Uint8Array(4096);
  #length = 0;

  /** Number of bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** The bytes so far. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#data.slice(0, this.#length);
  }

  /** Appends bytes as they are. */
  raw(bytes: ArrayLike<number>): this {
    this.#reserve(bytes.length);
    this.#data.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Appends one byte. */
  byte(value: number): this {
    this.#reserve(1);
    this.#data[this.#length++] = value;
    return this;
  }

  /** Appends an unsigned number in LEB128. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Appends a signed 32-bit number in LEB128. */
  signed(value: number): this {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const last = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
      if (last) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  /** Appends a name: its length, then its UTF-8 bytes. */
  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.unsigned(bytes.length).raw(bytes);
  }

  /** Appends a block of bytes after its length. */
  sized(block: Bytes): this {
    return this.unsigned(block.length).raw(block.take());
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#data.length) return;
    const wider = new Uint8Array(Math.max(2 * this.#data.length, this.#length + more));
    wider.set(this.#data.subarray(0, this.#length));
    this.#data = wider;
  }
}

/** Types of values. */
export const VALUE_TYPE = { i32: 0x7f, v128: 0x7b } as const;

/** Instructions of one byte. */
export const CODE = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  call: 0x10,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32LessUnsigned: 0x49,
  i32Add: 0x6a,
  i32Mul: 0x6c,
  i32DivideUnsigned: 0x6e,
  i32RemainderUnsigned: 0x70,
} as const;

/** The byte before the number of a vector instruction. */
export const SIMD_PREFIX = 0xfd;

/** Vector instructions: the number after the prefix. */
export const SIMD = {
  load: 0x00,
  load32Splat: 0x09,
  load64Splat: 0x0a,
  store: 0x0b,
  shuffle: 0x0d,
  i32x4Splat: 0x11,
  i32x4ExtractLane: 0x1b,
  i32x4Equal: 0x37,
  i32x4LessUnsigned: 0x3a,
  i32x4LessEqualUnsigned: 0x3e,
  f32x4Equal: 0x41,
  f32x4Less: 0x43,
  f32x4LessEqual: 0x45,
  f64x2Equal: 0x47,
  f64x2Less: 0x49,
  f64x2LessEqual: 0x4b,
  not: 0x4d,
  load32Lane: 0x56,
  load64Lane: 0x57,
  and: 0x4e,
  andNot: 0x4f,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  f32x4Floor: 0x68,
  f32x4Nearest: 0x6a,
  f64x2Ceil: 0x74,
  f64x2Floor: 0x75,
  f64x2Nearest: 0x94,
  i32x4ShiftLeft: 0xab,
  i32x4ShiftRightSigned: 0xac,
  i32x4ShiftRightUnsigned: 0xad,
  i32x4Add: 0xae,
  i32x4Sub: 0xb1,
  i32x4Mul: 0xb5,
  i32x4MaxUnsigned: 0xb9,
  i64x2ExtendLow: 0xc7,
  i64x2ExtendHigh: 0xc8,
  i64x2ShiftLeft: 0xcb,
  i64x2ShiftRightUnsigned: 0xcd,
  i64x2Add: 0xce,
  i64x2Sub: 0xd1,
  f32x4Sqrt: 0xe3,
  f32x4Add: 0xe4,
  f32x4Sub: 0xe5,
  f32x4Mul: 0xe6,
  f32x4Div: 0xe7,
  f32x4Min: 0xe8,
  f32x4Max: 0xe9,
  f32x4PseudoMin: 0xea,
  f32x4PseudoMax: 0xeb,
  f64x2Sqrt: 0xef,
  f64x2Add: 0xf0,
  f64x2Sub: 0xf1,
  f64x2Mul: 0xf2,
  f64x2Div: 0xf3,
  f64x2Min: 0xf4,
  f64x2Max: 0xf5,
  f64x2PseudoMin: 0xf6,
  f64x2PseudoMax: 0xf7,
  i32x4TruncateF32x4Unsigned: 0xf9,
  f32x4ConvertI32x4Signed: 0xfa,
  f32x4ConvertI32x4Unsigned: 0xfb,
  i32x4TruncateF64x2Unsigned: 0xfd,
} as const;

/** A function of a module. */
export interface WasmFunction {
  /** The name under which it is exported. */
  readonly name: string;
  /** How many i32 arguments it takes; it gives nothing. */
  readonly arguments: number;
  /** Types of its further locals. */
  readonly locals: readonly number[];
  /** Its instructions, the last `end` included. */
  readonly code: Bytes;
}

/** Bytes put into memory when the module is instantiated. */
export interface Segment {
  /** Where they go. */
  readonly offset: number;
  /** The bytes. */
  readonly bytes: Uint8Array;
}

const PAGE = 65536;

/** Where a module finds the functions that it imports, under the names "0", "1" … */
export const IMPORTS = "host";

/**
 * A module with an exported memory `memory`.
 *
 * @param functions Its functions.
 * @param segments The first contents of its memory.
 * @param memoryBytes How much memory it starts with.
 * @param imports How many functions of two addresses it imports; they come before its own.
 * @returns The bytes of the module.
 */
export function encodeModule(
  functions: readonly WasmFunction[],
  segments: readonly Segment[],
  memoryBytes: number,
  imports = 0,
): Uint8Array<ArrayBuffer> {
  const module = new Bytes().raw([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  const section = (id: number, count: number, write: (body: Bytes) => void): void => {
    const body = new Bytes().unsigned(count);
    write(body);
    module.byte(id).sized(body);
  };
  const taken = [...functions.map((f) => f.arguments), ...imports > 0 ? [2] : []];
  section(1, taken.length, (body) => {
    for (const count of taken) {
      body.byte(0x60).unsigned(count);
      for (let i = 0; i < count; i++) body.byte(VALUE_TYPE.i32);
      body.unsigned(0);
    }
  });
  if (imports > 0) {
    section(2, imports, (body) => {
      for (let i = 0; i < imports; i++) {
        body.name(IMPORTS).name(String(i)).byte(0).unsigned(functions.length);
      }
    });
  }
  section(3, functions.length, (body) => functions.forEach((_, i) => body.unsigned(i)));
  section(5, 1, (body) => body.byte(0).unsigned(Math.ceil(memoryBytes / PAGE)));
  section(7, functions.length + 1, (body) => {
    body.name("memory").byte(2).unsigned(0);
    functions.forEach((f, i) => body.name(f.name).byte(0).unsigned(imports + i));
  });
  section(10, functions.length, (body) => {
    for (const f of functions) {
      const code = new Bytes();
      const runs = runsOf(f.locals);
      code.unsigned(runs.length);
      for (const [count, type] of runs) code.unsigned(count).byte(type);
      body.sized(code.raw(f.code.take()));
    }
  });
  section(11, segments.length, (body) => {
    for (const { offset, bytes } of segments) {
      body.byte(0).byte(CODE.i32Const).signed(offset).byte(CODE.end);
      body.unsigned(bytes.length).raw(bytes);
    }
  });
  return module.take();
}

function runsOf(types: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const type of types) {
    const last = runs.at(-1);
    if (last?.[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  return runs;
}

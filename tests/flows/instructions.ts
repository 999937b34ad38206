/** A reader of WebAssembly modules: sections and the instructions of their functions. */

/** Reads bytes one after the other. */
class Reader {
  #bytes: Uint8Array;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get done(): boolean {
    return this.at >= this.#bytes.length;
  }
  byte(): number {
    if (this.done) throw new RangeError("The module ends within an instruction");
    return this.#bytes[this.at++];
  }
  /** An unsigned LEB128 number; signed ones are skipped by it too. */
  number(): number {
    let [value, scale] = [0, 1];
    while (true) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }
  take(length: number): Uint8Array {
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
  text(): string {
    return new TextDecoder().decode(this.take(this.number()));
  }
}

/** A section: its number, its name if it is a custom one, its content. */
export interface Section {
  readonly id: number;
  readonly name: string;
  readonly content: Uint8Array;
}

/** The sections of a module. */
export function sectionsOf(module: Uint8Array): Section[] {
  const reader = new Reader(module);
  reader.take(8);
  const sections: Section[] = [];
  while (!reader.done) {
    const id = reader.byte();
    const content = new Reader(reader.take(reader.number()));
    const name = id === 0 ? content.text() : "";
    sections.push({ id, name, content: content.take(Infinity) });
  }
  return sections;
}

/** How many numbers follow an opcode that is not prefixed; none unless it is here. */
const NUMBERS: Readonly<Record<number, number>> = {
  ...{ 0x02: 1, 0x03: 1, 0x04: 1, 0x0c: 1, 0x0d: 1, 0x10: 1, 0x11: 2, 0x12: 1, 0x13: 2 },
  ...{ 0x20: 1, 0x21: 1, 0x22: 1, 0x23: 1, 0x24: 1, 0x25: 1, 0x26: 1, 0x3f: 1, 0x40: 1 },
  ...{ 0x41: 1, 0x42: 1, 0xd0: 1, 0xd2: 1 },
};

/** The same after 0xfc: memory and table operations. */
const BULK_NUMBERS: Readonly<Record<number, number>> = {
  ...{ 8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1 },
};

function skipVector(reader: Reader, code: number): void {
  const memory = code <= 11 || (code >= 84 && code <= 93);
  if (memory) skipNumbers(reader, 2);
  if (code === 12 || code === 13) reader.take(16);
  const lane = (code >= 21 && code <= 34) || (code >= 84 && code <= 91);
  if (lane) reader.byte();
}

function skipNumbers(reader: Reader, count: number): void {
  for (let i = 0; i < count; i++) reader.number();
}

/** Reads one instruction and gives its name: `6a`, or `fd e4` with a prefix. */
function instruction(reader: Reader): string {
  const opcode = reader.byte();
  if (opcode >= 0xfc) {
    const code = reader.number();
    if (opcode === 0xfd) skipVector(reader, code);
    else skipNumbers(reader, BULK_NUMBERS[code] ?? 0);
    return `${opcode.toString(16)} ${code.toString(16)}`;
  }
  if (opcode >= 0x28 && opcode <= 0x3e) skipNumbers(reader, 2);
  else if (opcode === 0x43) reader.take(4);
  else if (opcode === 0x44) reader.take(8);
  else if (opcode === 0x0e) skipNumbers(reader, reader.number() + 1);
  else if (opcode === 0x1c) skipNumbers(reader, reader.number());
  else skipNumbers(reader, NUMBERS[opcode] ?? 0);
  return opcode.toString(16);
}

/** How often each instruction occurs in a module. */
export function instructionsOf(module: Uint8Array): Map<string, number> {
  const counts = new Map<string, number>();
  const code = sectionsOf(module).find(({ id }) => id === 10);
  if (code === undefined) return counts;
  const reader = new Reader(code.content);
  for (let left = reader.number(); left > 0; left--) {
    const body = new Reader(reader.take(reader.number()));
    for (let groups = body.number(); groups > 0; groups--) {
      body.number();
      body.byte();
    }
    let last = "";
    while (!body.done) {
      last = instruction(body);
      counts.set(last, (counts.get(last) ?? 0) + 1);
    }
    // A reader that had lost its place would not end on a function's `end`.
    if (last !== "b") throw new Error(`A function ends with the instruction ${last}`);
  }
  return counts;
}

/** Loop nests written statement by statement, as no pass has seen them, and what they do to memory. */
import type {
  Call,
  Callee,
  Instruction,
  LaneType,
  Loop,
  Nest,
  Operation,
  Statement,
} from "../../../src/compile/nest.ts";

/** Bytes of an element of a group, for floats of 64 bits. */
export const ELEMENT = 64;
/** Where argument 0 points to; what is fixed lies below. */
export const AREA: number = 1 << 20;

const CALLEE: Callee = {
  host: { name: "blackBox", value: (x) => x[0], gradient: undefined },
  output: "value",
  length: 1,
};

/** Takes instructions and statements as they are given. */
export class RawNest {
  readonly instructions: Instruction[] = [];
  readonly callees: Callee[] = [];
  readonly #blocks: Statement[][] = [[]];
  readonly #indices = new Map<number, number>();

  /** Adds an instruction where the nest stands. */
  define(
    operation: Operation,
    type: LaneType,
    operands: readonly number[] = [],
    immediate = 0,
  ): number {
    const id = this.#instruction(operation, type, operands, immediate);
    this.#block.push({ kind: "define", id });
    return id;
  }

  /** A literal index, once for each number: loops of equal counts have the same. */
  index(value: number): number {
    const known = this.#indices.get(value);
    if (known !== undefined) return known;
    const id = this.#instruction("constantIndex", "index", [], value);
    this.#blocks[0].push({ kind: "define", id });
    this.#indices.set(value, id);
    return id;
  }

  /** `index · factor + offset`, in bytes of elements. */
  address(index: number, factor: number, offset = 0): number {
    const scaled = this.define("mulIndex", "index", [index, this.index(factor * ELEMENT)]);
    return offset === 0
      ? scaled
      : this.define("addIndex", "index", [scaled, this.index(offset * ELEMENT)]);
  }

  /** The element at an address, some elements on. */
  load(address: number, offset = 0): number {
    return this.define("load", "f64", [address], offset * ELEMENT);
  }

  /** Data that all chains share, at an address. */
  data(address: number): number {
    return this.define("loadShared", "f64", [address]);
  }

  add(a: number, b: number): number {
    return this.define("add", "f64", [a, b]);
  }

  /** Writes an element to an address, some elements on. */
  store(address: number, value: number, offset = 0): void {
    this.#block.push({ kind: "store", address, offset: offset * ELEMENT, value });
  }

  /** Calls the host on one element, for one element. */
  call(from: number, to: number): void {
    this.callees.push(CALLEE);
    const call: Call = {
      kind: "call",
      callee: this.callees.length - 1,
      from: from * ELEMENT,
      fromBytes: ELEMENT,
      to: to * ELEMENT,
      toBytes: ELEMENT,
    };
    this.#block.push(call);
  }

  /** A loop; gives what is carried out of it. */
  loop(
    count: number,
    first: readonly number[],
    turn: (counter: number, carried: readonly number[]) => readonly number[],
  ): number[] {
    const counter = this.#instruction("counter", "index", [], 0);
    const inside = first.map(() => this.#instruction("carried", "f64", [], 0));
    const body: Statement[] = [];
    this.#blocks.push(body);
    const next = turn(counter, inside);
    this.#blocks.pop();
    const carries = inside.map((id, i) => ({ inside: id, first: first[i], next: next[i] }));
    const loop: Loop = { kind: "loop", count, counter, carries, body };
    this.#block.push(loop);
    return inside.map((id) => this.define("carried", "f64", [id]));
  }

  finish(): Nest {
    return { instructions: this.instructions, body: this.#blocks[0], callees: this.callees };
  }

  get #block(): Statement[] {
    return this.#blocks[this.#blocks.length - 1];
  }

  #instruction(
    operation: Operation,
    type: LaneType,
    operands: readonly number[],
    immediate: number,
  ): number {
    const instruction = { operation, type, operands, immediate, uniform: false, depth: 0 };
    return this.instructions.push(instruction) - 1;
  }
}

/** What memory holds before: a number of its own at each address. */
function initial(address: number): number {
  return Math.fround(1 / (address / ELEMENT + 3));
}

const COMPUTED: { readonly [P in Operation]?: (a: number, b: number, literal: number) => number } =
  {
    addIndex: (a, b) => a + b,
    mulIndex: (a, b) => a * b,
    divideIndex: (a, _, by) => Math.floor(a / by),
    remainderIndex: (a, _, by) => a % by,
    limitIndex: (a, _, most) => Math.min(a, most),
    constantIndex: (_, __, value) => value,
    constant: (_, __, value) => value,
    constantWord: (_, __, value) => value,
    argument: () => AREA,
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    carried: (a) => a,
    loadShared: (a, _, offset) => Math.sin(a + offset + 1),
  };

/** What a nest leaves where argument 0 points to, for one chain: from address to number. */
export function memoryAfter({ instructions, body }: Nest): Map<number, number> {
  const values: number[] = [];
  const memory = new Map<number, number>();
  const read = (address: number): number => memory.get(address) ?? initial(address);
  const define = (id: number): void => {
    const { operation, operands, immediate } = instructions[id];
    const [a, b] = operands.map((operand) => valueOf(operand));
    if (operation === "load") values[id] = read(a + immediate);
    else if (operation === "loadLane") values[id] = read(a + b + immediate);
    else values[id] = (COMPUTED[operation] as (...x: number[]) => number)(a, b, immediate);
  };
  const valueOf = (id: number): number => {
    const { operation } = instructions[id];
    if (operation.startsWith("constant") || operation === "argument") define(id);
    if (values[id] === undefined) throw new Error(`${operation} ${id} is read before it is there`);
    return values[id];
  };
  const run = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.kind === "define") define(statement.id);
      else if (statement.kind === "store") {
        memory.set(valueOf(statement.address) + statement.offset, valueOf(statement.value));
      } else if (statement.kind === "call") memory.set(statement.to, read(statement.from) * 3 - 1);
      else {
        statement.carries.forEach(({ inside, first }) => values[inside] = valueOf(first));
        const turns = valueOf(statement.count);
        for (let turn = 0; turn < turns; turn++) {
          values[statement.counter] = turn;
          run(statement.body);
          const next = statement.carries.map(({ next }) => valueOf(next));
          statement.carries.forEach(({ inside }, i) => values[inside] = next[i]);
        }
      }
    }
  };
  run(body);
  return new Map([...memory].filter(([address]) => address >= AREA).sort(([a], [b]) => a - b));
}

/** How many statements there are of each kind, and how many of them load. */
export interface Counts {
  loop: number;
  store: number;
  call: number;
  load: number;
  define: number;
}

/** Counts the statements of a nest, those in loops too. */
export function countsOf({ instructions, body }: Nest): Counts {
  const counts: Counts = { loop: 0, store: 0, call: 0, load: 0, define: 0 };
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      counts[statement.kind]++;
      if (statement.kind === "loop") visit(statement.body);
      if (statement.kind !== "define") continue;
      if (instructions[statement.id].operation === "load") counts.load++;
    }
  };
  visit(body);
  return counts;
}

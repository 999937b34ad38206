/**
 * Prints a loop nest as a WebAssembly SIMD function for one group of chains.
 *
 * A group is two halves of equal form. Some instructions are printed for one half, then for the other:
 * few enough that the processor works on both at once, which hides the latency of each, and many
 * enough that what one half needs stays in registers.
 *
 * @module
 */
import type { Memory } from "../layout.ts";
import type { Call, Instruction, Loop, Nest, Statement } from "../nest.ts";
import { lastUses } from "./last_uses.ts";
import { type VectorCode, vectorCodeOf } from "./precision_code.ts";
import { pushLargestWord, type VectorStack } from "./vector_code.ts";
import { Bytes, CODE, SIMD, SIMD_PREFIX, VALUE_TYPE, type WasmFunction } from "./encoder.ts";

/** So many instructions are printed for one half of the group before the other (8: 3 % slower; 200: 18 %). */
const RUN = 32;

class Printer implements VectorStack {
  /** What comes before the code. */
  readonly prologue = new Bytes();
  readonly code = new Bytes();
  readonly locals: number[] = [];
  readonly #nest: Nest;
  readonly #memory: Memory;
  readonly #arguments: number;
  /** How floats are computed with, and how many chains a vector holds. */
  readonly #vector: VectorCode;
  /** Chains in a group. */
  readonly #group: number;
  /** The local of the literal at an address. */
  readonly #literals = new Map<number, number>();
  /** The locals of a value, one for each of its vectors. */
  readonly #home = new Map<number, readonly number[]>();
  /** Locals that can be used again: by type, and for each half or, if they serve both, the whole. */
  readonly #free: { readonly [type: number]: readonly [number[], number[], number[]] } = {
    [VALUE_TYPE.i32]: [[], [], []],
    [VALUE_TYPE.v128]: [[], [], []],
  };
  /** Values of both halves whose locals are free at the end of a run. */
  #spentByBoth: number[] = [];
  /** The half that is being printed. */
  #half = 0;
  /** The values that are read for the last time at each position. */
  readonly #spent: Map<number, number[]>;
  #position = 0;

  constructor(nest: Nest, memory: Memory, argumentCount: number) {
    this.#nest = nest;
    this.#memory = memory;
    this.#arguments = argumentCount;
    this.#vector = vectorCodeOf(memory.machine.precision);
    this.#group = memory.machine.group;
    this.#spent = new Map();
    for (const [id, position] of lastUses(nest)) {
      const others = this.#spent.get(position);
      if (others === undefined) this.#spent.set(position, [id]);
      else others.push(id);
    }
  }

  block(statements: readonly Statement[], longest = RUN): void {
    for (let i = 0; i < statements.length;) {
      const statement = statements[i];
      if (this.#isWhole(statement)) {
        this.#whole(statement);
        i++;
        continue;
      }
      const rest = statements.slice(i, i + longest);
      const end = rest.findIndex((each) => this.#isWhole(each));
      const run = end < 0 ? rest : rest.slice(0, end);
      this.#run(run);
      i += run.length;
    }
  }

  /** Whether a statement is there once for both halves. */
  #isWhole(statement: Statement): boolean {
    return statement.kind === "loop" || statement.kind === "call" ||
      statement.kind === "define" && this.#at(statement.id).operation === "largestWord";
  }

  #whole(statement: Statement): void {
    if (statement.kind === "loop") {
      this.#loop(statement);
      return;
    }
    if (statement.kind === "call") this.#call(statement);
    else if (statement.kind === "define") {
      const [words] = this.#at(statement.id).operands;
      const copy = this.#allocate(VALUE_TYPE.v128, 2);
      pushLargestWord(this, words, this.#vectors(words), copy);
      this.#free[VALUE_TYPE.v128][2].push(copy);
      this.#set(statement.id);
    }
    this.#advance();
  }

  /** Statements without a loop, for one half and then for the other. */
  #run(statements: readonly Statement[]): void {
    for (const half of [0, 1]) {
      this.#half = half;
      for (const statement of statements) {
        if (statement.kind === "store") {
          this.#store(statement.address, statement.offset, statement.value);
        } else if (statement.kind === "define") this.#define(statement.id);
        if (half === 0) this.#advance();
      }
    }
    for (const id of this.#spentByBoth) this.#release(id);
    this.#spentByBoth = [];
  }

  #at(id: number): Instruction {
    return this.#nest.instructions[id];
  }

  /** How many vectors a value takes. */
  #vectors(id: number): number {
    const { uniform, type } = this.#at(id);
    return uniform || type === "index" ? 1 : this.#group / this.#vector.lanes[type];
  }

  /** The vectors of a value of so many that the present half prints: a single one is the first's. */
  #ofHalf(vectors: number): readonly number[] {
    if (vectors === 1) return this.#half === 0 ? [0] : [];
    const each = vectors / 2;
    return Array.from({ length: each }, (_, i) => this.#half * each + i);
  }

  simd(code: number): void {
    this.code.byte(SIMD_PREFIX).unsigned(code);
  }

  /** A local for a half of a group, or, numbered 2, for both. */
  #allocate(type: number, half: number): number {
    const free = this.#free[type][half].pop();
    if (free !== undefined) return free;
    this.locals.push(type);
    return this.#arguments + this.locals.length - 1;
  }

  #typeOf(id: number): number {
    return this.#at(id).type === "index" ? VALUE_TYPE.i32 : VALUE_TYPE.v128;
  }

  /** Which half each local of a value belongs to. */
  #halves(id: number): readonly number[] {
    const vectors = this.#vectors(id);
    if (vectors === 1) return [2];
    return Array.from({ length: vectors }, (_, v) => v < vectors / 2 ? 0 : 1);
  }

  #homeOf(id: number): readonly number[] {
    const known = this.#home.get(id);
    if (known !== undefined) return known;
    const type = this.#typeOf(id);
    const locals = this.#halves(id).map((half) => this.#allocate(type, half));
    this.#home.set(id, locals);
    return locals;
  }

  #release(id: number): void {
    const type = this.#typeOf(id);
    const locals = this.#home.get(id) ?? [];
    this.#halves(id).forEach((half, i) => this.#free[type][half].push(locals[i]));
  }

  /** Goes on, and gives back the locals of values that are not read any more. */
  #advance(): void {
    for (const id of this.#spent.get(this.#position) ?? []) {
      if (!this.#home.has(id)) continue;
      // The second half has yet to read what serves both.
      if (this.#vectors(id) === 1) this.#spentByBoth.push(id);
      else this.#release(id);
    }
    this.#position++;
  }

  /** Literals are loaded once, at the start: a local takes fewer bytes than an address at each use. */
  literal(low: number, high: number): void {
    const address = this.#memory.literal(low, high);
    let local = this.#literals.get(address);
    if (local === undefined) {
      this.locals.push(VALUE_TYPE.v128);
      local = this.#arguments + this.locals.length - 1;
      this.#literals.set(address, local);
      this.prologue.byte(CODE.i32Const).signed(0).byte(SIMD_PREFIX).unsigned(SIMD.load);
      this.prologue.unsigned(4).unsigned(address).byte(CODE.localSet).unsigned(local);
    }
    this.code.byte(CODE.localGet).unsigned(local);
  }

  /** Pushes vector `v` of a value. */
  get(id: number, v = 0): void {
    const { operation, immediate } = this.#at(id);
    if (operation === "constant") this.literal(...this.#vector.constant(immediate));
    else if (operation === "constantWord") this.literal(immediate, immediate);
    else if (operation === "constantIndex") this.code.byte(CODE.i32Const).signed(immediate);
    else if (operation === "argument") this.code.byte(CODE.localGet).unsigned(immediate);
    else {
      const locals = this.#homeOf(id);
      this.code.byte(CODE.localGet).unsigned(locals[locals.length === 1 ? 0 : v]);
    }
  }

  #set(id: number, v = 0): void {
    this.code.byte(CODE.localSet).unsigned(this.#homeOf(id)[v]);
  }

  #loop({ count, counter, carries, body, inHalves }: Loop): void {
    for (const { inside, first } of carries) this.#copy(first, inside, this.#all(inside));
    this.code.byte(CODE.i32Const).signed(0);
    this.#set(counter);
    this.code.byte(CODE.block).byte(0x40);
    this.get(count);
    this.code.byte(CODE.i32Eqz).byte(CODE.branchIf).unsigned(0);
    this.code.byte(CODE.loop).byte(0x40);
    this.#advance();
    this.block(body, inHalves ? body.length : RUN);
    // All new values are pushed before the first is set: they may be each other's old ones.
    for (const { inside, next } of carries) {
      for (let v = 0; v < this.#vectors(inside); v++) this.get(next, v);
    }
    for (const { inside } of carries.toReversed()) {
      for (let v = this.#vectors(inside) - 1; v >= 0; v--) this.#set(inside, v);
    }
    this.get(counter);
    this.code.byte(CODE.i32Const).signed(1).byte(CODE.i32Add);
    this.code.byte(CODE.localTee).unsigned(this.#homeOf(counter)[0]);
    this.get(count);
    this.code.byte(CODE.i32LessUnsigned).byte(CODE.branchIf).unsigned(0);
    this.code.byte(CODE.end).byte(CODE.end);
    this.#advance();
  }

  #all(id: number): readonly number[] {
    return Array.from({ length: this.#vectors(id) }, (_, v) => v);
  }

  #copy(from: number, to: number, vectors: readonly number[]): void {
    for (const v of vectors) {
      this.get(from, v);
      this.#set(to, v);
    }
  }

  #store(address: number, offset: number, value: number): void {
    const { type } = this.#at(value);
    const of = type === "index" ? 1 : this.#group / this.#vector.lanes[type];
    for (const v of this.#ofHalf(of)) {
      this.get(address);
      this.get(value, v);
      this.simd(SIMD.store);
      this.code.unsigned(4).unsigned(offset + 16 * v);
    }
  }

  /** Imported functions come first among the functions of a module. */
  #call({ callee, from, to }: Call): void {
    this.code.byte(CODE.i32Const).signed(from).byte(CODE.i32Const).signed(to);
    this.code.byte(CODE.call).unsigned(callee);
  }

  #define(id: number): void {
    const { operation, operands, immediate } = this.#at(id);
    const vectors = this.#ofHalf(this.#vectors(id));
    if (vectors.length === 0) return;
    switch (operation) {
      case "constant":
      case "constantWord":
      case "constantIndex":
      case "argument":
        return;
      case "carried":
        this.#copy(operands[0], id, vectors);
        return;
      case "addIndex":
      case "mulIndex":
        this.get(operands[0]);
        this.get(operands[1]);
        this.code.byte(operation === "addIndex" ? CODE.i32Add : CODE.i32Mul);
        this.#set(id);
        return;
      case "divideIndex":
      case "remainderIndex":
        this.get(operands[0]);
        this.code.byte(CODE.i32Const).signed(immediate);
        this.code.byte(
          operation === "divideIndex" ? CODE.i32DivideUnsigned : CODE.i32RemainderUnsigned,
        );
        this.#set(id);
        return;
      case "limitIndex":
        this.get(operands[0]);
        this.code.byte(CODE.i32Const).signed(immediate);
        this.get(operands[0]);
        this.code.byte(CODE.i32Const).signed(immediate);
        this.code.byte(CODE.i32LessUnsigned).byte(CODE.select);
        this.#set(id);
        return;
      case "loadIndex":
        this.get(operands[0]);
        this.code.byte(CODE.i32Load).unsigned(2).unsigned(immediate);
        this.#set(id);
        return;
      default:
        for (const v of vectors) {
          this.#vector.push(this, this.#at(id), v);
          this.#set(id, v);
        }
    }
  }
}

/**
 * Prints a nest as a function.
 *
 * @param name The name to export it under.
 * @param nest The nest.
 * @param memory Takes the literals.
 * @param argumentCount How many i32 arguments the function has.
 * @returns The function.
 */
export function printFunction(
  name: string,
  nest: Nest,
  memory: Memory,
  argumentCount: number,
): WasmFunction {
  const printer = new Printer(nest, memory, argumentCount);
  printer.block(nest.body);
  printer.code.byte(CODE.end);
  return {
    name,
    arguments: argumentCount,
    locals: printer.locals,
    code: printer.prologue.raw(printer.code.take()),
  };
}

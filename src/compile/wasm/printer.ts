/**
 * Prints a loop nest as a WebAssembly SIMD function for one group of chains:
 * each instruction is emitted for all vectors of the group before the next one,
 * which hides the latency of each.
 *
 * @module
 */
import { GROUP, type Memory } from "../layout.ts";
import type { Instruction, LaneType, Loop, Nest, Statement } from "../nest.ts";
import { lastUses } from "./last_uses.ts";
import { halves, pushVector, type VectorStack } from "./vector_code.ts";
import { Bytes, CODE, SIMD, VALUE_TYPE, type WasmFunction } from "./encoder.ts";

/** Chains in a vector of each type. */
const LANES: { readonly [T in LaneType]: number } = { f64: 2, mask: 2, u32: 4, index: GROUP };

class Printer implements VectorStack {
  readonly code = new Bytes();
  readonly locals: number[] = [];
  readonly #nest: Nest;
  readonly #memory: Memory;
  readonly #arguments: number;
  /** First local of a value; a value of several vectors has consecutive ones. */
  readonly #home = new Map<number, readonly number[]>();
  readonly #free: { readonly [type: number]: number[] } = {
    [VALUE_TYPE.i32]: [],
    [VALUE_TYPE.v128]: [],
  };
  /** The values that are read for the last time at each position. */
  readonly #spent: Map<number, number[]>;
  #position = 0;

  constructor(nest: Nest, memory: Memory, argumentCount: number) {
    this.#nest = nest;
    this.#memory = memory;
    this.#arguments = argumentCount;
    this.#spent = new Map();
    for (const [id, position] of lastUses(nest)) {
      const others = this.#spent.get(position);
      if (others === undefined) this.#spent.set(position, [id]);
      else others.push(id);
    }
  }

  block(statements: readonly Statement[]): void {
    for (const statement of statements) {
      if (statement.kind === "loop") this.#loop(statement);
      else if (statement.kind === "store") {
        this.#store(statement.address, statement.offset, statement.value);
        this.#advance();
      } else {
        this.#define(statement.id);
        this.#advance();
      }
    }
  }

  #at(id: number): Instruction {
    return this.#nest.instructions[id];
  }

  /** How many vectors a value takes. */
  #vectors(id: number): number {
    const { uniform, type } = this.#at(id);
    return uniform ? 1 : GROUP / LANES[type];
  }

  simd(code: number): void {
    this.code.byte(0xfd).unsigned(code);
  }

  #allocate(type: number): number {
    const free = this.#free[type].pop();
    if (free !== undefined) return free;
    this.locals.push(type);
    return this.#arguments + this.locals.length - 1;
  }

  #homeOf(id: number): readonly number[] {
    const known = this.#home.get(id);
    if (known !== undefined) return known;
    const type = this.#at(id).type === "index" ? VALUE_TYPE.i32 : VALUE_TYPE.v128;
    const locals = Array.from({ length: this.#vectors(id) }, () => this.#allocate(type));
    this.#home.set(id, locals);
    return locals;
  }

  /** Goes on, and gives back the locals of values that are not read any more. */
  #advance(): void {
    for (const id of this.#spent.get(this.#position) ?? []) {
      const locals = this.#home.get(id);
      if (locals === undefined) continue;
      const type = this.#at(id).type === "index" ? VALUE_TYPE.i32 : VALUE_TYPE.v128;
      this.#free[type].push(...locals.toReversed());
      this.#home.delete(id);
    }
    this.#position++;
  }

  literal(low: number, high: number): void {
    this.code.byte(CODE.i32Const).signed(0);
    this.simd(SIMD.load);
    this.code.unsigned(4).unsigned(this.#memory.literal(low, high));
  }

  /** Pushes vector `v` of a value. */
  get(id: number, v = 0): void {
    const { operation, immediate } = this.#at(id);
    if (operation === "constant") this.literal(...halves(immediate));
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

  #loop({ count, counter, carries, body }: Loop): void {
    for (const { inside, first } of carries) this.#copy(first, inside);
    this.code.byte(CODE.i32Const).signed(0);
    this.#set(counter);
    this.code.byte(CODE.block).byte(0x40);
    this.get(count);
    this.code.byte(CODE.i32Eqz).byte(CODE.branchIf).unsigned(0);
    this.code.byte(CODE.loop).byte(0x40);
    this.#advance();
    this.block(body);
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

  #copy(from: number, to: number): void {
    for (let v = 0; v < this.#vectors(to); v++) {
      this.get(from, v);
      this.#set(to, v);
    }
  }

  #store(address: number, offset: number, value: number): void {
    const { type } = this.#at(value);
    for (let v = 0; v < GROUP / LANES[type]; v++) {
      this.get(address);
      this.get(value, v);
      this.simd(SIMD.store);
      this.code.unsigned(4).unsigned(offset + 16 * v);
    }
  }

  #define(id: number): void {
    const { operation, operands, immediate } = this.#at(id);
    switch (operation) {
      case "constant":
      case "constantWord":
      case "constantIndex":
      case "argument":
        return;
      case "carried":
        this.#copy(operands[0], id);
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
        for (let v = 0; v < this.#vectors(id); v++) {
          pushVector(this, this.#at(id), v);
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
  return { name, arguments: argumentCount, locals: printer.locals, code: printer.code };
}

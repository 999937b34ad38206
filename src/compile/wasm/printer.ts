/**
 * Prints a loop nest as a WebAssembly SIMD function for one group of chains:
 * each instruction is emitted for all vectors of the group before the next one,
 * which hides the latency of each.
 *
 * @module
 */
import { SQRT_HALF_HIGH_WORD } from "../../tensor/arithmetic.ts";
import { GROUP, type Memory } from "../layout.ts";
import type { Instruction, LaneType, Loop, Nest, Operation, Statement } from "../nest.ts";
import { Bytes, CODE, SIMD, VALUE_TYPE, type WasmFunction } from "./encoder.ts";

/** Chains in a vector of each type. */
const LANES: { readonly [T in LaneType]: number } = { f64: 2, mask: 2, u32: 4, index: GROUP };

const TWO_52 = 2 ** 52;
const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** The two halves of a double, low first (WebAssembly is little-endian; so is every host of it). */
function halves(value: number): [number, number] {
  scratch[0] = value;
  return [scratchWords[0], scratchWords[1]];
}

/** Operations that are one instruction on vectors of equal form. */
const DIRECT: { readonly [P in Operation]?: number } = {
  add: SIMD.f64x2Add,
  sub: SIMD.f64x2Sub,
  mul: SIMD.f64x2Mul,
  div: SIMD.f64x2Div,
  sqrt: SIMD.f64x2Sqrt,
  floor: SIMD.f64x2Floor,
  nearest: SIMD.f64x2Nearest,
  min: SIMD.f64x2Min,
  max: SIMD.f64x2Max,
  // pmin(a, b) is b < a ? b : a.
  smaller: SIMD.f64x2PseudoMin,
  larger: SIMD.f64x2PseudoMax,
  less: SIMD.f64x2Less,
  lessEqual: SIMD.f64x2LessEqual,
  equal: SIMD.f64x2Equal,
  and: SIMD.and,
  or: SIMD.or,
  not: SIMD.not,
  addWord: SIMD.i32x4Add,
  subWord: SIMD.i32x4Sub,
  mulWord: SIMD.i32x4Mul,
  andWord: SIMD.and,
  orWord: SIMD.or,
  xorWord: SIMD.xor,
};

const WORD_COMPARISON: { readonly [P in Operation]?: number } = {
  lessWord: SIMD.i32x4LessUnsigned,
  lessEqualWord: SIMD.i32x4LessEqualUnsigned,
  equalWord: SIMD.i32x4Equal,
};

/** Bytes of a shuffle that takes the given 32-bit lanes of two vectors. */
function wordLanes(...lanes: readonly number[]): number[] {
  return lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
}

class Printer {
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

  #simd(code: number): void {
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

  #literal(low: number, high: number): void {
    this.code.byte(CODE.i32Const).signed(0);
    this.#simd(SIMD.load);
    this.code.unsigned(4).unsigned(this.#memory.literal(low, high));
  }

  /** Pushes vector `v` of a value. */
  #get(id: number, v = 0): void {
    const { operation, immediate } = this.#at(id);
    if (operation === "constant") this.#literal(...halves(immediate));
    else if (operation === "constantWord") this.#literal(immediate, immediate);
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
    this.#get(count);
    this.code.byte(CODE.i32Eqz).byte(CODE.branchIf).unsigned(0);
    this.code.byte(CODE.loop).byte(0x40);
    this.#advance();
    this.block(body);
    // All new values are pushed before the first is set: they may be each other's old ones.
    for (const { inside, next } of carries) {
      for (let v = 0; v < this.#vectors(inside); v++) this.#get(next, v);
    }
    for (const { inside } of carries.toReversed()) {
      for (let v = this.#vectors(inside) - 1; v >= 0; v--) this.#set(inside, v);
    }
    this.#get(counter);
    this.code.byte(CODE.i32Const).signed(1).byte(CODE.i32Add);
    this.code.byte(CODE.localTee).unsigned(this.#homeOf(counter)[0]);
    this.#get(count);
    this.code.byte(CODE.i32LessUnsigned).byte(CODE.branchIf).unsigned(0);
    this.code.byte(CODE.end).byte(CODE.end);
    this.#advance();
  }

  #copy(from: number, to: number): void {
    for (let v = 0; v < this.#vectors(to); v++) {
      this.#get(from, v);
      this.#set(to, v);
    }
  }

  #store(address: number, offset: number, value: number): void {
    const { type } = this.#at(value);
    for (let v = 0; v < GROUP / LANES[type]; v++) {
      this.#get(address);
      this.#get(value, v);
      this.#simd(SIMD.store);
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
        this.#get(operands[0]);
        this.#get(operands[1]);
        this.code.byte(operation === "addIndex" ? CODE.i32Add : CODE.i32Mul);
        this.#set(id);
        return;
      case "divideIndex":
      case "remainderIndex":
        this.#get(operands[0]);
        this.code.byte(CODE.i32Const).signed(immediate);
        this.code.byte(
          operation === "divideIndex" ? CODE.i32DivideUnsigned : CODE.i32RemainderUnsigned,
        );
        this.#set(id);
        return;
      default:
        for (let v = 0; v < this.#vectors(id); v++) {
          this.#vector(id, v);
          this.#set(id, v);
        }
    }
  }

  /** Pushes vector `v` of a result. */
  #vector(id: number, v: number): void {
    const { operation, operands: [a, b, c], immediate, uniform } = this.#at(id);
    const direct = DIRECT[operation];
    if (direct !== undefined) {
      this.#get(a, v);
      if (b !== undefined) this.#get(b, v);
      this.#simd(direct);
      return;
    }
    const comparison = WORD_COMPARISON[operation];
    if (comparison !== undefined) {
      // A vector of words covers two of masks: its low or its high half is widened.
      this.#get(a, v >> 1);
      this.#get(b, v >> 1);
      this.#simd(comparison);
      this.#simd(v % 2 === 0 ? SIMD.i64x2ExtendLow : SIMD.i64x2ExtendHigh);
      return;
    }
    switch (operation) {
      case "neg":
        this.#get(a, v);
        this.#literal(0, 0x80000000);
        this.#simd(SIMD.xor);
        return;
      case "abs":
        this.#get(a, v);
        this.#literal(0xffffffff, 0x7fffffff);
        this.#simd(SIMD.and);
        return;
      case "copySign":
        this.#get(a, v);
        this.#literal(0xffffffff, 0x7fffffff);
        this.#simd(SIMD.and);
        this.#get(b, v);
        this.#literal(0, 0x80000000);
        this.#simd(SIMD.and);
        this.#simd(SIMD.or);
        return;
      case "select":
        this.#get(b, v);
        this.#get(c, v);
        this.#get(a, v);
        this.#simd(SIMD.bitselect);
        return;
      case "selectWord":
        this.#get(b, v);
        this.#get(c, v);
        this.#narrow(a, v);
        this.#simd(SIMD.bitselect);
        return;
      case "powerOfTwo":
        // k + 1023 lands in the low bits of the sum, from where it moves to the exponent's place.
        this.#get(a, v);
        this.#literal(...halves(TWO_52 + 1023));
        this.#simd(SIMD.f64x2Add);
        this.code.byte(CODE.i32Const).signed(52);
        this.#simd(SIMD.i64x2ShiftLeft);
        return;
      case "exponent":
        // An offset of 1024 keeps the shifted number positive; 2^52 in front turns it into a float.
        this.#get(a, v);
        this.#literal(0, (SQRT_HALF_HIGH_WORD - (1024 << 20)) >>> 0);
        this.#simd(SIMD.i64x2Sub);
        this.code.byte(CODE.i32Const).signed(52);
        this.#simd(SIMD.i64x2ShiftRightUnsigned);
        this.#literal(...halves(TWO_52));
        this.#simd(SIMD.or);
        this.#literal(...halves(TWO_52 + 1024));
        this.#simd(SIMD.f64x2Sub);
        return;
      case "significand":
        this.#get(a, v);
        this.#literal(0, SQRT_HALF_HIGH_WORD);
        this.#simd(SIMD.i64x2Sub);
        this.#literal(0xffffffff, 0x000fffff);
        this.#simd(SIMD.and);
        this.#literal(0, SQRT_HALF_HIGH_WORD);
        this.#simd(SIMD.i64x2Add);
        return;
      case "shiftLeftWord":
      case "shiftRightWord":
        this.#get(a, v);
        this.code.byte(CODE.i32Const).signed(immediate);
        this.#simd(
          operation === "shiftLeftWord" ? SIMD.i32x4ShiftLeft : SIMD.i32x4ShiftRightUnsigned,
        );
        return;
      case "rotateLeftWord":
        this.#get(a, v);
        this.code.byte(CODE.i32Const).signed(immediate);
        this.#simd(SIMD.i32x4ShiftLeft);
        this.#get(a, v);
        this.code.byte(CODE.i32Const).signed(32 - immediate);
        this.#simd(SIMD.i32x4ShiftRightUnsigned);
        this.#simd(SIMD.or);
        return;
      case "wordToFloat":
        // The word as the low half of 2^52 + word.
        this.#get(a, v >> 1);
        this.#literal(0x43300000, 0x43300000);
        this.#simd(SIMD.shuffle);
        this.code.raw(v % 2 === 0 ? wordLanes(0, 4, 1, 5) : wordLanes(2, 6, 3, 7));
        this.#literal(...halves(TWO_52));
        this.#simd(SIMD.f64x2Sub);
        return;
      case "floatToWord":
        this.#get(a, 2 * v);
        this.#simd(SIMD.i32x4TruncateF64x2Unsigned);
        this.#get(a, uniform ? 0 : 2 * v + 1);
        this.#simd(SIMD.i32x4TruncateF64x2Unsigned);
        this.#simd(SIMD.shuffle);
        this.code.raw(wordLanes(0, 1, 4, 5));
        return;
      case "maskToFloat":
        this.#get(a, v);
        this.#literal(...halves(1));
        this.#simd(SIMD.and);
        return;
      case "maskToWord":
        this.#narrow(a, v);
        this.#literal(1, 1);
        this.#simd(SIMD.and);
        return;
      case "floatToMask":
        this.#get(a, v);
        this.#literal(0, 0);
        this.#simd(SIMD.f64x2Equal);
        this.#simd(SIMD.not);
        return;
      case "wordToMask":
        this.#get(a, v >> 1);
        this.#literal(0, 0);
        this.#simd(SIMD.i32x4Equal);
        this.#simd(SIMD.not);
        this.#simd(v % 2 === 0 ? SIMD.i64x2ExtendLow : SIMD.i64x2ExtendHigh);
        return;
      case "indexToWord":
        this.#get(a);
        this.#simd(SIMD.i32x4Splat);
        return;
      case "wordToIndex":
        this.#get(a);
        this.#simd(SIMD.i32x4ExtractLane);
        this.code.byte(0);
        return;
      case "load":
      case "loadWord":
        this.#get(a);
        this.#simd(SIMD.load);
        this.code.unsigned(4).unsigned(immediate + 16 * v);
        return;
      case "loadShared":
      case "loadSharedWord":
        this.#get(a);
        this.#simd(operation === "loadShared" ? SIMD.load64Splat : SIMD.load32Splat);
        this.code.unsigned(operation === "loadShared" ? 3 : 2).unsigned(immediate);
        return;
      default:
        throw new Error(`No WebAssembly for the instruction ${operation}`);
    }
  }

  /** Pushes a mask of words: the low halves of two vectors of masks. */
  #narrow(mask: number, v: number): void {
    this.#get(mask, 2 * v);
    this.#get(mask, 2 * v + 1);
    this.#simd(SIMD.shuffle);
    this.code.raw(wordLanes(0, 2, 4, 6));
  }
}

/** The position of each value's last use; a use inside a loop of a value from outside lasts to its end. */
function lastUses(nest: Nest): Map<number, number> {
  const last = new Map<number, number>();
  const defined = new Map<number, number>();
  let position = 0;
  const use = (id: number): void => {
    last.set(id, position);
  };
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.kind === "define") {
        defined.set(statement.id, position);
        nest.instructions[statement.id].operands.forEach(use);
        // Written even if nobody reads it.
        use(statement.id);
        position++;
      } else if (statement.kind === "store") {
        use(statement.address);
        use(statement.value);
        position++;
      } else {
        const start = position;
        statement.carries.forEach(({ first, inside }) => {
          use(first);
          defined.set(inside, start);
        });
        defined.set(statement.counter, start);
        position++;
        visit(statement.body);
        use(statement.count);
        use(statement.counter);
        statement.carries.forEach(({ inside, next }) => {
          use(next);
          use(inside);
        });
        for (const [id, at] of last) {
          if (at > start && (defined.get(id) ?? -1) < start) last.set(id, position);
        }
        position++;
      }
    }
  };
  visit(nest.body);
  return last;
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

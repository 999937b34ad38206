/**
 * Writes a loop nest. Equal instructions are written once, constants are
 * folded, and each instruction goes to the outermost loop that it depends on.
 *
 * @module
 */
import { type Arithmetic, numberArithmetic } from "../tensor/functions/arithmetic.ts";
import { elementBytes } from "./layout.ts";
import type { Machine } from "./machine.ts";
import { type FloatFormat, formatOf } from "../tensor/functions/precision.ts";
import type {
  Callee,
  FloatOperation,
  Instruction,
  LaneType,
  Loop,
  Nest,
  Operation,
  Statement,
} from "./nest.ts";
import { optimised } from "./passes/optimise.ts";

interface Scope {
  readonly statements: Statement[];
  readonly known: Map<string, number>;
}

/** What is computed at once on constants; `constant` then rounds it to the format. */
const FOLDED: {
  readonly [P in FloatOperation]?: (...x: number[]) => number;
} = {
  add: numberArithmetic.add,
  sub: numberArithmetic.sub,
  mul: numberArithmetic.mul,
  div: numberArithmetic.div,
  neg: numberArithmetic.neg,
  abs: numberArithmetic.abs,
  sqrt: numberArithmetic.sqrt,
  floor: numberArithmetic.floor,
  nearest: numberArithmetic.nearest,
  min: Math.min,
  max: Math.max,
  smaller: numberArithmetic.smaller,
  larger: numberArithmetic.larger,
  copySign: numberArithmetic.copySign,
};

/** Operations whose operands may be swapped. */
const COMMUTATIVE: ReadonlySet<Operation> = new Set<Operation>([
  "add",
  "mul",
  "addWord",
  "mulWord",
  "andWord",
  "orWord",
  "xorWord",
  "equal",
  "equalWord",
  "and",
  "or",
  "addIndex",
]);

/** A loop nest being written. */
export class NestBuilder implements Arithmetic<number, number> {
  /** What floats are, and how functions are computed with them. */
  readonly format: FloatFormat;
  readonly #machine: Machine;
  readonly #instructions: Instruction[] = [];
  readonly #scopes: Scope[] = [{ statements: [], known: new Map() }];
  readonly #callees: Callee[] = [];

  /** @param machine What the nest is for. */
  constructor(machine: Machine) {
    this.#machine = machine;
    this.format = formatOf(machine.precision);
  }

  /** The finished nest. */
  finish(): Nest {
    const body = this.#scopes[0].statements;
    return optimised(
      { instructions: this.#instructions, body, callees: this.#callees },
      this.#machine,
    );
  }

  /** How many loops the next instruction is in. */
  get depth(): number {
    return this.#scopes.length - 1;
  }

  /** An instruction. */
  at(id: number): Instruction {
    return this.#instructions[id];
  }

  /**
   * Adds an instruction, or finds the equal one.
   *
   * @param operation What is done.
   * @param type What it gives.
   * @param operands What it reads.
   * @param immediate Its literal.
   * @param least How many loops it must stay inside of, for a load of what is written there.
   * @returns The value's number.
   */
  emit(
    operation: Operation,
    type: LaneType,
    operands: readonly number[],
    immediate = 0,
    least = 0,
  ): number {
    const folded = this.#fold(operation, operands);
    if (folded !== undefined) return folded;
    const ordered = COMMUTATIVE.has(operation) ? [...operands].sort((a, b) => a - b) : operands;
    const literal = Object.is(immediate, -0) ? "-0" : immediate;
    const name = `${operation} ${ordered} ${literal}`;
    for (const { known } of this.#scopes) {
      const id = known.get(name);
      if (id !== undefined && this.at(id).depth >= least) return id;
    }
    const depth = operands.reduce((most, id) => Math.max(most, this.at(id).depth), least);
    const uniform = operands.every((id) => this.at(id).uniform) &&
      operation !== "load" && operation !== "loadWord";
    return this.#define({ operation, type, operands, immediate, uniform, depth }, name);
  }

  /** Writes a value to memory, for each chain of the group, in the loop of a depth. */
  store(address: number, offset: number, value: number, depth: number = this.depth): void {
    this.#scopes[depth].statements.push({
      kind: "store",
      address,
      offset,
      value,
    });
  }

  /**
   * Calls a function of the host in the current loop.
   *
   * @param callee The function.
   * @param from Address of the vectors that it is called with.
   * @param to Address of its results.
   */
  call(callee: Callee, from: number, to: number): void {
    this.#callees.push(callee);
    const number = this.#callees.length - 1;
    const element = elementBytes("f64", this.#machine);
    const vector = callee.length * element;
    this.#scopes[this.depth].statements.push({
      kind: "call",
      callee: number,
      from,
      fromBytes: vector,
      to,
      toBytes: callee.output === "value" ? element : vector,
    });
  }

  /**
   * Adds a loop.
   *
   * @param count Number of turns, an index.
   * @param first What is carried into the first turn.
   * @param turn Writes one turn: from the counter (an index) and what is carried to what is carried on.
   * @returns What is carried out of the last turn.
   */
  loop(
    count: number,
    first: readonly number[],
    turn: (counter: number, carried: readonly number[]) => readonly number[],
  ): number[] {
    const depth = this.#scopes.length;
    const fresh = (operation: Operation, type: LaneType, uniform: boolean): number => {
      this.#instructions.push({ operation, type, operands: [], immediate: 0, uniform, depth });
      return this.#instructions.length - 1;
    };
    const counter = fresh("counter", "index", true);
    const inside = first.map((id) => fresh("carried", this.at(id).type, false));
    const scope: Scope = { statements: [], known: new Map() };
    this.#scopes.push(scope);
    const next = turn(counter, inside);
    this.#scopes.pop();
    const statement: Loop = {
      kind: "loop",
      count,
      counter,
      carries: inside.map((id, i) => ({ inside: id, first: first[i], next: next[i] })),
      body: scope.statements,
    };
    this.#scopes[depth - 1].statements.push(statement);
    // After the loop the carried names hold the last values, and belong to the loop around it.
    return inside.map((id) => {
      this.#instructions.push({ ...this.at(id), operands: [id], depth: depth - 1 });
      const after = this.#instructions.length - 1;
      this.#scopes[depth - 1].statements.push({ kind: "define", id: after });
      return after;
    });
  }

  #define(instruction: Instruction, name: string): number {
    this.#instructions.push(instruction);
    const id = this.#instructions.length - 1;
    const scope = this.#scopes[instruction.depth];
    scope.known.set(name, id);
    scope.statements.push({ kind: "define", id });
    return id;
  }

  #fold(operation: Operation, operands: readonly number[]): number | undefined {
    if (operation === "addIndex" || operation === "mulIndex") {
      const [a, b] = operands.map((id) => this.at(id));
      const product = operation === "mulIndex";
      const neutral = product ? 1 : 0;
      if (a.operation === "constantIndex" && b.operation === "constantIndex") {
        return this.index(product ? a.immediate * b.immediate : a.immediate + b.immediate);
      }
      if (a.operation === "constantIndex" && a.immediate === neutral) return operands[1];
      if (b.operation === "constantIndex" && b.immediate === neutral) return operands[0];
      return undefined;
    }
    if (operation === "add") {
      // x + (−0) is x.
      const isNothing = (id: number): boolean =>
        this.at(id).operation === "constant" && Object.is(this.at(id).immediate, -0);
      if (isNothing(operands[1])) return operands[0];
      if (isNothing(operands[0])) return operands[1];
    }
    const f = FOLDED[operation as FloatOperation];
    if (f === undefined) return undefined;
    const values: number[] = [];
    for (const id of operands) {
      const { operation: made, immediate } = this.at(id);
      if (made !== "constant") return undefined;
      values.push(immediate);
    }
    return this.constant(f(...values));
  }

  #float(operation: FloatOperation, ...operands: number[]): number {
    return this.emit(operation, "f64", operands);
  }

  #mask(operation: Operation, ...operands: number[]): number {
    return this.emit(operation, "mask", operands);
  }

  /** An index known now. */
  index(value: number): number {
    return this.emit("constantIndex", "index", [], value);
  }
  /** `a + b` of indices. */
  addIndex(a: number, b: number): number {
    return this.emit("addIndex", "index", [a, b]);
  }
  /** `a · factor` of an index. */
  scaleIndex(a: number, factor: number): number {
    return this.emit("mulIndex", "index", [a, this.index(factor)]);
  }
  /** `a · b` of indices. */
  multiplyIndex(a: number, b: number): number {
    return this.emit("mulIndex", "index", [a, b]);
  }
  /** `a / divisor` of an index, rounded down. */
  divideIndex(a: number, divisor: number): number {
    const { operation, immediate } = this.at(a);
    if (operation === "constantIndex") return this.index(Math.floor(immediate / divisor));
    return divisor === 1 ? a : this.emit("divideIndex", "index", [a], divisor);
  }
  /** `a mod divisor` of an index. */
  remainderIndex(a: number, divisor: number): number {
    const { operation, immediate } = this.at(a);
    if (operation === "constantIndex") return this.index(immediate % divisor);
    return this.emit("remainderIndex", "index", [a], divisor);
  }
  /** A word known now. */
  word(value: number): number {
    return this.emit("constantWord", "u32", [], value >>> 0);
  }

  constant(value: number): number {
    return this.emit("constant", "f64", [], this.format.arithmetic.constant(value));
  }
  add(a: number, b: number): number {
    return this.#float("add", a, b);
  }
  sub(a: number, b: number): number {
    return this.#float("sub", a, b);
  }
  mul(a: number, b: number): number {
    return this.#float("mul", a, b);
  }
  div(a: number, b: number): number {
    return this.#float("div", a, b);
  }
  neg(a: number): number {
    return this.#float("neg", a);
  }
  abs(a: number): number {
    return this.#float("abs", a);
  }
  sqrt(a: number): number {
    return this.#float("sqrt", a);
  }
  floor(a: number): number {
    return this.#float("floor", a);
  }
  nearest(a: number): number {
    return this.#float("nearest", a);
  }
  rounded(a: number): number {
    if (!this.#machine.contracts || this.at(a).operation === "constant") return a;
    return this.#float("rounded", a);
  }
  smaller(a: number, b: number): number {
    return this.#float("smaller", a, b);
  }
  larger(a: number, b: number): number {
    return this.#float("larger", a, b);
  }
  copySign(a: number, b: number): number {
    return this.#float("copySign", a, b);
  }
  lessThan(a: number, b: number): number {
    return this.#mask("less", a, b);
  }
  lessEqual(a: number, b: number): number {
    return this.#mask("lessEqual", a, b);
  }
  equal(a: number, b: number): number {
    return this.#mask("equal", a, b);
  }
  and(a: number, b: number): number {
    return this.#mask("and", a, b);
  }
  or(a: number, b: number): number {
    return this.#mask("or", a, b);
  }
  not(a: number): number {
    return this.#mask("not", a);
  }
  select(mask: number, a: number, b: number): number {
    return a === b ? a : this.emit("select", "f64", [mask, a, b]);
  }
  scale(x: number, k: number): number {
    return this.#float("scale", x, k);
  }
  powerOfTwo(k: number): number {
    return this.#float("powerOfTwo", k);
  }
  exponent(x: number): number {
    return this.#float("exponent", x);
  }
  significand(x: number): number {
    return this.#float("significand", x);
  }
}

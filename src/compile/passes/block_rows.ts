/**
 * Takes several rows of data in one turn of a loop.
 *
 * A sum over rows for many coefficients at once has more sums than registers. With four rows a turn
 * each sum is taken from memory and put back once for four terms, and each coefficient is loaded once for
 * four rows. Terms are added in the order of the rows as before.
 *
 * @module
 */
import type { Instruction, LaneType, Loop, Operation, Statement } from "../nest.ts";
import { accessesOf } from "./accesses.ts";
import type { Addresses } from "./address.ts";

/** Rows in a turn (measured best with half a group at a time: eight sums in flight). */
const ROWS = 4;
/** Below so many rows, or above so many instructions for one, it is not worth the code. */
const LEAST_ROWS = 16;
const MOST_STATEMENTS = 300;

const DATA: ReadonlySet<Operation> = new Set<Operation>(["loadShared", "loadSharedWord"]);

/** Blocks the loops of a nest, to whose instructions it adds. */
export class RowBlocker {
  readonly #instructions: Instruction[];
  readonly #addresses: Addresses;
  /** What stands for the last value of a carry after its loop. */
  readonly #last = new Map<number, number>();

  /**
   * @param instructions The instructions.
   * @param addresses Their addresses.
   */
  constructor(instructions: Instruction[], addresses: Addresses) {
    this.#instructions = instructions;
    this.#addresses = addresses;
  }

  /** The whole nest. */
  body(statements: readonly Statement[]): Statement[] {
    const blocked = this.#block(statements);
    this.#instructions.forEach((instruction, id) => {
      if (instruction.operation !== "carried" || instruction.operands.length === 0) return;
      const operands = instruction.operands.map((operand) => this.#last.get(operand) ?? operand);
      this.#instructions[id] = { ...instruction, operands };
    });
    return blocked;
  }

  #block(statements: readonly Statement[]): Statement[] {
    return statements.flatMap((statement): readonly Statement[] => {
      if (statement.kind !== "loop") return [statement];
      if (this.#fits(statement)) return this.#inRows(statement);
      return [{ ...statement, body: this.#block(statement.body) }];
    });
  }

  #new(operation: Operation, type: LaneType, operands: readonly number[], immediate = 0): number {
    const instruction = { operation, type, operands, immediate, uniform: true, depth: 0 };
    return this.#instructions.push(instruction) - 1;
  }

  /** Whether turns of a loop can be taken side by side, and it pays. */
  #fits({ count, counter, carries, body }: Loop): boolean {
    const { operation, immediate: turns } = this.#instructions[count];
    if (operation !== "constantIndex" || turns < LEAST_ROWS) return false;
    if (carries.length === 0 || body.length > MOST_STATEMENTS) return false;
    let data = 0;
    const readers = new Map<number, Set<number>>();
    for (const statement of body) {
      if (statement.kind === "loop" || statement.kind === "call") return false;
      const read = statement.kind === "store"
        ? [statement.address, statement.value]
        : this.#instructions[statement.id].operands;
      const reader = statement.kind === "store" ? -1 : statement.id;
      for (const id of read) readers.set(id, (readers.get(id) ?? new Set()).add(reader));
      if (statement.kind === "define" && DATA.has(this.#instructions[statement.id].operation)) {
        data++;
      }
    }
    if (data === 0) return false;
    // A sum is read where it is added to and nowhere else.
    const sums = carries.every(({ inside, next }) => {
      const of = readers.get(inside);
      return inside !== next && of?.size === 1 && of.has(next) && !readers.has(next);
    });
    // Two carries with one next value would each need a name for it in the next row.
    const distinct = new Set(carries.map(({ next }) => next)).size === carries.length;
    const { loads, stores } = accessesOf(body, this.#instructions, this.#addresses);
    return sums && distinct &&
      stores.every((store) =>
        [...loads, ...stores].every((other) => this.#addresses.turnByTurn(store, other, counter))
      );
  }

  /** A loop over blocks of rows, and one over the rows that are left. */
  #inRows(loop: Loop): Statement[] {
    const turns = this.#instructions[loop.count].immediate;
    const blocks = Math.floor(turns / ROWS);
    const left = turns % ROWS;
    const main = this.#blocks(loop, blocks);
    if (left === 0) return [main];
    return [main, this.#rest(loop, blocks * ROWS, left)];
  }

  #blocks(loop: Loop, blocks: number): Loop {
    const body: Statement[] = [];
    const add = (id: number): number => {
      body.push({ kind: "define", id });
      return id;
    };
    const rows = Array.from({ length: ROWS }, () => new Map<number, number>());
    const first = add(
      this.#new("mulIndex", "index", [loop.counter, this.#new("constantIndex", "index", [], ROWS)]),
    );
    rows.forEach((names, row) => {
      const constant = this.#new("constantIndex", "index", [], row);
      names.set(loop.counter, add(this.#new("addIndex", "index", [first, constant])));
    });
    const carried = new Map(loop.carries.map(({ next, inside }) => [next, inside]));
    for (const statement of loop.body) {
      rows.forEach((names, row) => {
        body.push(this.#copy(statement, names));
        if (statement.kind !== "define") return;
        const inside = carried.get(statement.id);
        // The sum goes on with the next row.
        if (inside === undefined || row + 1 === ROWS) return;
        rows[row + 1].set(inside, names.get(statement.id) as number);
      });
    }
    return {
      ...loop,
      count: this.#new("constantIndex", "index", [], blocks),
      carries: loop.carries.map((carry) => ({
        ...carry,
        next: rows[ROWS - 1].get(carry.next) as number,
      })),
      body,
      inHalves: true,
    };
  }

  #rest(loop: Loop, done: number, left: number): Loop {
    const counter = this.#new("counter", "index", []);
    const names = new Map<number, number>();
    const constant = this.#new("constantIndex", "index", [], done);
    const row = this.#new("addIndex", "index", [counter, constant]);
    names.set(loop.counter, row);
    const carries = loop.carries.map(({ inside, next }) => {
      const { type, uniform } = this.#instructions[inside];
      const own = this.#new("carried", type, []);
      this.#instructions[own] = { ...this.#instructions[own], uniform };
      names.set(inside, own);
      this.#last.set(inside, own);
      return { inside: own, first: inside, next };
    });
    const body = loop.body.map((statement) => this.#copy(statement, names));
    return {
      kind: "loop",
      count: this.#new("constantIndex", "index", [], left),
      counter,
      carries: carries.map((carry) => ({ ...carry, next: names.get(carry.next) as number })),
      body: [{ kind: "define", id: row }, ...body],
    };
  }

  /** A statement under other names; what it defines gets a new one. */
  #copy(statement: Statement, names: Map<number, number>): Statement {
    const named = (id: number): number => names.get(id) ?? id;
    if (statement.kind === "store") {
      return { ...statement, address: named(statement.address), value: named(statement.value) };
    }
    if (statement.kind !== "define") return statement;
    const instruction = this.#instructions[statement.id];
    const id = this.#instructions.push({
      ...instruction,
      operands: instruction.operands.map(named),
    }) - 1;
    names.set(statement.id, id);
    return { kind: "define", id };
  }
}

/**
 * Makes one loop of several that go over the same elements, so that what one stores for the next need
 * not pass through memory.
 *
 * @module
 */
import type { Instruction, Loop, Statement } from "../nest.ts";
import { type Accesses, accessesOf } from "./accesses.ts";
import type { Addresses } from "./address.ts";
import { isLoad } from "./accesses.ts";

/** A loop is put together with one of so many statements before it at most. */
const FARTHEST = 400;

/** Fuses the loops of a nest whose instructions it may replace. */
export class Fuser {
  /** Counters of the loops that others were put into. */
  readonly joined: Set<number> = new Set();
  readonly #instructions: Instruction[];
  readonly #addresses: Addresses;

  /**
   * @param instructions The instructions; counters of loops that are fused are replaced in them.
   * @param addresses Their addresses.
   */
  constructor(instructions: Instruction[], addresses: Addresses) {
    this.#instructions = instructions;
    this.#addresses = addresses;
  }

  /** The statements of a block with its loops fused, and those within them. */
  block(statements: readonly Statement[]): Statement[] {
    const out: Statement[] = [];
    for (const statement of statements) {
      if (statement.kind !== "loop" || !this.#joins(out, statement)) out.push(statement);
    }
    return out.map((statement) =>
      statement.kind === "loop" ? { ...statement, body: this.block(statement.body) } : statement
    );
  }

  /** Puts a loop into an earlier one of a block, if there is one that it can be put into. */
  #joins(block: Statement[], loop: Loop): boolean {
    const turns = this.#instructions[loop.count];
    if (turns.operation !== "constantIndex") return false;
    const accesses = this.#accesses([loop]);
    const used = this.#usedBy(loop);
    // What has to come before the loop, from the last to the first; and what it goes past.
    const before: Statement[] = [];
    const past: Statement[] = [];
    for (let i = block.length - 1; i >= 0 && block.length - i <= FARTHEST; i--) {
      const statement = block[i];
      if (statement.kind === "loop") {
        const fits = statement.count === loop.count && this.#turnByTurn(statement, loop);
        const free = statement.carries.every(({ inside }) => !used.has(inside));
        if (fits && free) {
          const joined = this.#join(statement, loop);
          block.splice(i, block.length - i, ...before.reverse(), joined, ...past.reverse());
          return true;
        }
        if (!free) return false;
      }
      if (statement.kind === "define" && used.has(statement.id)) {
        const instruction = this.#instructions[statement.id];
        // The result of a loop, or what was read between, must stay where it is.
        if (instruction.operation === "carried" || isLoad(instruction)) return false;
        instruction.operands.forEach((id) => used.add(id));
        before.push(statement);
        continue;
      }
      if (!this.#independent(this.#accesses([statement]), accesses)) return false;
      past.push(statement);
    }
    return false;
  }

  #accesses(statements: readonly Statement[]): Accesses {
    return accessesOf(statements, this.#instructions, this.#addresses);
  }

  #independent(a: Accesses, b: Accesses): boolean {
    const apart = (some: Accesses["loads"], others: Accesses["loads"]): boolean =>
      some.every((one) => others.every((other) => this.#addresses.apart(one, other)));
    return apart(a.stores, b.stores) && apart(a.stores, b.loads) && apart(a.loads, b.stores);
  }

  /** All that a loop reads from outside of it. */
  #usedBy(loop: Loop): Set<number> {
    const used = new Set<number>();
    const visit = (statement: Statement): void => {
      if (statement.kind === "define") {
        this.#instructions[statement.id].operands.forEach((id) => used.add(id));
      } else if (statement.kind === "store") {
        used.add(statement.address).add(statement.value);
      } else if (statement.kind === "loop") {
        used.add(statement.count);
        statement.carries.forEach(({ first, next }) => used.add(first).add(next));
        statement.body.forEach(visit);
      }
    };
    visit(loop);
    return used;
  }

  #turnByTurn(first: Loop, second: Loop): boolean {
    const a = this.#accesses(first.body);
    const b = this.#accesses(second.body);
    const renamed = ({ form, bytes }: Accesses["loads"][number]) => {
      const terms = new Map(
        [...form.terms].map(([atom, coefficient]) => [
          atom === second.counter ? first.counter : atom,
          coefficient,
        ]),
      );
      return { form: { terms, constant: form.constant }, bytes };
    };
    const fit = (some: Accesses["loads"], others: Accesses["loads"]): boolean =>
      some.every((one) =>
        others.every((other) => this.#addresses.turnByTurn(one, renamed(other), first.counter))
      );
    return fit(a.stores, b.stores) && fit(a.stores, b.loads) && fit(a.loads, b.stores);
  }

  #join(first: Loop, second: Loop): Loop {
    this.joined.add(first.counter);
    const named = (id: number): number => id === second.counter ? first.counter : id;
    const rename = (statement: Statement): Statement => {
      if (statement.kind === "define") {
        const instruction = this.#instructions[statement.id];
        this.#instructions[statement.id] = {
          ...instruction,
          operands: instruction.operands.map(named),
        };
        return statement;
      }
      if (statement.kind === "store") {
        return {
          ...statement,
          address: named(statement.address),
          value: named(statement.value),
        };
      }
      if (statement.kind === "call") return statement;
      return {
        ...statement,
        count: named(statement.count),
        carries: statement.carries.map(({ inside, first, next }) => ({
          inside,
          first: named(first),
          next: named(next),
        })),
        body: statement.body.map(rename),
      };
    };
    const body = second.body.map(rename);
    this.#addresses.forget();
    return {
      ...first,
      carries: [...first.carries, ...second.carries],
      body: [...first.body, ...body],
    };
  }
}

/**
 * Computes nothing twice and loads nothing that is known: equal instructions become one, a load of
 * what was stored or loaded before becomes that value, and what is stored for nobody is not stored.
 *
 * @module
 */
import type { Instruction, Loop, Statement } from "../nest.ts";
import { accessesOf, accessOf, isLaneLoad, isLoad } from "./accesses.ts";
import type { Access, Addresses } from "./address.ts";

/** What memory is known to hold. */
interface Held {
  readonly access: Access;
  readonly type: Instruction["type"];
  readonly value: number;
}

/** What is known at a place in the program. */
interface Known {
  readonly outer: Known | undefined;
  readonly names: Map<string, number>;
  held: Held[];
}

/** Rewrites the statements of a nest whose instructions it may replace. */
export class Forwarder {
  readonly #instructions: Instruction[];
  readonly #addresses: Addresses;
  readonly #joined: ReadonlySet<number>;
  readonly #same = new Map<number, number>();

  /**
   * @param instructions The instructions; their operands are replaced by equal ones.
   * @param addresses Their addresses.
   * @param joined Counters of the loops in which there may be something to gain: those that others were
   * put into.
   */
  constructor(
    instructions: Instruction[],
    addresses: Addresses,
    joined: ReadonlySet<number>,
  ) {
    this.#joined = joined;
    this.#instructions = instructions;
    this.#addresses = addresses;
  }

  /** The whole nest. */
  body(statements: readonly Statement[]): Statement[] {
    if (this.#joined.size === 0) return [...statements];
    return this.#withoutDeadStores(this.#outside(statements));
  }

  /** Statements that are in no joined loop. */
  #outside(statements: readonly Statement[]): Statement[] {
    return statements.map((statement) => {
      if (statement.kind !== "loop") return statement;
      if (!this.#joined.has(statement.counter)) {
        return { ...statement, body: this.#outside(statement.body) };
      }
      return this.#loop(statement, { outer: undefined, names: new Map(), held: [] });
    });
  }

  #resolve(id: number): number {
    return this.#same.get(id) ?? id;
  }

  #block(statements: readonly Statement[], known: Known): Statement[] {
    const out: Statement[] = [];
    for (const statement of statements) {
      if (statement.kind === "define") {
        if (this.#define(statement.id, known)) out.push(statement);
      } else if (statement.kind === "store") out.push(this.#store(statement, known));
      else if (statement.kind === "call") {
        this.#forgetStored([statement], known);
        out.push(statement);
      } else out.push(this.#loop(statement, known));
    }
    return out;
  }

  /** Whether an instruction has to be carried out. */
  #define(id: number, known: Known): boolean {
    const before = this.#instructions[id];
    const operands = before.operands.map((operand) => this.#resolve(operand));
    const instruction = { ...before, operands };
    this.#instructions[id] = instruction;
    const { operation, immediate, type } = instruction;
    if (operation === "carried" || operation === "counter") return true;
    if (isLaneLoad(instruction)) return true;
    if (isLoad(instruction)) {
      const access = accessOf(this.#addresses, type, operands[0], immediate);
      const held = known.held.find((other) =>
        other.type === type && this.#addresses.same(other.access, access)
      );
      if (held === undefined) {
        known.held.push({ access, type, value: id });
        return true;
      }
      this.#same.set(id, held.value);
      return false;
    }
    const literal = Object.is(immediate, -0) ? "-0" : immediate;
    const name = `${operation} ${operands} ${literal}`;
    for (let scope: Known | undefined = known; scope !== undefined; scope = scope.outer) {
      const equal = scope.names.get(name);
      if (equal === undefined) continue;
      this.#same.set(id, equal);
      return false;
    }
    known.names.set(name, id);
    return true;
  }

  #store(statement: Statement & { readonly kind: "store" }, known: Known): Statement {
    const address = this.#resolve(statement.address);
    const value = this.#resolve(statement.value);
    const { type } = this.#instructions[value];
    const access = accessOf(this.#addresses, type, address, statement.offset);
    known.held = known.held.filter((other) => this.#addresses.apart(other.access, access));
    known.held.push({ access, type, value });
    return { ...statement, address, value };
  }

  #loop(loop: Loop, known: Known): Loop {
    const count = this.#resolve(loop.count);
    const firsts = loop.carries.map(({ first }) => this.#resolve(first));
    // What a turn writes is not known at the start of the next.
    this.#forgetStored(loop.body, known);
    const inside: Known = { outer: known, names: new Map(), held: [...known.held] };
    const body = this.#block(loop.body, inside);
    const carries = loop.carries.map(({ inside, next }, i) => ({
      inside,
      first: firsts[i],
      next: this.#resolve(next),
    }));
    return { ...loop, count, carries, body };
  }

  /** Forgets what memory held where statements write. */
  #forgetStored(statements: readonly Statement[], known: Known): void {
    const { stores } = accessesOf(statements, this.#instructions, this.#addresses);
    known.held = known.held.filter(({ access }) =>
      stores.every((store) => this.#addresses.apart(access, store))
    );
  }

  /** Leaves out stores to what ends with the call and is loaded by nobody. */
  #withoutDeadStores(statements: readonly Statement[]): Statement[] {
    const { loads } = accessesOf(statements, this.#instructions, this.#addresses);
    const keep = (block: readonly Statement[]): Statement[] =>
      block.flatMap((statement): Statement[] => {
        if (statement.kind === "define" || statement.kind === "call") return [statement];
        if (statement.kind === "loop") return [{ ...statement, body: keep(statement.body) }];
        const { address, offset, value } = statement;
        const access = accessOf(this.#addresses, this.#instructions[value].type, address, offset);
        const read = this.#addresses.outlives(access.form) ||
          loads.some((load) => !this.#addresses.apart(load, access));
        return read ? [statement] : [];
      });
    return keep(statements);
  }
}

/**
 * Addresses as sums, so that it can be told whether two accesses to memory touch.
 *
 * @module
 */
import type { Machine } from "../machine.ts";
import type { Instruction, Nest } from "../nest.ts";

/** Σ coefficientᵢ · atomᵢ + constant: atoms are numbers of index instructions that are no sums. */
export interface Form {
  /** Coefficients by atom. */
  readonly terms: ReadonlyMap<number, number>;
  /** What is added. */
  readonly constant: number;
}

/** What an instruction or a store touches. */
export interface Access {
  /** Where it begins. */
  readonly form: Form;
  /** How many bytes. */
  readonly bytes: number;
}

function combine(a: Form, b: Form, factor: number): Form {
  const terms = new Map(a.terms);
  for (const [atom, coefficient] of b.terms) {
    const sum = (terms.get(atom) ?? 0) + factor * coefficient;
    if (sum === 0) terms.delete(atom);
    else terms.set(atom, sum);
  }
  return { terms, constant: a.constant + factor * b.constant };
}

const NUMBER: ReadonlyMap<number, number> = new Map();

/** The forms of the addresses of a nest, and what values their atoms can have. */
export class Addresses {
  /** What the nest is for. */
  readonly machine: Machine;
  readonly #instructions: readonly Instruction[];
  /** Turns of the loop of each counter, where they are known. */
  readonly #turns = new Map<number, number>();
  readonly #forms = new Map<number, Form>();

  /**
   * @param instructions The instructions of the nest; they may be replaced in it later.
   * @param machine What the nest is for.
   */
  constructor(instructions: Nest["instructions"], machine: Machine) {
    this.#instructions = instructions;
    this.machine = machine;
  }

  /** Says how many turns the loop of a counter takes. */
  count(counter: number, turns: number | undefined): void {
    if (turns !== undefined) this.#turns.set(counter, turns);
  }

  /** Forgets the forms, after instructions were replaced. */
  forget(): void {
    this.#forms.clear();
  }

  /** The form of an index. */
  of(id: number): Form {
    const known = this.#forms.get(id);
    if (known !== undefined) return known;
    const form = this.#derive(id);
    this.#forms.set(id, form);
    return form;
  }

  #derive(id: number): Form {
    const { operation, operands, immediate } = this.#instructions[id];
    if (operation === "constantIndex") return { terms: NUMBER, constant: immediate };
    if (operation === "addIndex") return combine(this.of(operands[0]), this.of(operands[1]), 1);
    if (operation === "mulIndex") {
      const [a, b] = operands.map((operand) => this.of(operand));
      const nothing = { terms: NUMBER, constant: 0 };
      if (b.terms.size === 0) return combine(nothing, a, b.constant);
      if (a.terms.size === 0) return combine(nothing, b, a.constant);
    }
    return { terms: new Map([[id, 1]]), constant: 0 };
  }

  /** The values that an atom can have, both ends included. */
  #range(atom: number): readonly [number, number] {
    const { operation, operands, immediate } = this.#instructions[atom];
    if (operation === "counter") return [0, (this.#turns.get(atom) ?? Infinity) - 1];
    if (operation === "remainderIndex") return [0, immediate - 1];
    if (operation === "limitIndex") return [0, immediate];
    if (operation === "divideIndex") {
      const [, most] = this.range(this.of(operands[0]));
      return [0, Math.floor(most / immediate)];
    }
    return [0, Infinity];
  }

  /** The values that a form can have, both ends included. */
  range({ terms, constant }: Form): readonly [number, number] {
    let [least, most] = [constant, constant];
    for (const [atom, coefficient] of terms) {
      const ends = this.#range(atom).map((end) => coefficient * end);
      least += Math.min(...ends);
      most += Math.max(...ends);
    }
    return [least, most];
  }

  /** The areas of memory that arguments point to are apart from each other and from all that is fixed. */
  #area({ terms }: Form): string {
    return [...terms]
      .filter(([atom]) => this.#instructions[atom].operation === "argument")
      .map(([atom, coefficient]) => `${atom} ${coefficient}`)
      .sort()
      .join();
  }

  /** Whether memory that outlives a call may be touched. */
  outlives(form: Form): boolean {
    return this.#area(form) !== "";
  }

  /** Whether two accesses never touch, in whatever turns of their loops. */
  apart(a: Access, b: Access): boolean {
    if (this.#area(a.form) !== this.#area(b.form)) return true;
    const strip = ({ terms, constant }: Form): Form => ({
      terms: new Map(
        [...terms].filter(([atom]) => this.#instructions[atom].operation !== "argument"),
      ),
      constant,
    });
    const [leastA, mostA] = this.range(strip(a.form));
    const [leastB, mostB] = this.range(strip(b.form));
    return leastA >= mostB + b.bytes || leastB >= mostA + a.bytes;
  }

  /** Whether two accesses begin at the same address whenever all atoms have the same values. */
  same(a: Access, b: Access): boolean {
    const { terms, constant } = combine(a.form, b.form, -1);
    return terms.size === 0 && constant === 0;
  }

  /**
   * Whether two accesses in a loop touch in one and the same turn alone, or never.
   *
   * @param a One.
   * @param b The other, written with the same counter.
   * @param counter The loop's counter.
   * @returns Whether one may come before the other turn by turn instead of loop by loop.
   */
  turnByTurn(a: Access, b: Access, counter: number): boolean {
    if (this.apart(a, b)) return true;
    const { terms, constant } = combine(a.form, b.form, -1);
    const step = Math.abs(a.form.terms.get(counter) ?? 0);
    const turns = this.#turns.get(counter);
    if (terms.size > 0 || step === 0 || turns === undefined) return false;
    // Quotients and remainders would make one address of several turns.
    const plain = [...a.form.terms.keys()].every((atom) =>
      ["argument", "counter"].includes(this.#instructions[atom].operation)
    );
    if (!plain) return false;
    const most = Math.max(a.bytes, b.bytes);
    if (constant === 0) return most <= step;
    const rest = ((constant % step) + step) % step;
    return (rest >= b.bytes && step - rest >= a.bytes) ||
      Math.abs(constant) >= step * (turns - 1) + most;
  }
}

/**
 * Prints a loop nest as the body of a WGSL function that runs it for one chain: an invocation is a chain, a
 * workgroup a group.
 *
 * Memory is arrays of words. Where it holds values of each chain, those of a workgroup's lie side by side, so
 * that its invocations read and write consecutive words.
 *
 * @module
 */
import type { Memory } from "../layout.ts";
import type { Instruction, Loop, Nest, Operation, Statement } from "../nest.ts";
import { Addresses, type Form } from "../passes/address.ts";
import { type Context, EXPRESSIONS, hidden, type Pure } from "./expressions.ts";
import type { FunctionName } from "./functions.ts";
import { floatText, wordText } from "./literals.ts";
import { neverNaN } from "./not_a_number.ts";
import { printedIndices } from "./printed_indices.ts";

/** An area of memory that an argument of the nest points to. */
export interface Area {
  /** The array of words. */
  readonly array: string;
  /** Where this chain's first word lies in it. */
  readonly base: string;
}

/** What the arguments of a nest are, in its order: areas of memory, or the text of a number. */
export type Argument = Area | string;

/** What all chains share: it has no word for each. */
const DATA: Area = { array: "data", base: "" };
const SCRATCH: Area = { array: "scratch", base: "scratch_at" };

const SHARED_LOADS: ReadonlySet<Operation> = new Set<Operation>([
  ...["loadShared", "loadSharedWord", "loadIndex", "loadLaneShared", "loadLaneSharedWord"] as const,
]);

const LITERALS: ReadonlySet<Operation> = new Set<Operation>([
  ...["constant", "constantWord", "constantIndex"] as const,
]);

/** What a compiler may fuse with what it is made of, or simplify. */
const ROUNDING: ReadonlySet<Operation> = new Set<Operation>([
  ...["add", "sub", "mul", "div", "sqrt", "neg", "abs", "floor", "nearest", "wordToFloat"] as const,
]);

/** How a nest is printed. */
export interface PrintOptions {
  /**
   * Whether each result of arithmetic is hidden from the shader's compiler, which then can neither fuse nor
   * simplify: as slow as that is, it gives the bits of WebAssembly where a GPU divides and takes roots as
   * IEEE 754 says, and keeps subnormal numbers. False by default.
   */
  readonly exact?: boolean | undefined;
}

class Printer implements Context {
  readonly lines: string[] = [];
  readonly functions: Set<FunctionName> = new Set();
  /** Expressions that are computed once, at the start, by their names. */
  readonly once: Map<string, string> = new Map();
  readonly #nest: Nest;
  readonly #arguments: readonly Argument[];
  readonly #addresses: Addresses;
  readonly #printed: ReadonlySet<number>;
  readonly #neverNaN: (id: number) => boolean;
  readonly exact: boolean;
  #indent = 1;

  constructor(
    nest: Nest,
    memory: Memory,
    given: readonly Argument[],
    { exact = false }: PrintOptions,
  ) {
    this.exact = exact;
    this.#nest = nest;
    this.#arguments = given;
    this.#addresses = new Addresses(nest.instructions, memory.machine);
    this.#printed = printedIndices(nest, this.#addresses);
    this.#neverNaN = neverNaN(nest);
  }

  block(statements: readonly Statement[]): void {
    for (const statement of statements) {
      if (statement.kind === "define") this.#define(statement.id);
      else if (statement.kind === "loop") this.#loop(statement);
      else if (statement.kind === "store") {
        const { address, offset, value } = statement;
        const { type } = this.#at(value);
        const text = this.text(value);
        const word = type === "f64" ? `bitcast<u32>(${text})` : text;
        this.#line(`${this.#place(address, offset)} = ${word};`);
      } else throw new Error("Cannot print a call of a function of the host as WGSL");
    }
  }

  // An arrow function, since expressions take it out of its object.
  readonly text = (id: number): string => {
    const { operation, immediate } = this.#at(id);
    if (operation === "constant") {
      const { text, literal } = floatText(immediate);
      return literal ? text : this.#computedOnce(text, "special");
    }
    if (operation === "constantWord" || operation === "constantIndex") return wordText(immediate);
    if (operation === "argument") {
      const given = this.#arguments[immediate];
      if (typeof given === "string") return given;
      throw new Error(`Cannot print the address ${given.base} as a number`);
    }
    return `v${id}`;
  };

  mayBeNaN(id: number): boolean {
    return !this.#neverNaN(id);
  }

  call(name: FunctionName): string {
    this.functions.add(name);
    return name;
  }

  #at(id: number): Instruction {
    return this.#nest.instructions[id];
  }

  #line(text: string): void {
    this.lines.push("  ".repeat(this.#indent) + text);
  }

  #computedOnce(expression: string, kind: string): string {
    const known = this.once.get(expression) ?? `${kind}${this.once.size}`;
    this.once.set(expression, known);
    return known;
  }

  /** The word at an address, of this chain where each has its own. */
  #place(address: number, offset: number, load?: Operation, own?: string): string {
    const form = this.#addresses.of(address);
    const { array, base } = load !== undefined && SHARED_LOADS.has(load) ? DATA : this.#area(form);
    const terms = [...form.terms].filter(([atom]) => !this.#isArea(atom));
    const constant = form.constant + offset;
    let text = base;
    const append = (sign: string, term: string): void => {
      text = text === "" ? (sign === "-" ? `0u - ${term}` : term) : `${text} ${sign} ${term}`;
    };
    if (constant > 0 || (terms.length === 0 && own === undefined && text === "")) {
      append("+", wordText(constant / 4));
    }
    if (own !== undefined) append("+", `(${own} >> 2u)`);
    for (const [atom, coefficient] of terms) {
      const size = Math.abs(coefficient);
      const value = this.text(atom);
      append(
        coefficient < 0 ? "-" : "+",
        size % 4 !== 0
          ? `((${value} * ${wordText(size)}) >> 2u)`
          : size === 4
          ? value
          : `${value} * ${wordText(size / 4)}`,
      );
    }
    if (constant < 0) append("-", wordText(-constant / 4));
    return `${array}[${text}]`;
  }

  #isArea(atom: number): boolean {
    const { operation, immediate } = this.#at(atom);
    return operation === "argument" && typeof this.#arguments[immediate] !== "string";
  }

  #area({ terms }: Form): Area {
    for (const [atom] of terms) {
      if (this.#isArea(atom)) return this.#arguments[this.#at(atom).immediate] as Area;
    }
    return SCRATCH;
  }

  #define(id: number): void {
    const { operation, operands, type } = this.#at(id);
    if (LITERALS.has(operation) || operation === "argument") return;
    if (type === "index" && !this.#printed.has(id)) return;
    const expression = this.#expression(this.#at(id), operands);
    const hides = this.exact && ROUNDING.has(operation);
    this.#line(`let v${id} = ${hides ? hidden(expression) : expression};`);
  }

  #expression(instruction: Instruction, operands: readonly number[]): string {
    const { operation, immediate, type } = instruction;
    switch (operation) {
      case "carried":
        return this.text(operands[0]);
      case "loadIndex":
      case "loadWord":
      case "loadSharedWord":
        return this.#place(operands[0], immediate, operation);
      case "load":
      case "loadShared":
        return `bitcast<f32>(${this.#place(operands[0], immediate, operation)})`;
      case "loadLane":
      case "loadLaneWord":
      case "loadLaneShared":
      case "loadLaneSharedWord": {
        const word = this.#place(operands[0], immediate, operation, this.text(operands[1]));
        return type === "f64" ? `bitcast<f32>(${word})` : word;
      }
      default:
        return EXPRESSIONS[operation as Pure](this.#withVariables(operands), instruction);
    }
  }

  /** Literals alone would be computed by the compiler, for which what overflows is an error. */
  #withVariables(operands: readonly number[]): Context {
    const constant = operands.every((id) => LITERALS.has(this.#at(id).operation));
    if (!constant) return this;
    return {
      text: (id) => this.#computedOnce(this.text(id), "known"),
      mayBeNaN: (id) => this.mayBeNaN(id),
      exact: this.exact,
      call: (name) => this.call(name),
    };
  }

  #loop({ count, counter, carries, body }: Loop): void {
    for (const { inside, first } of carries) this.#line(`var v${inside} = ${this.text(first)};`);
    const turns = this.text(count);
    this.#line(`for (var v${counter} = 0u; v${counter} < ${turns}; v${counter}++) {`);
    this.#indent++;
    this.block(body);
    const names = new Set(carries.map(({ inside }) => inside));
    const changed = carries.filter(({ inside, next }) => inside !== next);
    // What is another's old value is kept before the first is set.
    const kept = changed.filter(({ next }) => names.has(next));
    for (const { next } of kept) this.#line(`let before${next} = v${next};`);
    for (const { inside, next } of changed) {
      this.#line(`v${inside} = ${names.has(next) ? `before${next}` : this.text(next)};`);
    }
    this.#indent--;
    this.#line("}");
  }
}

/** A nest as WGSL. */
export interface PrintedBody {
  /** The lines of the function's body. */
  readonly lines: readonly string[];
  /** The functions that they call. */
  readonly functions: ReadonlySet<FunctionName>;
}

/**
 * Prints a nest. The lines read the array of words `data`, read and write the array `scratch`, in which this
 * chain's words begin at `scratch_at`, and rely on a word `nothing` that is 0.
 *
 * @param nest The nest.
 * @param memory What it was laid out in.
 * @param given What its arguments are.
 * @param options How it is printed.
 * @returns The text.
 */
export function printBody(
  nest: Nest,
  memory: Memory,
  given: readonly Argument[],
  options: PrintOptions = {},
): PrintedBody {
  const printer = new Printer(nest, memory, given, options);
  printer.block(nest.body);
  const once = [...printer.once].map(([expression, name]) => `  let ${name} = ${expression};`);
  return { lines: [...once, ...printer.lines], functions: printer.functions };
}

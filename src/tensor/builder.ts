/**
 * Collects the equations of a program while it is traced. Equal equations are written once, those of
 * constants alone are computed at once, and a few identities are applied.
 *
 * @module
 */
import { inferTypes } from "./infer.ts";
import { evaluate } from "./interpreter/interpret.ts";
import { needed } from "./needed.ts";
import type {
  ArrayValue,
  Equation,
  Primitive,
  PrimitiveParameters,
  Program,
  ValueType,
} from "./program.ts";
import { sizeOf } from "./shape.ts";
import { COMPARED_ELEMENTS, Simplifier } from "./simplify.ts";

/** A program being written. */
export class Builder {
  /** How many traces this one is nested in. */
  readonly depth: number;
  readonly #types: ValueType[] = [];
  readonly #inputs: number[] = [];
  readonly #equations: Equation[] = [];
  readonly #known = new Map<string, readonly number[]>();
  readonly #constants = new Map<number, ArrayValue>();
  readonly #definitions = new Map<number, Equation>();
  readonly #simplifier = new Simplifier({
    typeOf: (id) => this.#types[id],
    equationOf: (id) => this.#definitions.get(id),
    constantOf: (id) => this.#constants.get(id),
    constant: (value) => this.constant(value),
    add: (primitive, parameters, operands) => this.add(primitive, parameters, operands)[0],
  });
  readonly #dataNumbers = new Map<unknown, number>();
  readonly #captured = new Map<number, { readonly outer: number; readonly inner: number }>();
  /** The trace that this one happens in, for the body of a loop. */
  readonly parent: Builder | undefined;
  #finished = false;

  /** @param parent The trace that this one happens in. */
  constructor(parent?: Builder) {
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  /** Whether the program is complete, so that its values can no longer be used. */
  get finished(): boolean {
    return this.#finished;
  }

  /** The type of a value. */
  typeOf(id: number): ValueType {
    return this.#types[id];
  }

  /** Adds an input. */
  input(type: ValueType): number {
    const id = this.#define(type);
    this.#inputs.push(id);
    return id;
  }

  /** A literal array; a large one of one repeated number is that number, broadcast. */
  constant(value: ArrayValue): number {
    const { dtype, shape, data } = value;
    if (data.length > COMPARED_ELEMENTS && data.every((entry) => Object.is(entry, data[0]))) {
      const one = this.constant({ dtype, shape: [], data: data.slice(0, 1) });
      return this.add("broadcast", { shape, axes: [] }, [one])[0];
    }
    return this.add("constant", { value }, [])[0];
  }

  /** A value of the parent, as an input of this program. */
  capture(outer: number, type: ValueType): number {
    const known = this.#captured.get(outer);
    if (known !== undefined) return known.inner;
    const inner = this.#define(type);
    this.#captured.set(outer, { outer, inner });
    return inner;
  }

  /** Adds an equation, or finds the value that it would define. */
  add<P extends Primitive>(
    primitive: P,
    parameters: PrimitiveParameters[P],
    operands: readonly number[],
  ): readonly number[] {
    const types = inferTypes(primitive, parameters, operands.map((id) => this.#types[id]));
    const shorter = this.#simplifier.shorter(primitive, operands, types[0]);
    if (shorter !== undefined) return [shorter];
    const name = `${primitive} ${operands} ${this.#text(parameters)}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const results = this.#fold(primitive, parameters, operands, types) ??
      this.#write(primitive, parameters, operands, types);
    this.#known.set(name, results);
    return results;
  }

  /**
   * Closes the program.
   *
   * @param outputs Numbers of the outputs.
   * @param extraInputs Put captured values after this many inputs.
   * @returns The program, and what it captured from its parent, in the order of its inputs.
   */
  finish(
    outputs: readonly number[],
    extraInputs: number = this.#inputs.length,
  ): { readonly program: Program; readonly captured: readonly number[] } {
    this.#finished = true;
    const captures = [...this.#captured.values()];
    const inputs = [...this.#inputs];
    inputs.splice(extraInputs, 0, ...captures.map(({ inner }) => inner));
    return {
      program: {
        types: this.#types,
        inputs,
        equations: needed(this.#equations, outputs).equations,
        outputs,
      },
      captured: captures.map(({ outer }) => outer),
    };
  }

  #define(type: ValueType): number {
    this.#types.push(type);
    return this.#types.length - 1;
  }

  #write<P extends Primitive>(
    primitive: P,
    parameters: PrimitiveParameters[P],
    operands: readonly number[],
    types: readonly ValueType[],
  ): readonly number[] {
    const results = types.map((type) => this.#define(type));
    const equation = { primitive, parameters, operands, results };
    this.#equations.push(equation);
    results.forEach((id) => this.#definitions.set(id, equation));
    if (primitive === "constant") {
      const { value } = parameters as PrimitiveParameters["constant"];
      this.#constants.set(results[0], value);
    }
    return results;
  }

  /** Computes what depends on constants alone, unless the result would be larger than they are. */
  #fold<P extends Primitive>(
    primitive: P,
    parameters: PrimitiveParameters[P],
    operands: readonly number[],
    types: readonly ValueType[],
  ): readonly number[] | undefined {
    if (primitive === "constant" || operands.length === 0) return undefined;
    const values: ArrayValue[] = [];
    let largest = 1;
    for (const id of operands) {
      const value = this.#constants.get(id);
      if (value === undefined) return undefined;
      largest = Math.max(largest, value.data.length);
      values.push(value);
    }
    if (types.some(({ shape }) => sizeOf(shape) > Math.max(largest, COMPARED_ELEMENTS))) {
      return undefined;
    }
    return evaluate(primitive, parameters, values, types).map((value) => this.constant(value));
  }

  #text(parameters: unknown): string {
    return JSON.stringify(parameters, (_, entry) => {
      if (ArrayBuffer.isView(entry)) return this.#dataText(entry as Float64Array);
      if (typeof entry === "object" && entry !== null && "equations" in entry) {
        return this.#number(entry);
      }
      // Functions of the host: equal only if they are the same.
      if (typeof entry === "function") return this.#number(entry);
      return entry;
    });
  }

  #dataText(data: Float64Array): string | number {
    if (data.length > COMPARED_ELEMENTS) return this.#number(data);
    return Array.from(data, (x) => Object.is(x, -0) ? "-0" : String(x)).join();
  }

  #number(thing: unknown): number {
    const known = this.#dataNumbers.get(thing);
    if (known !== undefined) return known;
    this.#dataNumbers.set(thing, this.#dataNumbers.size);
    return this.#dataNumbers.size - 1;
  }
}

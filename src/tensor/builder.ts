/**
 * Collects the equations of a program while it is traced. Equal equations are written once, those of
 * constants alone are computed at once, and a few identities are applied.
 *
 * @module
 */
import { inferTypes } from "./infer.ts";
import { evaluate } from "./interpret.ts";
import { needed } from "./needed.ts";
import type {
  ArrayValue,
  Equation,
  Primitive,
  PrimitiveParameters,
  Program,
  ValueType,
} from "./program.ts";
import { sameShape, sizeOf } from "./shape.ts";

/** Constants up to this many elements are compared by content, larger ones by identity. */
const COMPARED_ELEMENTS = 64;

const SMALLEST_NORMAL = 2 ** -1022;

/** A program being written. */
export class Builder {
  /** How many traces this one is nested in. */
  readonly depth: number;
  readonly #types: ValueType[] = [];
  readonly #inputs: number[] = [];
  readonly #equations: Equation[] = [];
  readonly #known = new Map<string, readonly number[]>();
  readonly #constants = new Map<number, ArrayValue>();
  readonly #broadcasts = new Map<number, Equation<"broadcast">>();
  /** The reciprocals of constants that were divided by; `undefined` where multiplying is not as good. */
  readonly #reciprocals = new Map<number, number | undefined>();
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
    const shorter = this.#identity(primitive, operands, types[0]) ??
      this.#reciprocal(primitive, operands);
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
    this.#equations.push({ primitive, parameters, operands, results });
    if (primitive === "constant") {
      const { value } = parameters as PrimitiveParameters["constant"];
      this.#constants.set(results[0], value);
    }
    if (primitive === "broadcast") {
      this.#broadcasts.set(results[0], { primitive, parameters, operands, results } as never);
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

  /** The operand that an equation would merely copy. */
  #identity(
    primitive: Primitive,
    operands: readonly number[],
    type: ValueType,
  ): number | undefined {
    const [x, y] = operands;
    switch (primitive) {
      case "mul":
        if (this.#isAll(y, 1)) return x;
        return this.#isAll(x, 1) ? y : undefined;
      case "div":
        return this.#isAll(y, 1) ? x : undefined;
      // −0 + 0 is 0, so that x + 0 and x − (−0) are not always x. Words have no −0.
      case "sub":
        return this.#isAll(y, 0) ? x : undefined;
      case "add": {
        const nothing = type.dtype === "f64" ? -0 : 0;
        if (this.#isAll(y, nothing)) return x;
        return this.#isAll(x, nothing) ? y : undefined;
      }
      case "broadcast":
      case "reshape":
        return sameShape(type.shape, this.#types[x].shape) ? x : undefined;
      case "convert":
        return type.dtype === this.#types[x].dtype ? x : undefined;
      default:
        return undefined;
    }
  }

  /** Multiplies by the reciprocal of a constant instead of dividing by it: within 1 ulp, 5× faster. */
  #reciprocal(primitive: Primitive, [x, y]: readonly number[]): number | undefined {
    if (primitive !== "div") return undefined;
    const spread = this.#broadcasts.get(y);
    if (this.#constants.has(x)) return undefined;
    const reciprocal = this.#reciprocalOf(spread?.operands[0] ?? y);
    if (reciprocal === undefined) return undefined;
    const factor = spread === undefined
      ? reciprocal
      : this.add("broadcast", spread.parameters, [reciprocal])[0];
    return this.add("mul", {}, [x, factor])[0];
  }

  #reciprocalOf(id: number): number | undefined {
    if (this.#reciprocals.has(id)) return this.#reciprocals.get(id);
    const value = this.#constants.get(id);
    if (value === undefined) return undefined;
    const data = Float64Array.from(value.data, (entry) => 1 / entry);
    // A subnormal reciprocal has lost digits.
    const exact = data.every((entry) =>
      Number.isFinite(entry) && Math.abs(entry) >= SMALLEST_NORMAL
    );
    const reciprocal = exact ? this.constant({ ...value, data }) : undefined;
    this.#reciprocals.set(id, reciprocal);
    return reciprocal;
  }

  #isAll(id: number, wanted: number): boolean {
    const value = this.#constants.get(this.#broadcasts.get(id)?.operands[0] ?? id);
    return value !== undefined && value.dtype !== "bool" &&
      value.data.length <= COMPARED_ELEMENTS && value.data.every((x) => Object.is(x, wanted));
  }

  #text(parameters: unknown): string {
    return JSON.stringify(parameters, (_, entry) => {
      if (ArrayBuffer.isView(entry)) return this.#dataText(entry as Float64Array);
      if (typeof entry === "object" && entry !== null && "equations" in entry) {
        return this.#number(entry);
      }
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

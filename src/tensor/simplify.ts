/**
 * Equations that are written shorter, or not at all.
 *
 * @module
 */
import type { ArrayValue, Equation, Primitive, PrimitiveParameters, ValueType } from "./program.ts";
import { isOf } from "./program.ts";
import { sameShape } from "./shape.ts";

/** Constants up to this many elements are compared by content, larger ones by identity. */
export const COMPARED_ELEMENTS = 64;

/** The range of single precision without its subnormal numbers: a program runs in either precision. */
const SMALLEST = 2 ** -126;
const LARGEST = 2 ** 128 - 2 ** 104;

/** What is known of the program so far, and how to go on with it. */
export interface Draft {
  /** The type of a value. */
  typeOf(id: number): ValueType;
  /** The equation that defines a value; inputs have none. */
  equationOf(id: number): Equation | undefined;
  /** The array that a value is, if it is constant. */
  constantOf(id: number): ArrayValue | undefined;
  /** Writes a constant. */
  constant(value: ArrayValue): number;
  /** Writes an equation with one result. */
  add<P extends Primitive>(
    primitive: P,
    parameters: PrimitiveParameters[P],
    operands: readonly number[],
  ): number;
}

/** Whether all are numbers that lose no digits to the range of either precision. */
function isOrdinary(data: ArrayLike<number>): boolean {
  return Array.from(data).every((entry) =>
    Math.abs(entry) >= SMALLEST && Math.abs(entry) <= LARGEST
  );
}

/** Finds shorter ways to write equations of a program. */
export class Simplifier {
  readonly #draft: Draft;
  /** The reciprocals of constants that were divided by; `undefined` where multiplying is not as good. */
  readonly #reciprocals = new Map<number, number | undefined>();

  /** @param draft The program. */
  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /**
   * The value that an equation would define, if there is a shorter way to it.
   *
   * @param primitive What it computes.
   * @param operands From what.
   * @param type The type of its result, if it has any.
   * @returns The value's number, or nothing if the equation should be written as it is.
   */
  shorter(
    primitive: Primitive,
    operands: readonly number[],
    type: ValueType | undefined,
  ): number | undefined {
    if (type === undefined) return undefined;
    return this.#identity(primitive, operands, type) ??
      this.#reciprocal(primitive, operands) ??
      this.#difference(primitive, operands, type) ??
      this.#oneFactor(primitive, operands) ??
      this.#negatedFactor(primitive, operands) ??
      this.#oneChoice(primitive, operands);
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
        return sameShape(type.shape, this.#draft.typeOf(x).shape) ? x : undefined;
      case "convert":
        return type.dtype === this.#draft.typeOf(x).dtype ? x : undefined;
      default:
        return undefined;
    }
  }

  /** a + (−b) is a − b. */
  #difference(
    primitive: Primitive,
    [x, y]: readonly number[],
    { dtype }: ValueType,
  ): number | undefined {
    if (primitive !== "add" || dtype !== "f64") return undefined;
    const [first, second] = [x, y].map((id) => this.#draft.equationOf(id));
    if (second?.primitive === "neg") return this.#draft.add("sub", {}, [x, second.operands[0]]);
    if (first?.primitive === "neg") return this.#draft.add("sub", {}, [y, first.operands[0]]);
    return undefined;
  }

  /** Multiplies by the reciprocal of a constant instead of dividing by it: within 1 ulp, 5× faster. */
  #reciprocal(primitive: Primitive, [x, y]: readonly number[]): number | undefined {
    if (primitive !== "div") return undefined;
    const draft = this.#draft;
    const spread = this.#broadcast(y);
    if (draft.constantOf(x) !== undefined) return undefined;
    const reciprocal = this.#reciprocalOf(spread?.operands[0] ?? y);
    if (reciprocal === undefined) return undefined;
    const factor = spread === undefined
      ? reciprocal
      : draft.add("broadcast", spread.parameters, [reciprocal]);
    return draft.add("mul", {}, [x, factor]);
  }

  #reciprocalOf(id: number): number | undefined {
    if (this.#reciprocals.has(id)) return this.#reciprocals.get(id);
    const value = this.#draft.constantOf(id);
    if (value === undefined) return undefined;
    const data = Float64Array.from(value.data, (entry) => 1 / entry);
    const reciprocal = isOrdinary(value.data) && isOrdinary(data)
      ? this.#draft.constant({ ...value, data })
      : undefined;
    this.#reciprocals.set(id, reciprocal);
    return reciprocal;
  }

  /** (x · a) · b is x · (a · b) for constants a and b: as many roundings, within 2 ulp of each other. */
  #oneFactor(primitive: Primitive, operands: readonly number[]): number | undefined {
    if (primitive !== "mul" || this.#draft.typeOf(operands[0]).dtype !== "f64") return undefined;
    const [product, b] = this.#withConstant(operands) ?? [];
    if (product === undefined || b === undefined) return undefined;
    const inner = this.#draft.equationOf(product);
    if (inner === undefined || !isOf(inner, "mul")) return undefined;
    const [x, a] = this.#withConstant(inner.operands) ?? [];
    if (x === undefined || a === undefined) return undefined;
    const [first, second] = [a, b].map((id) => this.#broadcast(id));
    if (first === undefined && second === undefined) {
      const factor = this.#draft.add("mul", {}, [a, b]);
      return this.#ordinaryProduct(factor) ? this.#draft.add("mul", {}, [x, factor]) : undefined;
    }
    const alike = first !== undefined && second !== undefined &&
      sameShape(
        this.#draft.typeOf(first.operands[0]).shape,
        this.#draft.typeOf(second.operands[0]).shape,
      ) &&
      sameShape(first.parameters.axes, second.parameters.axes);
    if (!alike) return undefined;
    const factor = this.#draft.add("mul", {}, [first.operands[0], second.operands[0]]);
    if (!this.#ordinaryProduct(factor)) return undefined;
    return this.#draft.add("mul", {}, [
      x,
      this.#draft.add("broadcast", first.parameters, [factor]),
    ]);
  }

  /** −(x · a) and (−x) · a are x · (−a) for a constant a, to the bit. */
  #negatedFactor(primitive: Primitive, operands: readonly number[]): number | undefined {
    const draft = this.#draft;
    const under = (id: number, wanted: Primitive): Equation | undefined => {
      const equation = draft.equationOf(id);
      return equation?.primitive === wanted ? equation : undefined;
    };
    const product = primitive === "neg" ? under(operands[0], "mul") : undefined;
    const parts = this.#withConstant(product?.operands ?? (primitive === "mul" ? operands : []));
    if (parts === undefined || draft.typeOf(parts[0]).dtype !== "f64") return undefined;
    const [x, a] = parts;
    const negated = product === undefined ? under(x, "neg")?.operands[0] : x;
    if (negated === undefined) return undefined;
    const spread = this.#broadcast(a);
    const factor = spread === undefined
      ? draft.add("neg", {}, [a])
      : draft.add("broadcast", spread.parameters, [draft.add("neg", {}, spread.operands)]);
    return draft.add("mul", {}, [negated, factor]);
  }

  /** The operand that is not constant, then the one that is. */
  #withConstant([x, y]: readonly number[]): readonly [number, number] | undefined {
    if (y === undefined) return undefined;
    const [first, second] = [x, y].map((id) => this.#constantUnder(id) !== undefined);
    if (first === second) return undefined;
    return second ? [x, y] : [y, x];
  }

  #ordinaryProduct(id: number): boolean {
    const value = this.#draft.constantOf(id);
    return value !== undefined && isOrdinary(value.data);
  }

  /** (m ? a : −0) + (m ? −0 : b) is m ? a : b. So the two branches of a `where` share a gradient. */
  #oneChoice(primitive: Primitive, operands: readonly number[]): number | undefined {
    if (primitive !== "add") return undefined;
    const [first, second] = operands.map((id) => this.#draft.equationOf(id));
    if (first === undefined || second === undefined) return undefined;
    if (!isOf(first, "select") || !isOf(second, "select")) return undefined;
    const [mask, a, b] = first.operands;
    const [other, c, d] = second.operands;
    if (mask !== other) return undefined;
    if (this.#isAll(b, -0) && this.#isAll(c, -0)) {
      return this.#draft.add("select", {}, [mask, a, d]);
    }
    if (this.#isAll(a, -0) && this.#isAll(d, -0)) {
      return this.#draft.add("select", {}, [mask, c, b]);
    }
    return undefined;
  }

  #broadcast(id: number): Equation<"broadcast"> | undefined {
    const equation = this.#draft.equationOf(id);
    return equation !== undefined && isOf(equation, "broadcast") ? equation : undefined;
  }

  /** A constant, or the one that is broadcast. */
  #constantUnder(id: number): ArrayValue | undefined {
    return this.#draft.constantOf(this.#broadcast(id)?.operands[0] ?? id);
  }

  #isAll(id: number, wanted: number): boolean {
    const value = this.#constantUnder(id);
    return value !== undefined && value.dtype !== "bool" &&
      value.data.length <= COMPARED_ELEMENTS && value.data.every((x) => Object.is(x, wanted));
  }
}

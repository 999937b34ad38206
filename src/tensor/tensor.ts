/**
 * Tensors: the values of the array language. A concrete tensor holds numbers and computes at once; a
 * traced one stands for a value of a program that is being written, and computing with it writes
 * equations.
 *
 * @module
 */
import { Builder } from "./builder.ts";
import { inferTypes } from "./infer.ts";
import { evaluate } from "./interpret.ts";
import type {
  ArrayData,
  ArrayValue,
  Binary,
  DType,
  Primitive,
  PrimitiveParameters,
  Reduction,
  Shape,
  Unary,
} from "./program.ts";
import { broadcastShapes, shapeText, sizeOf } from "./shape.ts";
import { userFrame } from "./user_frame.ts";

/** Numbers nested to any depth. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** What is accepted wherever a tensor is. */
export type TensorLike = Tensor | number | boolean | NestedNumbers | Float64Array;

/** Which axes a reduction runs over: one, several, or all when left out. Negative ones count from the end. */
export type Axes = number | readonly number[];

type Source =
  | { readonly kind: "concrete"; readonly data: ArrayData }
  | { readonly kind: "traced"; readonly builder: Builder; readonly id: number };

/**
 * An array of numbers with a fixed shape.
 *
 * Inside a log density a tensor belongs to one chain: there is no chain axis. Operands of different
 * shapes are broadcast as in NumPy. All methods give new tensors.
 *
 * @example Computing at once
 * ```ts
 * import { tensor } from "tributary";
 * console.log(tensor([3, 4]).norm().item()); // 5
 * ```
 */
export class Tensor {
  /** Element type. */
  readonly dtype: DType;
  /** Lengths of the axes, outermost first; `[]` for a scalar. */
  readonly shape: Shape;
  /** @internal */
  readonly source: Source;

  /** @internal */
  constructor(dtype: DType, shape: Shape, source: Source) {
    this.dtype = dtype;
    this.shape = shape;
    this.source = source;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** `this + other`. */
  add(other: TensorLike): Tensor {
    return binary("add", this, other);
  }
  /** `this − other`. */
  sub(other: TensorLike): Tensor {
    return binary("sub", this, other);
  }
  /** `this · other`, element by element. */
  mul(other: TensorLike): Tensor {
    return binary("mul", this, other);
  }
  /** `this / other`. */
  div(other: TensorLike): Tensor {
    return binary("div", this, other);
  }
  /** The smaller of each pair; NaN if either is. */
  minimum(other: TensorLike): Tensor {
    return binary("min", this, other);
  }
  /** The larger of each pair; NaN if either is. */
  maximum(other: TensorLike): Tensor {
    return binary("max", this, other);
  }
  /**
   * `this` to a power.
   *
   * A whole or half number from −8 to 8 becomes products and square roots; any other power is
   * exp(p · log this), NaN for a negative base.
   */
  pow(power: TensorLike): Tensor {
    if (typeof power !== "number") return tensor(power).mul(this.log()).exp();
    const doubled = 2 * Math.abs(power);
    if (!Number.isInteger(doubled) || doubled > 16) return this.log().mul(power).exp();
    let result: Tensor | undefined = doubled % 2 === 1 ? this.sqrt() : undefined;
    let factor: Tensor = this;
    for (let n = Math.floor(doubled / 2); n > 0; n = Math.floor(n / 2)) {
      if (n % 2 === 1) result = result === undefined ? factor : result.mul(factor);
      if (n > 1) factor = factor.square();
    }
    if (result === undefined) return fill(this.shape, 1);
    return power < 0 ? result.reciprocal() : result;
  }

  /** `−this`. */
  neg(): Tensor {
    return unary("neg", this);
  }
  /** `|this|`; its gradient at 0 is 0. */
  abs(): Tensor {
    return unary("abs", this);
  }
  /** `√this`; its gradient at 0 is taken as 0. */
  sqrt(): Tensor {
    return unary("sqrt", this);
  }
  /** `this²`. */
  square(): Tensor {
    return this.mul(this);
  }
  /** `1 / this`. */
  reciprocal(): Tensor {
    return tensor(1).div(this);
  }
  /** The largest integer that is not above; its gradient is 0. */
  floor(): Tensor {
    return unary("floor", this);
  }
  /** eˣ, error under 1 ulp. */
  exp(): Tensor {
    return unary("exp", this);
  }
  /** ln x, error under 1 ulp. */
  log(): Tensor {
    return unary("log", this);
  }
  /** ln(1 + x), accurate near 0. */
  log1p(): Tensor {
    return unary("log1p", this);
  }
  /** eˣ − 1, accurate near 0. */
  expm1(): Tensor {
    return unary("expm1", this);
  }
  /** sin x, x in radians. */
  sin(): Tensor {
    return unary("sin", this);
  }
  /** cos x, x in radians. */
  cos(): Tensor {
    return unary("cos", this);
  }
  /** tanh x. */
  tanh(): Tensor {
    return unary("tanh", this);
  }
  /** 1/(1 + e⁻ˣ). */
  sigmoid(): Tensor {
    return unary("sigmoid", this);
  }
  /** ln(1 + eˣ) without overflow or cancellation. */
  softplus(): Tensor {
    return unary("softplus", this);
  }

  /** `this < other`, a bool tensor. */
  less(other: TensorLike): Tensor {
    return binary("less", this, other);
  }
  /** `this ≤ other`, a bool tensor. */
  lessEqual(other: TensorLike): Tensor {
    return binary("lessEqual", this, other);
  }
  /** `this > other`, a bool tensor. */
  greater(other: TensorLike): Tensor {
    return binary("less", other, this);
  }
  /** `this ≥ other`, a bool tensor. */
  greaterEqual(other: TensorLike): Tensor {
    return binary("lessEqual", other, this);
  }
  /** `this = other`, a bool tensor. */
  equal(other: TensorLike): Tensor {
    return binary("equal", this, other);
  }
  /** Both, of bool tensors. */
  and(other: TensorLike): Tensor {
    return binary("and", this, other);
  }
  /** Either, of bool tensors. */
  or(other: TensorLike): Tensor {
    return binary("or", this, other);
  }
  /** Not, of a bool tensor. */
  not(): Tensor {
    return apply("not", {}, [this])[0];
  }
  /** Whether each element is neither infinite nor NaN, a bool tensor. */
  isFinite(): Tensor {
    return this.abs().less(Infinity);
  }

  /** Sum over `axes`, in index order. */
  sum(axes?: Axes): Tensor {
    return reduction("sum", this, axes);
  }
  /** Mean over `axes`. */
  mean(axes?: Axes): Tensor {
    const total = this.sum(axes);
    return total.div(this.size / total.size);
  }
  /** Largest element over `axes`; ties share the gradient. */
  max(axes?: Axes): Tensor {
    return reduction("maximum", this, axes);
  }
  /** Smallest element over `axes`; ties share the gradient. */
  min(axes?: Axes): Tensor {
    return reduction("minimum", this, axes);
  }
  /** Euclidean norm of all elements; its gradient at the origin is taken as 0. */
  norm(): Tensor {
    return this.square().sum().sqrt();
  }
  /**
   * Matrix product: of two vectors their inner product, else over the last axis of `this` and the
   * first but one (or only) axis of `other`.
   */
  dot(other: TensorLike): Tensor {
    const right = tensor(other);
    const inner = right.shape[Math.max(0, right.shape.length - 2)];
    const fits = this.shape.length >= 1 && right.shape.length >= 1 &&
      this.shape.length <= 2 && right.shape.length <= 2 && this.shape.at(-1) === inner;
    if (!fits) throw shapeError("dot", this, right);
    if (right.shape.length === 1) return this.mul(right).sum(-1);
    return this.reshape([...this.shape, 1]).mul(right).sum(-2);
  }

  /** The same elements, row-major, under another shape; one length may be −1. */
  reshape(shape: Shape): Tensor {
    const known = shape.reduce((product, length) => length < 0 ? product : product * length, 1);
    const full = shape.map((length) => length < 0 ? this.size / known : length);
    if (sizeOf(full) !== this.size || !full.every(Number.isInteger)) {
      throw new TypeError(
        `Cannot reshape ${shapeText(this.shape)} to ${shapeText(shape)}${userFrame()}`,
      );
    }
    return apply("reshape", { shape: full }, [this])[0];
  }
  /** Axes in another order; reversed when none is given. */
  transpose(permutation?: readonly number[]): Tensor {
    const order = permutation ?? this.shape.map((_, axis) => this.shape.length - 1 - axis);
    return apply("transpose", { permutation: order }, [this])[0];
  }
  /** Repeats axes of length 1, and adds leading ones, until the shape is `shape`. */
  broadcastTo(shape: Shape): Tensor {
    const common = broadcastShapes(this.shape, shape);
    if (common === undefined || sizeOf(common) !== sizeOf(shape)) {
      throw new TypeError(
        `Cannot broadcast ${shapeText(this.shape)} to ${shapeText(shape)}${userFrame()}`,
      );
    }
    const skipped = shape.length - this.shape.length;
    const axes = this.shape.map((_, axis) => axis + skipped);
    return apply("broadcast", { shape, axes }, [this])[0];
  }
  /** The part at the given indices of the leading axes; negative ones count from the end. */
  at(...indices: readonly number[]): Tensor {
    if (indices.length > this.shape.length) {
      throw new RangeError(
        `Cannot index ${shapeText(this.shape)} with ${indices.length} indices${userFrame()}`,
      );
    }
    const start = this.shape.map((length, axis) => {
      if (axis >= indices.length) return 0;
      const index = indices[axis] < 0 ? indices[axis] + length : indices[axis];
      if (!Number.isInteger(index) || index < 0 || index >= length) {
        throw new RangeError(
          `Cannot take index ${indices[axis]} of axis ${axis} of ${shapeText(this.shape)}` +
            userFrame(),
        );
      }
      return index;
    });
    const stop = this.shape.map((length, axis) => axis < indices.length ? start[axis] + 1 : length);
    const part = apply("slice", { start, stop, step: start.map(() => 1) }, [this])[0];
    return part.reshape(this.shape.slice(indices.length));
  }
  /** Elements from `start` up to, not with, `stop` along an axis; negative ones count from the end. */
  slice(start: number, stop?: number, options: { axis?: number; step?: number } = {}): Tensor {
    const axis = checkedAxis("slice", this, options.axis ?? 0);
    const length = this.shape[axis];
    const clamp = (index: number): number =>
      Math.max(0, Math.min(length, index < 0 ? index + length : index));
    const from = clamp(start);
    const to = Math.max(from, clamp(stop ?? length));
    const replace = (whole: readonly number[], entry: number): number[] =>
      whole.map((old, i) => i === axis ? entry : old);
    return apply("slice", {
      start: replace(this.shape.map(() => 0), from),
      stop: replace(this.shape, to),
      step: replace(this.shape.map(() => 1), options.step ?? 1),
    }, [this])[0];
  }

  /** The same values, through which no gradient passes. */
  stopGradient(): Tensor {
    return apply("stopGradient", {}, [this])[0];
  }
  /** The elements as another type: bools become 0 and 1, floats are cut to whole numbers. */
  as(dtype: DType): Tensor {
    return apply("convert", { dtype }, [this])[0];
  }

  /**
   * The elements, row-major.
   *
   * @throws {TypeError} If the tensor is traced: it has no value yet.
   */
  get data(): ArrayData {
    if (this.source.kind === "concrete") return this.source.data;
    throw new TypeError(
      "Cannot read the value of a traced tensor: inside a log density or a step there are no " +
        "numbers yet; use `where` to choose between values" + userFrame(),
    );
  }
  /** The one element of a scalar. */
  item(): number {
    if (this.size !== 1) {
      throw new TypeError(`Cannot take the item of a tensor of shape ${shapeText(this.shape)}`);
    }
    return this.data[0];
  }
  /** The elements as nested arrays; a number for a scalar. */
  toArray(): number | NestedNumbers {
    return nest(this.data, this.shape);
  }
  /** Readable form: the type, the shape and, when concrete, the elements. */
  toString(): string {
    const type = `${this.dtype}${shapeText(this.shape)}`;
    if (this.source.kind === "traced") return `Tensor(traced ${type})`;
    const shown = this.size > 100 ? "…" : JSON.stringify(this.toArray());
    return `Tensor(${type} ${shown})`;
  }
  /** `+`, `<` and the like cannot work on tensors: says so instead of giving nonsense. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new TypeError(
      "Cannot use an operator such as + or < on a Tensor: use its methods, as in x.add(1) and " +
        "x.less(0)" + userFrame(),
    );
  }
}

/** What `console.log` shows, in Deno and in Node. */
for (const name of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
  Object.defineProperty(Tensor.prototype, Symbol.for(name), { value: Tensor.prototype.toString });
}

function nest(data: ArrayData, shape: Shape, offset = 0): number | NestedNumbers {
  if (shape.length === 0) return data[offset];
  const [length, ...inner] = shape;
  const step = sizeOf(inner);
  return Array.from({ length }, (_, i) => nest(data, inner, offset + i * step));
}

function flatten(nested: NestedNumbers, out: number[]): number[] {
  const shape = [nested.length];
  let first: number[] | undefined;
  for (const entry of nested) {
    let inner: number[] = [];
    if (typeof entry === "number") out.push(entry);
    else inner = flatten(entry, out);
    first ??= inner;
    if (shapeText(first) !== shapeText(inner)) {
      throw new TypeError(
        `Cannot make a tensor of nested arrays of unequal lengths: ${shapeText(first)} and ` +
          `${shapeText(inner)}${userFrame()}`,
      );
    }
  }
  return [...shape, ...(first ?? [])];
}

/** A concrete tensor around an array, which is not copied. */
export function fromArray({ dtype, shape, data }: ArrayValue): Tensor {
  return new Tensor(dtype, shape, { kind: "concrete", data });
}

/**
 * A tensor of given numbers.
 *
 * @param value A number, a bool, numbers nested to any depth, a `Float64Array`, or a tensor, which is
 * given back as it is.
 * @returns The tensor; f64, or bool for a bool.
 * @throws {TypeError} If nested arrays have unequal lengths or hold something other than numbers.
 */
export function tensor(value: TensorLike): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") {
    return fromArray({ dtype: "f64", shape: [], data: Float64Array.of(value) });
  }
  if (typeof value === "boolean") {
    return fromArray({ dtype: "bool", shape: [], data: Uint8Array.of(value ? 1 : 0) });
  }
  if (value instanceof Float64Array) {
    return fromArray({ dtype: "f64", shape: [value.length], data: value.slice() });
  }
  if (!Array.isArray(value)) {
    throw new TypeError(
      `Cannot make a tensor of ${String(value)}: expected numbers${userFrame()}`,
    );
  }
  const out: number[] = [];
  const shape = flatten(value, out);
  return fromArray({ dtype: "f64", shape, data: Float64Array.from(out) });
}

/** A tensor of unsigned 32-bit words. */
export function words(value: ArrayLike<number>, shape: Shape = [value.length]): Tensor {
  return fromArray({ dtype: "u32", shape, data: Uint32Array.from(value) });
}

/** A tensor of one repeated number. */
export function fill(shape: Shape, value: number): Tensor {
  return tensor(value).broadcastTo(shape);
}

function toValue(operand: Tensor): ArrayValue {
  return { dtype: operand.dtype, shape: operand.shape, data: operand.data };
}

/** The number that stands for a tensor in a trace; concrete ones become constants. */
export function lift(builder: Builder, operand: Tensor): number {
  if (operand.source.kind === "concrete") return builder.constant(toValue(operand));
  const { builder: home, id } = operand.source;
  if (home.finished) {
    throw new TypeError(
      "Cannot use a traced tensor outside of the function that it was traced in: give it back as " +
        "a result of that function" + userFrame(),
    );
  }
  if (home === builder) return id;
  if (builder.parent === undefined) {
    throw new TypeError("Cannot combine tensors of two unrelated traces" + userFrame());
  }
  return builder.capture(lift(builder.parent, operand), operand);
}

/**
 * Applies a primitive: at once if all operands are concrete, else as an equation of the innermost
 * trace among them.
 *
 * @param primitive The primitive.
 * @param parameters Its parameters.
 * @param operands Its operands.
 * @returns Its results.
 */
export function apply<P extends Primitive>(
  primitive: P,
  parameters: PrimitiveParameters[P],
  operands: readonly Tensor[],
): Tensor[] {
  let builder: Builder | undefined;
  for (const { source } of operands) {
    if (source.kind === "traced" && source.builder.depth >= (builder?.depth ?? 0)) {
      builder = source.builder;
    }
  }
  if (builder === undefined) {
    const types = inferTypes(primitive, parameters, operands);
    return evaluate(primitive, parameters, operands.map(toValue), types).map(fromArray);
  }
  const home = builder;
  const ids = operands.map((operand) => lift(home, operand));
  return home.add(primitive, parameters, ids).map((id) => tracedTensor(home, id));
}

/** The tensor that stands for a value of a program being written. */
export function tracedTensor(builder: Builder, id: number): Tensor {
  const { dtype, shape } = builder.typeOf(id);
  return new Tensor(dtype, shape, { kind: "traced", builder, id });
}

function unary(name: Unary, x: Tensor): Tensor {
  if (x.dtype !== "f64") throw typeError(name, x);
  return apply(name, {}, [x])[0];
}

function binary(name: Binary, left: TensorLike, right: TensorLike): Tensor {
  const [a, b] = matchWords(tensor(left), tensor(right));
  if (a.dtype !== b.dtype) throw typeError(name, a, b);
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape === undefined) throw shapeError(name, a, b);
  return apply(name, {}, [a.broadcastTo(shape), b.broadcastTo(shape)])[0];
}

/** Plain numbers beside words are taken as words. */
function matchWords(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const toWord = (x: Tensor): Tensor =>
    x.dtype === "f64" && x.source.kind === "concrete" ? words(x.data, x.shape) : x;
  if (a.dtype === "u32") return [a, toWord(b)];
  return b.dtype === "u32" ? [toWord(a), b] : [a, b];
}

/** A binary operation on words. */
export function bitwise(name: Binary, left: Tensor, right: TensorLike): Tensor {
  return binary(name, left, right);
}

function checkedAxis(operation: string, x: Tensor, axis: number): number {
  const positive = axis < 0 ? axis + x.shape.length : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= x.shape.length) {
    throw new RangeError(
      `Cannot ${operation} along axis ${axis} of a tensor of shape ${shapeText(x.shape)}` +
        userFrame(),
    );
  }
  return positive;
}

function reduction(name: Reduction, x: Tensor, axes: Axes | undefined): Tensor {
  const chosen = axes === undefined
    ? x.shape.map((_, axis) => axis)
    : (typeof axes === "number" ? [axes] : axes).map((axis) => checkedAxis(name, x, axis));
  if (x.dtype !== "f64") throw typeError(name, x);
  return chosen.length === 0 ? x : apply(name, { axes: chosen }, [x])[0];
}

function shapeError(operation: string, a: Tensor, b: Tensor): TypeError {
  return new TypeError(
    `Cannot ${operation} tensors of shapes ${shapeText(a.shape)} and ${shapeText(b.shape)}: ` +
      `they do not match${userFrame()}`,
  );
}

function typeError(operation: string, ...operands: readonly Tensor[]): TypeError {
  const types = operands.map(({ dtype, shape }) => `${dtype}${shapeText(shape)}`).join(" and ");
  return new TypeError(`Cannot apply ${operation} to ${types}${userFrame()}`);
}

/**
 * Tensors: the values of the array language. A concrete tensor holds numbers and computes at once; a
 * traced one stands for a value of a program that is being written, and computing with it writes
 * equations.
 *
 * @module
 */
import { type Axes, orderOf, rangesAlong, rangesAt, shapeFor, type SliceOptions } from "./axes.ts";
import { binaryOf, broadcastOf, reductionOf, unaryOf } from "./broadcasting.ts";
import type { Builder } from "./builder.ts";
import { takeOf, type TakeOptions } from "./indexing.ts";
import { shapeError } from "./mismatch.ts";
import { arrayOf, nest, type NestedNumbers, type NumberArray, type PlainArray } from "./nested.ts";
import { applyTo, type Operand, type Source } from "./operand.ts";
import { halvesPower, MAX_HALVES } from "./power.ts";
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
import { shapeText, sizeOf } from "./shape.ts";
import { userFrame } from "./user_frame.ts";

export type { Axes, NestedNumbers, NumberArray, PlainArray, SliceOptions, TakeOptions };

/** What is accepted wherever a tensor is. */
export type TensorLike = Tensor | PlainArray;

/**
 * An array of numbers with a fixed shape.
 *
 * Inside a log density a tensor belongs to one chain: there is no chain axis. Operands of different
 * shapes are broadcast as in NumPy. All methods give new tensors.
 *
 * @example Computing at once
 * ```ts
 * import assert from "node:assert/strict";
 * import { tensor } from "@tributary/tributary";
 *
 * assert.equal(tensor([3, 4]).norm().item(), 5);
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
    const halves = 2 * Math.abs(power);
    if (power === 0) return fill(this.shape, 1);
    if (!Number.isInteger(halves) || halves > MAX_HALVES) return this.log().mul(power).exp();
    const size = halvesPower<Tensor>(this, halves);
    return power < 0 ? size.reciprocal() : size;
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
  /** sin x, x in radians; error under 2 ulp for |x| up to 10⁶, about 10⁻¹⁶|x| beyond. */
  sin(): Tensor {
    return unary("sin", this);
  }
  /** cos x, x in radians; error under 2 ulp for |x| up to 10⁶, about 10⁻¹⁶|x| beyond. */
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
    return apply("reshape", { shape: shapeFor(this.shape, shape) }, [this])[0];
  }
  /** Axes in another order; reversed when none is given. */
  transpose(permutation?: readonly number[]): Tensor {
    return apply("transpose", { permutation: orderOf(this.shape, permutation) }, [this])[0];
  }
  /** Repeats axes of length 1, and adds leading ones, until the shape is `shape`. */
  broadcastTo(shape: Shape): Tensor {
    return wrap(broadcastOf(this, shape));
  }
  /** The part at the given indices of the leading axes; negative ones count from the end. */
  at(...indices: readonly number[]): Tensor {
    const part = apply("slice", rangesAt(this.shape, indices), [this])[0];
    return part.reshape(this.shape.slice(indices.length));
  }
  /** Elements from `start` up to, not with, `stop` along an axis; negative ones count from the end. */
  slice(start: number, stop?: number, options: SliceOptions = {}): Tensor {
    return apply("slice", rangesAlong(this.shape, start, stop, options), [this])[0];
  }
  /**
   * Elements along an axis by their indices, as `alpha.take(group)`: numbers, of which negative ones count
   * from the end, or a traced u32 tensor, in which what is beyond the end is taken as the last.
   */
  take(indices: TensorLike, options: TakeOptions = {}): Tensor {
    return wrap(takeOf(this, tensor(indices), options));
  }

  /** The same values, through which no gradient passes. */
  stopGradient(): Tensor {
    return apply("stopGradient", {}, [this])[0];
  }
  /**
   * The elements as another type. Bools become 0 and 1. Floats become words by cutting to whole numbers,
   * 0 below 0 and for NaN, 2³² − 1 above. To bool, all but 0 is true. No gradient passes.
   */
  as(dtype: DType): Tensor {
    return apply("convert", { dtype }, [this])[0];
  }

  /**
   * The elements, row-major; to be read, not to be written to.
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

/** A concrete tensor around an array, which is not copied. */
export function fromArray({ dtype, shape, data }: ArrayValue): Tensor {
  return new Tensor(dtype, shape, { kind: "concrete", data });
}

/**
 * A tensor of given numbers.
 *
 * @param value A number, a bool, numbers nested to any depth, a typed array of numbers or a list of them,
 * or a tensor, which is given back as it is.
 * @returns The tensor; f64, or bool for a bool.
 * @throws {TypeError} If nested arrays have unequal lengths or hold something other than numbers.
 */
export function tensor(value: TensorLike): Tensor {
  if (value instanceof Tensor) return value;
  return fromArray(arrayOf(value));
}

/** A tensor of unsigned 32-bit words. */
export function words(value: ArrayLike<number>, shape: Shape = [value.length]): Tensor {
  return fromArray({ dtype: "u32", shape, data: Uint32Array.from(value) });
}

/** A tensor of one repeated number. */
export function fill(shape: Shape, value: number): Tensor {
  return tensor(value).broadcastTo(shape);
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
  return applyTo(primitive, parameters, operands).map(wrap);
}

/** The tensor that stands for a value of a program being written. */
export function tracedTensor(builder: Builder, id: number): Tensor {
  const { dtype, shape } = builder.typeOf(id);
  return new Tensor(dtype, shape, { kind: "traced", builder, id });
}

function wrap({ dtype, shape, source }: Operand): Tensor {
  return new Tensor(dtype, shape, source);
}

/** Applies an element-wise operation on floats. */
export function unary(name: Unary, x: TensorLike): Tensor {
  return wrap(unaryOf(name, tensor(x)));
}

/** Applies an element-wise operation on two operands, broadcast to their common shape. */
export function binary(name: Binary, left: TensorLike, right: TensorLike): Tensor {
  return wrap(binaryOf(name, tensor(left), tensor(right)));
}

function reduction(name: Reduction, x: Tensor, axes: Axes | undefined): Tensor {
  return wrap(reductionOf(name, x, axes));
}

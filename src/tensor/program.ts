/**
 * The intermediate form of everything that tributary compiles: a `Program` is
 * a straight list of equations between statically shaped arrays, in which
 * every value is defined once.
 *
 * @module
 */

/**
 * Element types: floats, unsigned 32-bit words, truth values. Floats have 64 bits, unless the program is run
 * in single precision.
 */
export type DType = "f64" | "u32" | "bool";

/** Lengths of the axes, outermost first. */
export type Shape = readonly number[];

/** What is known of a value before it is computed. */
export interface ValueType {
  /** Element type. */
  readonly dtype: DType;
  /** Lengths of the axes. */
  readonly shape: Shape;
}

/** Storage of the elements of one array, row-major. */
export type ArrayData = Float64Array | Uint32Array | Uint8Array;

/** A concrete array. */
export interface ArrayValue extends ValueType {
  /** The elements, row-major. */
  readonly data: ArrayData;
}

/** Element-wise operations on one f64 operand. */
export const UNARY = [
  "neg",
  "abs",
  "sqrt",
  "floor",
  "exp",
  "log",
  "log1p",
  "expm1",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "softplus",
  "sign",
  "tan",
  "atan",
  "erf",
  "erfc",
  "erfcx",
  "logNormalCdf",
  "lgamma",
  "digamma",
  "trigamma",
] as const;
/** Element-wise operations on one f64 operand. */
export type Unary = typeof UNARY[number];

/** Element-wise operations on two operands of one type, f64 or u32. */
export const ARITHMETIC = ["add", "sub", "mul"] as const;
/** Element-wise operations on two f64 operands. */
export const BINARY = ["div", "min", "max", "mod", "atan2", "logAddExp"] as const;
/** Element-wise operations on two u32 operands. */
export const BITWISE = ["bitAnd", "bitOr", "bitXor", "shiftLeft", "shiftRight"] as const;
/** Comparisons of two operands of one type, f64 or u32, with bool results. */
export const COMPARISON = ["less", "lessEqual", "equal"] as const;
/** Element-wise operations on two bool operands. */
export const LOGICAL = ["and", "or"] as const;
/** Reductions over axes. */
export const REDUCTION = ["sum", "maximum", "minimum"] as const;

/** Element-wise operations on two operands. */
export type Binary =
  | typeof ARITHMETIC[number]
  | typeof BINARY[number]
  | typeof BITWISE[number]
  | typeof COMPARISON[number]
  | typeof LOGICAL[number];
/** Reductions over axes. */
export type Reduction = typeof REDUCTION[number];

/** A function of JavaScript that is called as it is, since what it computes is not traced. */
export interface HostFunction {
  /** Its name, for errors and for people. */
  readonly name: string;
  /** From a vector, which is a copy of its own, to a number. */
  readonly value: (x: Float64Array) => number;
  /** From a vector, a copy too, to as many numbers; none if it is not known. */
  readonly gradient: ((x: Float64Array) => ArrayLike<number>) | undefined;
}

/** Which of the two functions of a {@linkcode HostFunction} is called. */
export type HostOutput = "value" | "gradient";

/** Parameters of each primitive: all that is not an operand. */
export type PrimitiveParameters =
  & { readonly [P in Unary | Binary]: Record<string, never> }
  /** Axes in increasing order. */
  & { readonly [P in Reduction]: { readonly axes: readonly number[] } }
  & {
    /** A literal array. */
    readonly constant: { readonly value: ArrayValue };
    /** Not, of a bool. */
    readonly not: Record<string, never>;
    /** Operands: mask, value where true, value where false. */
    readonly select: Record<string, never>;
    /**
     * Element-wise change of type. f64 to u32 truncates; what is out of range becomes the nearest word,
     * NaN becomes 0. To bool, all but 0 is true.
     */
    readonly convert: { readonly dtype: DType };
    /** Axis `i` of the operand becomes axis `axes[i]` of the result; a length of 1 is repeated. */
    readonly broadcast: { readonly shape: Shape; readonly axes: readonly number[] };
    /** The same elements, row-major, under another shape. */
    readonly reshape: { readonly shape: Shape };
    /** Axis `i` of the result is axis `permutation[i]` of the operand. */
    readonly transpose: { readonly permutation: readonly number[] };
    /** Elements `start`, `start + step`, … below `stop`, on each axis. */
    readonly slice: {
      readonly start: readonly number[];
      readonly stop: readonly number[];
      readonly step: readonly number[];
    };
    /** The inverse of slice: the operand set into an array of `shape` at `start` with `step`; all else is what a sum does not see, −0 for f64. */
    readonly place: {
      readonly shape: Shape;
      readonly start: readonly number[];
      readonly step: readonly number[];
    };
    /** Operands one after the other along an axis. */
    readonly concat: { readonly axis: number };
    /**
     * Operands: x, indices u32. The axis of the result is that of x at the indices, whose axes take its
     * place; an index beyond the end is the last one.
     */
    readonly gather: { readonly axis: number };
    /**
     * The transpose of gather. Operands: indices u32, updates f64. Zeros, of `length` along the axis, to
     * which each update is added at its index, in row-major order.
     */
    readonly scatterAdd: { readonly axis: number; readonly length: number };
    /** Operand: a matrix A, of which the lower triangle is read; result: the lower L with LLᵀ = A, or NaN. */
    readonly cholesky: Record<string, never>;
    /** Operands: L and its cotangent, of which lower triangles are read; result: that of A's lower triangle. */
    readonly choleskyGradient: Record<string, never>;
    /** Operands: a triangular matrix [n, n], of which that triangle is read, and right-hand sides [n, m]. */
    readonly triangularSolve: { readonly lower: boolean; readonly transpose: boolean };
    /** Operands: key u32[2], counters u32[n]; result u32[n, 2]. */
    readonly threefry: Record<string, never>;
    /** Words u32[n, 2] to standard normal numbers f64[n, 2]. */
    readonly boxMuller: Record<string, never>;
    /**
     * A loop. Operands: the number of turns (u32 scalar) if `length` is undefined, `captures` values that
     * stay, `carries` values that are carried from turn to turn, then arrays of `length` parts along their
     * first axis. The body's inputs: index (u32 scalar), captures, carries, a part of each array; its
     * outputs: the next carries, then parts of the arrays that are stacked. Turn t reads and writes part
     * t, which is the index; if `reverse`, part length − 1 − t. Results: the last carries, the stacked
     * arrays. Without a `length` nothing is stacked or read in parts.
     */
    readonly scan: {
      readonly body: Program;
      readonly captures: number;
      readonly carries: number;
      readonly length: number | undefined;
      readonly reverse: boolean;
    };
    /** A vector f64[n] to what a function of JavaScript gives for it: f64, or its gradient f64[n]. */
    readonly host: { readonly host: HostFunction; readonly output: HostOutput };
    /** The operand, through which no gradient passes. */
    readonly stopGradient: Record<string, never>;
  };

/** Names of the primitives. */
export type Primitive = keyof PrimitiveParameters;

/** A table with one rule for each primitive: a forgotten one does not type-check. */
export type RuleTable<Rule> = { readonly [P in Primitive]: Rule };

/** One step of a program. */
export interface Equation<P extends Primitive = Primitive> {
  /** What is computed. */
  readonly primitive: P;
  /** Its parameters. */
  readonly parameters: PrimitiveParameters[P];
  /** Numbers of the values that it reads. */
  readonly operands: readonly number[];
  /** Numbers of the values that it defines; only `scan` has other than one. */
  readonly results: readonly number[];
}

/** A function from arrays to arrays. */
export interface Program {
  /** Types of all values, by number. */
  readonly types: readonly ValueType[];
  /** Numbers of the inputs. */
  readonly inputs: readonly number[];
  /** Steps, each after those that it needs. */
  readonly equations: readonly Equation[];
  /** Numbers of the outputs. */
  readonly outputs: readonly number[];
}

/**
 * Whether an equation is of a given primitive, with its parameters' type narrowed.
 *
 * @param equation The equation.
 * @param primitive The primitive.
 * @returns Whether it is.
 */
export function isOf<P extends Primitive>(
  equation: Equation,
  primitive: P,
): equation is Equation<P> & Equation {
  return equation.primitive === primitive;
}

/** Types of a program's inputs. */
export function inputTypes(program: Program): ValueType[] {
  return program.inputs.map((id) => program.types[id]);
}

/** Types of a program's outputs. */
export function outputTypes(program: Program): ValueType[] {
  return program.outputs.map((id) => program.types[id]);
}

/**
 * What a target is: a log density on unconstrained space, traced and differentiated once, with the
 * parameters that its coordinates stand for.
 *
 * @module
 */
import { valueAndGradient } from "../tensor/gradients/gradient.ts";
import { MissingGradient } from "../tensor/host_call.ts";
import type { Program, Shape } from "../tensor/program.ts";
import {
  type NestedNumbers,
  type NumberArray,
  type Tensor,
  tensor,
  type TensorLike,
} from "../tensor/tensor.ts";
import { applyProgram, trace } from "../tensor/trace.ts";

/** A point in unconstrained coordinates, d numbers. */
export type Position = readonly number[] | NumberArray;

/** Plain values of all parameters, by name. */
export type PlainValues<Values> = { readonly [Name in keyof Values]: number | NestedNumbers };

/** Values of all parameters as they may be given, by name. */
export type GivenValues<Values> = { readonly [Name in keyof Values]: TensorLike };

/** A parameter's name and shape. */
export interface NamedShape {
  /** Its name. */
  readonly name: string;
  /** Lengths of its axes. */
  readonly shape: Shape;
  /** Whether its elements are angles, which are the same after a whole turn. */
  readonly periodic?: readonly boolean[] | undefined;
}

/** A density as a product. Each program maps a position [d] to a logarithm. */
export interface Factors {
  /** ln prior, the Jacobian of the change of variables included. */
  readonly prior: Program;
  /** ln likelihood. */
  readonly likelihood: Program;
}

/**
 * A distribution to sample from.
 *
 * @typeParam Values What its draws hold by name, as tensors: parameters and derived quantities.
 * @typeParam Sampled The parameters among them, which make a position.
 */
export interface Target<Values extends object = object, Sampled extends object = Values> {
  /** Number of unconstrained coordinates, d. */
  readonly dimension: number;
  /** A name for each coordinate. */
  readonly names: readonly string[];
  /** Which coordinates are periodic, with the period 2π: the density repeats itself along them. */
  readonly periodic: readonly boolean[];
  /** What draws hold: the parameters in the order of the coordinates, then derived quantities. */
  readonly parameters: readonly NamedShape[];
  /** Position [d] to log density; for a posterior, the Jacobian of the change of variables included. */
  readonly value: Program;
  /**
   * Position [d] to log density and its gradient [d]; undefined for a target that has no gradient, since
   * it calls a host function without one.
   */
  readonly valueAndGradient: Program | undefined;
  /**
   * Values of further inputs that `value` and `valueAndGradient` have after the position, such as the inverse
   * temperature of a tempered density; none by default. They may be traced: kernels apply both programs to
   * the position and these.
   */
  readonly given?: readonly Tensor[];
  /** The two factors of the density, where it was given by them. */
  readonly factors?: Factors;
  /** Position [d] to the value of each parameter and derived quantity. */
  readonly constrained: Program;
  /** The log density at a position. */
  logDensity(position: Position): number;
  /**
   * Its gradient there.
   *
   * @throws {TypeError} If the target has no gradient.
   */
  gradient(position: Position): Float64Array;
  /** The values of the parameters and derived quantities at a position. */
  constrain(position: Position): PlainValues<Values>;
  /**
   * The position of given values.
   *
   * @throws {TypeError} If a parameter is missing, unknown or of another shape.
   * @throws {RangeError} If a value is outside of its parameter's range.
   */
  unconstrain(values: GivenValues<Sampled>): Float64Array;
}

/** What a target is made of. */
export interface TargetParts<Sampled extends object> {
  readonly names: readonly string[];
  /** Which coordinates are periodic; none by default. */
  readonly periodic?: readonly boolean[];
  /** Which elements of parameters are angles, by name. */
  readonly angles?: Readonly<Record<string, readonly boolean[]>>;
  readonly logDensity: (position: Tensor) => Tensor;
  /** Its two terms, if it has them: ln prior with the Jacobian, and ln likelihood. */
  readonly factors?: (position: Tensor) => { readonly prior: Tensor; readonly likelihood: Tensor };
  /** The values of parameters and derived quantities, by name. */
  readonly constrain: (position: Tensor) => Readonly<Record<string, Tensor>>;
  readonly unconstrain: (values: GivenValues<Sampled>) => Float64Array;
}

/** The gradient of a log density; undefined if it calls a host function that has none. */
function gradientOf(value: Program): Program | undefined {
  try {
    return valueAndGradient(value);
  } catch (error) {
    if (error instanceof MissingGradient) return undefined;
    throw error;
  }
}

/** The programs of the two factors of a density. */
function factorsOf(
  factors: NonNullable<TargetParts<object>["factors"]>,
  type: Parameters<typeof trace>[1],
): Factors {
  return {
    prior: trace((x) => [factors(x).prior], type),
    likelihood: trace((x) => [factors(x).likelihood], type),
  };
}

/**
 * The program of a target's log density and gradient.
 *
 * @param target The target.
 * @returns The program.
 * @throws {TypeError} If the target has no gradient, with what to do.
 */
export function expectGradient({ valueAndGradient }: Pick<Target, "valueAndGradient">): Program {
  if (valueAndGradient !== undefined) return valueAndGradient;
  throw new TypeError(
    "Cannot take the gradient of this target: it has none. Give hostDensity (or hostFunction) its " +
      "gradient, or use a kernel that needs none, such as rwm()",
  );
}

/**
 * Traces and differentiates the parts of a target.
 *
 * @param parts The names of its coordinates and its functions.
 * @returns The target.
 */
export function makeTarget<Values extends object, Sampled extends object = Values>(
  parts: TargetParts<Sampled>,
): Target<Values, Sampled> {
  const dimension = parts.names.length;
  const { periodic = new Array<boolean>(dimension).fill(false) } = parts;
  const type = [{ dtype: "f64" as const, shape: [dimension] }];
  const value = trace((x) => [parts.logDensity(x)], type);
  const gradient = gradientOf(value);
  let parameters: NamedShape[] = [];
  const constrained = trace((x) => {
    const values = Object.entries(parts.constrain(x));
    parameters = values.map(([name, { shape }]) => {
      const periodic = parts.angles?.[name];
      return { name, shape, ...periodic && { periodic } };
    });
    return values.map(([, each]) => each);
  }, type);
  const checked = (position: Position): Tensor => {
    const x = tensor(position instanceof Float64Array ? position : [...position]);
    if (x.shape.length === 1 && x.size === dimension) return x;
    throw new TypeError(
      `Cannot evaluate at a position of ${x.size} numbers: the target has ${dimension} coordinates`,
    );
  };
  return {
    dimension,
    names: parts.names,
    periodic,
    parameters,
    value,
    valueAndGradient: gradient,
    ...parts.factors && { factors: factorsOf(parts.factors, type) },
    constrained,
    logDensity: (position) => applyProgram(value, [checked(position)])[0].item(),
    gradient: (position) => {
      const program = expectGradient({ valueAndGradient: gradient });
      return (applyProgram(program, [checked(position)])[1].add(0).data as Float64Array).slice();
    },
    constrain: (position) => {
      const values = applyProgram(constrained, [checked(position)]);
      return Object.fromEntries(
        parameters.map(({ name }, i) => [name, values[i].toArray()]),
      ) as PlainValues<Values>;
    },
    unconstrain: parts.unconstrain,
  };
}

/** `theta[0]`, `theta[1]` …: a name for each element of a shape; the bare name for a scalar. */
export function elementNames(name: string, shape: Shape): string[] {
  if (shape.length === 0) return [name];
  const [length, ...inner] = shape;
  const below = inner.length === 0
    ? [""]
    : elementNames("", inner).map((text) => text.slice(1, -1));
  return Array.from(
    { length },
    (_, i) => below.map((rest) => rest === "" ? `${i}` : `${i},${rest}`),
  )
    .flat().map((indices) => `${name}[${indices}]`);
}

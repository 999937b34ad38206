/**
 * The programs of a user's flow for one point: traced from its functions, with the whitening around
 * them, differentiated and compiled.
 *
 * @module
 */
import type { Device, MapRunner } from "../device/device.ts";
import { valueAndGradient } from "../tensor/gradients/gradient.ts";
import { diagonal, solveTriangular } from "../tensor/linear_algebra.ts";
import { inputTypes, type Program, type ValueType } from "../tensor/program.ts";
import { scan } from "../tensor/scan.ts";
import { sameShape, shapeText } from "../tensor/shape.ts";
import { Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { applyProgram, trace } from "../tensor/trace.ts";
import { leaves, type Tree, withLeaves } from "../tensor/tree.ts";
import { valueText } from "../tensor/value_text.ts";

/** A point through one direction of a flow. */
export interface Passed {
  /** Where it comes out, [d]. */
  readonly value: TensorLike;
  /** ln |det| of the map that was computed, a scalar. */
  readonly logDeterminant: TensorLike;
}

/** The two directions of a user's flow on white coordinates, for one point. */
export interface Directions {
  /** Its name, for errors. */
  readonly name: string;
  /** From white coordinates to the base. */
  forward(parameters: Tree, x: Tensor): Passed;
  /** From the base to white coordinates, if there is a way. */
  readonly inverse:
    | ((
      parameters: Tree,
      z: Tensor,
    ) => { readonly value: TensorLike; readonly logDeterminant?: TensorLike })
    | undefined;
}

/**
 * A flow compiled for points of one dimension. All take points for each row, and mean, Cholesky factor
 * and parameters for all.
 */
export interface CustomPrograms {
  /** Point to base and ln |det|. */
  readonly forward: MapRunner;
  /** Base to point, ln |det| of the map from points to the base, and log density. */
  readonly inverse: MapRunner;
  /** Point to log density. */
  readonly logDensity: MapRunner;
  /** Point to log density and its gradient in the point. */
  readonly scores: MapRunner;
  /** {@linkcode ROWS_TOGETHER} points and their weights to Σ w (−ln q) and its gradient in each parameter. */
  readonly slopes: MapRunner;
}

/**
 * So many rows are summed in one loop, so that what is read out is a sum of slopes and not each row's: a
 * third of the time at 1,500 parameters.
 */
export const ROWS_TOGETHER = 16;

/** ½ ln 2π. */
const HALF_LOG_TWO_PI = 0.9189385332046728;

function refuse(name: string, direction: string, fault: string): never {
  throw new TypeError(`Cannot use the flow ${name}: its \`${direction}\` ${fault}`);
}

function numbers(name: string, direction: string, part: string, value: unknown): Tensor {
  let found: Tensor;
  try {
    found = tensor(value as TensorLike);
  } catch {
    return refuse(
      name,
      direction,
      `gives ${valueText(value)} as \`${part}\`; it must give back { value, logDeterminant }`,
    );
  }
  if (found.dtype === "f64") return found;
  return refuse(name, direction, `gives a \`${part}\` of ${found.dtype}: expected numbers`);
}

/** What a direction gave back, if it can be used. */
function checked(
  name: string,
  direction: "forward" | "inverse",
  dimension: number,
  result: unknown,
): { readonly value: Tensor; readonly logDeterminant: Tensor | undefined } {
  if (
    typeof result !== "object" || result === null || result instanceof Tensor ||
    result instanceof Promise || !("value" in result)
  ) {
    const what = result instanceof Tensor
      ? "a tensor"
      : result instanceof Promise
      ? "a promise"
      : valueText(result);
    refuse(name, direction, `gives back ${what} instead of { value, logDeterminant }`);
  }
  const value = numbers(name, direction, "value", result.value);
  if (!sameShape(value.shape, [dimension])) {
    refuse(
      name,
      direction,
      `turns a point of shape [${dimension}] into a \`value\` of shape ${
        shapeText(value.shape)
      }: ` +
        "expected as many coordinates",
    );
  }
  const given = (result as { readonly logDeterminant?: unknown }).logDeterminant;
  if (given === undefined && direction === "inverse") return { value, logDeterminant: undefined };
  const logDeterminant = numbers(name, direction, "logDeterminant", given);
  if (logDeterminant.shape.length !== 0) {
    refuse(
      name,
      direction,
      `gives a \`logDeterminant\` of shape ${
        shapeText(logDeterminant.shape)
      }: expected a scalar; ` +
        "add up its terms with .sum()",
    );
  }
  return { value, logDeterminant };
}

/** Refuses a flow that cannot be drawn from. */
export function expectInverse(name: string, inverse: unknown): void {
  if (inverse !== undefined) return;
  throw new TypeError(
    `Cannot draw from the flow ${name}: it has no \`inverse\`. Give customFlow the map from the base ` +
      "to points; an approximate one would propose from another density than the flow's",
  );
}

/** Computes a program when it is first asked for, and remembers it. */
function later<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The value of a program and some of its gradients: what is left out is not computed. */
function someGradients(program: Program, first: number, end?: number): Program {
  const whole = valueAndGradient(program);
  return trace((...inputs) => {
    const [value, ...slopes] = applyProgram(whole, inputs);
    // What nothing was added to is −0 up to here.
    return [value, ...slopes.slice(first, end).map((slope) => slope.add(0))];
  }, inputTypes(program));
}

/**
 * Traces a user's flow; programs are traced and compiled when they are first used.
 *
 * @param directions Its functions.
 * @param form Parameters of the form that they take.
 * @param dimension Coordinates, d.
 * @param device Where the programs run.
 * @returns The programs. Reading one throws a `TypeError` where the functions give what they must not.
 */
export function customPrograms(
  { name, forward, inverse }: Directions,
  form: Tree,
  dimension: number,
  device: Device,
): CustomPrograms {
  const vector: ValueType = { dtype: "f64", shape: [dimension] };
  const types: readonly ValueType[] = [
    vector,
    vector,
    { dtype: "f64", shape: [dimension, dimension] },
    ...leaves(form).map(({ value: { dtype, shape } }) => ({ dtype, shape })),
  ];
  const whiteDeterminant = (factor: Tensor): Tensor => diagonal(factor).log().sum().neg();
  const through = (parameters: Tree, white: Tensor): { value: Tensor; logDeterminant: Tensor } => {
    const { value, logDeterminant } = checked(
      name,
      "forward",
      dimension,
      forward(parameters, white),
    );
    return { value, logDeterminant: logDeterminant as Tensor };
  };
  const toBase = (
    [x, mean, factor, ...flat]: readonly Tensor[],
    ofWhitening = whiteDeterminant(factor),
  ): [Tensor, Tensor] => {
    const { value, logDeterminant } = through(
      withLeaves(form, flat),
      solveTriangular(factor, x.sub(mean)),
    );
    return [value, logDeterminant.add(ofWhitening)];
  };
  const density = (z: Tensor, logDeterminant: Tensor): Tensor =>
    logDeterminant.sub(z.square().sum().mul(0.5)).sub(dimension * HALF_LOG_TWO_PI);
  const fromBase = ([z, mean, factor, ...flat]: readonly Tensor[]): Tensor[] => {
    expectInverse(name, inverse);
    const parameters = withLeaves(form, flat);
    const there = checked(name, "inverse", dimension, inverse?.(parameters, z));
    // Without a determinant of its own the way back tells it.
    const own = there.logDeterminant?.neg() ?? through(parameters, there.value).logDeterminant;
    const logDeterminant = own.add(whiteDeterminant(factor));
    return [factor.dot(there.value).add(mean), logDeterminant, density(z, logDeterminant)];
  };
  const logDensity = later(() => trace((...inputs) => [density(...toBase(inputs))], types));
  const loss = (): Program =>
    trace((rows, weights, ...shared) => {
      const ofWhitening = whiteDeterminant(shared[1]);
      const [sum] = scan(
        (sum: Tensor, { x, weight }: { readonly x: Tensor; readonly weight: Tensor }) => [
          sum.sub(weight.mul(density(...toBase([x, ...shared], ofWhitening)))),
          [],
        ],
        tensor(0),
        { x: rows, weight: weights },
      );
      return [sum];
    }, [
      { dtype: "f64", shape: [ROWS_TOGETHER, dimension] },
      { dtype: "f64", shape: [ROWS_TOGETHER] },
      ...types.slice(1),
    ]);
  const map = (program: () => Program): () => MapRunner => later(() => device.map(program(), 1));
  const runners = {
    forward: map(() => trace((...inputs) => toBase(inputs), types)),
    inverse: map(() => trace((...inputs) => fromBase(inputs), types)),
    logDensity: map(logDensity),
    scores: map(() => someGradients(logDensity(), 0, 1)),
    slopes: later(() => device.map(someGradients(loss(), 4), 2)),
  };
  return {
    get forward() {
      return runners.forward();
    },
    get inverse() {
      return runners.inverse();
    },
    get logDensity() {
      return runners.logDensity();
    },
    get scores() {
      return runners.scores();
    },
    get slopes() {
      return runners.slopes();
    },
  };
}

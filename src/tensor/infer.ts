/**
 * Type rules: the shapes and element types that each primitive gives.
 *
 * @module
 */
import {
  ARITHMETIC,
  BINARY,
  type Binary,
  BITWISE,
  COMPARISON,
  type DType,
  LOGICAL,
  outputTypes,
  type Primitive,
  type PrimitiveParameters,
  REDUCTION,
  type Reduction,
  type RuleTable,
  type Shape,
  UNARY,
  type Unary,
  type ValueType,
} from "./program.ts";
import { operandError } from "./mismatch.ts";
import { scanParts } from "./scan_parts.ts";
import { sameShape, shapeText, sizeOf, withoutAxes } from "./shape.ts";

type TypeRule = (operands: readonly ValueType[], parameters: never) => readonly ValueType[];

function elementwise(primitive: string, accepted: readonly DType[], result?: DType): TypeRule {
  return (operands) => {
    const [first] = operands;
    for (const operand of operands) {
      if (!accepted.includes(operand.dtype) || operand.dtype !== first.dtype) {
        throw operandError(
          primitive,
          operands,
          `the element types must be ${accepted.join(" or ")}`,
        );
      }
      if (!sameShape(operand.shape, first.shape)) {
        throw operandError(primitive, operands, "the shapes must be equal");
      }
    }
    return [{ dtype: result ?? first.dtype, shape: first.shape }];
  };
}

function reduction(primitive: string): TypeRule {
  return (operands, { axes }: PrimitiveParameters[Reduction]) => {
    const [{ dtype, shape }] = operands;
    if (dtype !== "f64") throw operandError(primitive, operands, "the element type must be f64");
    return [{ dtype, shape: withoutAxes(shape, axes) }];
  };
}

function square(primitive: string): TypeRule {
  return (operands) => {
    const [{ dtype, shape }] = operands;
    const fits = dtype === "f64" && shape.length === 2 && shape[0] === shape[1] &&
      operands.every((other) => other.dtype === dtype && sameShape(other.shape, shape));
    if (!fits) throw operandError(primitive, operands, "a square f64 matrix is needed");
    return [{ dtype, shape }];
  };
}

function record<K extends string>(names: readonly K[], rule: (name: K) => TypeRule) {
  return Object.fromEntries(names.map((name) => [name, rule(name)])) as { [P in K]: TypeRule };
}

const elementwiseRules: { [P in Unary | Binary | Reduction]: TypeRule } = {
  ...record(UNARY, (name) => elementwise(name, ["f64"])),
  ...record(ARITHMETIC, (name) => elementwise(name, ["f64", "u32"])),
  ...record(BINARY, (name) => elementwise(name, ["f64"])),
  ...record(BITWISE, (name) => elementwise(name, ["u32"])),
  ...record(COMPARISON, (name) => elementwise(name, ["f64", "u32"], "bool")),
  ...record(LOGICAL, (name) => elementwise(name, ["bool"])),
  ...record(REDUCTION, reduction),
};

const rules: RuleTable<TypeRule> = {
  ...elementwiseRules,
  constant: (_, { value }: PrimitiveParameters["constant"]) => [
    { dtype: value.dtype, shape: value.shape },
  ],
  not: elementwise("not", ["bool"]),
  select: (operands) => {
    const [mask, a, b] = operands;
    if (mask.dtype !== "bool" || a.dtype !== b.dtype) {
      throw operandError("select", operands, "a bool mask and two values of one type are needed");
    }
    if (!sameShape(mask.shape, a.shape) || !sameShape(a.shape, b.shape)) {
      throw operandError("select", operands, "the shapes must be equal");
    }
    return [a];
  },
  convert: ([{ shape }], { dtype }: PrimitiveParameters["convert"]) => [{ dtype, shape }],
  broadcast: (operands, { shape, axes }: PrimitiveParameters["broadcast"]) => {
    const [{ dtype, shape: from }] = operands;
    const fits = axes.length === from.length &&
      from.every((length, i) => length === 1 || length === shape[axes[i]]);
    if (!fits) throw operandError("broadcast", operands, `it does not fit ${shapeText(shape)}`);
    return [{ dtype, shape }];
  },
  reshape: (operands, { shape }: PrimitiveParameters["reshape"]) => {
    const [{ dtype, shape: from }] = operands;
    if (sizeOf(from) !== sizeOf(shape)) {
      throw operandError("reshape", operands, `${shapeText(shape)} has ${sizeOf(shape)} elements`);
    }
    return [{ dtype, shape }];
  },
  transpose: ([{ dtype, shape }], { permutation }: PrimitiveParameters["transpose"]) => [
    { dtype, shape: permutation.map((axis) => shape[axis]) },
  ],
  slice: ([{ dtype }], { start, stop, step }: PrimitiveParameters["slice"]) => [
    { dtype, shape: start.map((from, i) => Math.ceil((stop[i] - from) / step[i])) },
  ],
  place: ([{ dtype }], { shape }: PrimitiveParameters["place"]) => [{ dtype, shape }],
  concat: (operands, { axis }: PrimitiveParameters["concat"]) => {
    const [{ dtype, shape }] = operands;
    for (const operand of operands) {
      const fits = operand.dtype === dtype && operand.shape.length === shape.length &&
        operand.shape.every((length, i) => i === axis || length === shape[i]);
      if (!fits) throw operandError("concat", operands, `they differ off axis ${axis}`);
    }
    const total = operands.reduce((sum, operand) => sum + operand.shape[axis], 0);
    return [{ dtype, shape: shape.map((length, i) => i === axis ? total : length) }];
  },
  gather: (operands, { axis }: PrimitiveParameters["gather"]) => {
    const [{ dtype, shape }, indices] = operands;
    if (indices.dtype !== "u32") throw operandError("gather", operands, "indices u32 are needed");
    if (shape[axis] === 0 && sizeOf(indices.shape) > 0) {
      throw operandError("gather", operands, `axis ${axis} has no elements`);
    }
    return [{ dtype, shape: shape.toSpliced(axis, 1, ...indices.shape) }];
  },
  scatterAdd: (operands, { axis, length }: PrimitiveParameters["scatterAdd"]) => {
    const [indices, { dtype, shape }] = operands;
    const rank = indices.shape.length;
    const fits = indices.dtype === "u32" && dtype === "f64" &&
      sameShape(shape.slice(axis, axis + rank), indices.shape) &&
      (length > 0 || sizeOf(indices.shape) === 0);
    if (!fits) {
      throw operandError("scatterAdd", operands, `they do not fit at axis ${axis} of ${length}`);
    }
    return [{ dtype, shape: shape.toSpliced(axis, rank, length) }];
  },
  cholesky: square("cholesky"),
  choleskyGradient: square("choleskyGradient"),
  triangularSolve: (operands) => {
    const [matrix, right] = operands;
    square("triangularSolve")([matrix], {} as never);
    if (right.dtype === "f64" && right.shape.length === 2 && right.shape[0] === matrix.shape[0]) {
      return [right];
    }
    throw operandError("triangularSolve", operands, "as many rows are needed on both sides");
  },
  threefry: (operands) => {
    const [key, counters] = operands;
    const fits = key.dtype === "u32" && sameShape(key.shape, [2]) &&
      counters.dtype === "u32" && counters.shape.length === 1;
    if (!fits) {
      throw operandError("threefry", operands, "a key u32[2] and counters u32[n] are needed");
    }
    return [{ dtype: "u32", shape: [counters.shape[0], 2] }];
  },
  boxMuller: (operands) => {
    const [{ dtype, shape }] = operands;
    if (dtype !== "u32" || shape.length !== 2 || shape[1] !== 2) {
      throw operandError("boxMuller", operands, "words u32[n, 2] are needed");
    }
    return [{ dtype: "f64", shape }];
  },
  scan: (operands, parameters: PrimitiveParameters["scan"]) => {
    const { carries, xs } = scanParts(parameters, operands);
    const results = outputTypes(parameters.body);
    carries.forEach((carry, i) => {
      const next = results[i];
      if (carry.dtype !== next.dtype || !sameShape(carry.shape, next.shape)) {
        throw operandError("scan", [carry, next], "a step must keep the type of what it carries");
      }
    });
    const { length } = parameters;
    const stacked = results.slice(carries.length);
    if (length === undefined) {
      if (xs.length === 0 && stacked.length === 0) return results;
      throw operandError("scan", operands, "without a length nothing is read in parts or stacked");
    }
    const other = xs.find(({ shape }) => shape[0] !== length);
    if (other !== undefined) throw operandError("scan", [other], `${length} parts are needed`);
    return [
      ...results.slice(0, carries.length),
      ...stacked.map(({ dtype, shape }) => ({ dtype, shape: [length, ...shape] })),
    ];
  },
  host: (operands, { output }: PrimitiveParameters["host"]) => {
    const [{ dtype, shape }] = operands;
    if (dtype !== "f64" || shape.length !== 1) {
      throw operandError(
        "a host function",
        operands,
        "it takes one vector of floats; stack makes one",
      );
    }
    return [{ dtype, shape: output === "value" ? [] : shape }];
  },
  stopGradient: ([operand]) => [operand],
};

/**
 * Types of the results of a primitive.
 *
 * @param primitive The primitive.
 * @param parameters Its parameters.
 * @param operands Types of its operands.
 * @returns One type per result.
 * @throws {TypeError} If the operands do not fit, with the operation and the shapes.
 */
export function inferTypes<P extends Primitive>(
  primitive: P,
  parameters: PrimitiveParameters[P],
  operands: readonly ValueType[],
): readonly ValueType[] {
  return rules[primitive](operands, parameters as never).map(strip);
}

function strip({ dtype, shape }: ValueType): { dtype: DType; shape: Shape } {
  return { dtype, shape };
}

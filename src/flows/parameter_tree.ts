/**
 * The parameters of a user's flow: numbers in records and lists, as tensors and as one row of weights.
 *
 * @module
 */
import { shapeText } from "../tensor/shape.ts";
import { fromArray, Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { leaves, type Tree, withLeaves } from "../tensor/tree.ts";
import { valueText } from "../tensor/value_text.ts";

/** Parameters as they may be given: numbers, arrays of numbers and tensors, in records and lists. */
export type ParameterTree =
  | TensorLike
  | readonly ParameterTree[]
  | { readonly [name: string]: ParameterTree };

/** The same with a tensor in each place of a number, an array of numbers or a tensor. */
export type ParameterTensors<P> = P extends TensorLike ? Tensor
  : P extends readonly (infer Entry)[] ? readonly ParameterTensors<Entry>[]
  : { readonly [Name in keyof P]: ParameterTensors<P[Name]> };

function isNumbers(value: unknown): value is TensorLike {
  return typeof value === "number" || ArrayBuffer.isView(value) ||
    Array.isArray(value) && value.length > 0 && value.every(isNumbers);
}

/** A parameter as a tensor, if it consists of numbers that single precision holds. */
function parameterTensor(flow: string, place: string, value: TensorLike): Tensor {
  const given = tensor(value);
  if (given.dtype !== "f64" || given.source.kind !== "concrete") {
    throw new TypeError(
      `Cannot use the parameter ${place} of the flow ${flow}: it is ${
        given.source.kind === "concrete" ? `a tensor of ${given.dtype}` : "a traced tensor"
      }; give numbers`,
    );
  }
  const bad = given.data.find((number) => !Number.isFinite(Math.fround(number)));
  if (bad === undefined) return given;
  throw new RangeError(
    `Cannot use the parameter ${place} of the flow ${flow}: it holds ${bad}; give finite numbers, ` +
      "which fit into single precision",
  );
}

/**
 * Parameters with a tensor in each place.
 *
 * @param flow The name of the flow, for errors.
 * @param parameters As given.
 * @returns The tensors.
 * @throws {TypeError} If something is neither a number nor a record or list of such.
 * @throws {RangeError} If a number is not finite in single precision.
 */
export function parameterTensors(flow: string, parameters: unknown): Tree {
  const visit = (node: unknown, place: readonly string[]): Tree => {
    const name = place.length === 0 ? "tree" : `\`${place.join(".")}\``;
    if (node instanceof Tensor || isNumbers(node)) return parameterTensor(flow, name, node);
    if (Array.isArray(node)) return node.map((entry, i) => visit(entry, [...place, String(i)]));
    const plain = typeof node === "object" && node !== null &&
      Object.getPrototypeOf(node) === Object.prototype;
    if (plain) {
      return Object.fromEntries(
        Object.entries(node).map(([name, entry]) => [name, visit(entry, [...place, name])]),
      );
    }
    throw new TypeError(
      `Cannot use the parameter ${name} of the flow ${flow}: it is ${
        valueText(node)
      }; give numbers, ` +
        "arrays of numbers or tensors, in records and lists",
    );
  };
  return visit(parameters, []);
}

/**
 * How many numbers parameters are.
 *
 * @param form The parameters.
 * @returns The number.
 */
export function parameterCount(form: Tree): number {
  return leaves(form).reduce((sum, { value }) => sum + value.size, 0);
}

/**
 * The names and shapes of parameters, in the order of their weights.
 *
 * @param form The parameters.
 * @returns As `scale[2], shift[2]`.
 */
export function parameterText(form: Tree): string {
  return leaves(form).map(({ name, value }) => `${name}${shapeText(value.shape)}`).join(", ");
}

/**
 * All numbers of parameters in a row, by their sorted names, each row-major.
 *
 * @param parameters The parameters.
 * @returns The weights.
 */
export function weightsOf(parameters: Tree): Float32Array {
  const weights = new Float32Array(parameterCount(parameters));
  let at = 0;
  for (const { value } of leaves(parameters)) {
    weights.set(value.data, at);
    at += value.size;
  }
  return weights;
}

/**
 * Parameters from a row of weights.
 *
 * @param form Parameters of the same form.
 * @param weights All their numbers.
 * @returns The parameters.
 */
export function parametersOf(form: Tree, weights: Float32Array): Tree {
  let at = 0;
  return withLeaves(
    form,
    leaves(form).map(({ value: { shape, size } }) => {
      const data = Float64Array.from(weights.subarray(at, at += size));
      return fromArray({ dtype: "f64", shape, data });
    }),
  );
}

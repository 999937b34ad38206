/**
 * From values of parameters to a position.
 *
 * @module
 */
import { sameShape, shapeText } from "../tensor/shape.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import type { Parameter } from "./parameter.ts";

function isFinite(data: ArrayLike<number>): boolean {
  return Array.prototype.every.call(data, Number.isFinite);
}

function text({ shape, data }: Tensor): string {
  return shape.length === 0 ? `${data[0]}` : `[${data.join(", ")}]`;
}

/**
 * The position of given values.
 *
 * @param entries The parameters with their names, in the order of the coordinates.
 * @param values A value for each.
 * @returns The unconstrained numbers.
 * @throws {TypeError} If a value is missing, unknown or of another shape.
 * @throws {RangeError} If a value is outside of its parameter's range.
 */
export function unconstrained(
  entries: readonly (readonly [string, Parameter])[],
  values: Readonly<Record<string, TensorLike>>,
): Float64Array {
  const names = entries.map(([name]) => name);
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot unconstrain ${unknown}: the parameters are ${names.join(", ")}`,
    );
  }
  return Float64Array.from(entries.flatMap(([name, parameter]) => {
    if (!Object.hasOwn(values, name)) {
      throw new TypeError(`Cannot unconstrain: no value for ${name} is given`);
    }
    const value = tensor(values[name]);
    if (!sameShape(value.shape, parameter.shape)) {
      throw new TypeError(
        `Cannot unconstrain ${name}: it has the shape ${shapeText(parameter.shape)}, the value ` +
          shapeText(value.shape),
      );
    }
    const free = parameter.unconstrain(value).data;
    if (!isFinite(free)) {
      throw new RangeError(
        `Cannot unconstrain ${name} = ${text(value)}: expected ${parameter.range}`,
      );
    }
    return [...free];
  }));
}

/**
 * Errors about operands that do not go together: the operation, the operands and the user's line.
 *
 * @module
 */
import type { ValueType } from "./program.ts";
import { shapeText } from "./shape.ts";
import { userFrame } from "./user_frame.ts";

/** The error for two operands whose shapes do not match. */
export function shapeError(operation: string, a: ValueType, b: ValueType): TypeError {
  return new TypeError(
    `Cannot ${operation} tensors of shapes ${shapeText(a.shape)} and ${shapeText(b.shape)}: ` +
      `they do not match${userFrame()}`,
  );
}

/** The error for operands of element types that an operation does not take. */
export function typeError(operation: string, ...operands: readonly ValueType[]): TypeError {
  return new TypeError(`Cannot apply ${operation} to ${typesText(operands)}${userFrame()}`);
}

/** The error for operands that a primitive does not take, with the reason. */
export function operandError(
  operation: string,
  operands: readonly ValueType[],
  reason: string,
): TypeError {
  return new TypeError(
    `Cannot apply ${operation} to ${typesText(operands)}: ${reason}${userFrame()}`,
  );
}

function typesText(operands: readonly ValueType[]): string {
  return operands.map(({ dtype, shape }) => `${dtype}${shapeText(shape)}`).join(" and ");
}

/**
 * What a tensor holds: numbers, or the place of a value in a program that is being written; and how a
 * primitive is applied to either.
 *
 * @module
 */
import type { Builder } from "./builder.ts";
import { inferTypes } from "./infer.ts";
import { evaluate } from "./interpreter/interpret.ts";
import type {
  ArrayData,
  ArrayValue,
  Primitive,
  PrimitiveParameters,
  ValueType,
} from "./program.ts";
import { userFrame } from "./user_frame.ts";

/** Where the elements are: here, or in a program that is being written. */
export type Source =
  | { readonly kind: "concrete"; readonly data: ArrayData }
  | { readonly kind: "traced"; readonly builder: Builder; readonly id: number };

/** A typed array of either kind. */
export interface Operand extends ValueType {
  /** Where its elements are. */
  readonly source: Source;
}

/** The number that stands for an operand in a trace; concrete ones become constants. */
export function lift(builder: Builder, operand: Operand): number {
  const { dtype, shape, source } = operand;
  if (source.kind === "concrete") return builder.constant({ dtype, shape, data: source.data });
  const { builder: home, id } = source;
  refuseFinished(home);
  if (home === builder) return id;
  if (builder.parent === undefined) {
    throw new TypeError("Cannot combine tensors of two unrelated traces" + userFrame());
  }
  return builder.capture(lift(builder.parent, operand), { dtype, shape });
}

function refuseFinished(builder: Builder): void {
  if (!builder.finished) return;
  throw new TypeError(
    "Cannot use a traced tensor outside of the function that it was traced in: give it back as a " +
      "result of that function" + userFrame(),
  );
}

/** The operands' arrays, if all are concrete. */
function concrete(operands: readonly Operand[]): ArrayValue[] | undefined {
  const values: ArrayValue[] = [];
  for (const { dtype, shape, source } of operands) {
    if (source.kind !== "concrete") return undefined;
    values.push({ dtype, shape, data: source.data });
  }
  return values;
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
export function applyTo<P extends Primitive>(
  primitive: P,
  parameters: PrimitiveParameters[P],
  operands: readonly Operand[],
): Operand[] {
  const values = concrete(operands);
  if (values !== undefined) {
    const types = inferTypes(primitive, parameters, operands);
    return evaluate(primitive, parameters, values, types)
      .map(({ dtype, shape, data }) => ({ dtype, shape, source: { kind: "concrete", data } }));
  }
  let home: Builder | undefined;
  for (const { source } of operands) {
    if (source.kind === "concrete") continue;
    refuseFinished(source.builder);
    if (source.builder.depth >= (home?.depth ?? 0)) home = source.builder;
  }
  const builder = home as Builder;
  const ids = operands.map((operand) => lift(builder, operand));
  return builder.add(primitive, parameters, ids)
    .map((id) => ({ ...builder.typeOf(id), source: { kind: "traced", builder, id } }));
}

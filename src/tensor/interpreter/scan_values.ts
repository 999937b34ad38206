/**
 * What a scan computes, on concrete arrays.
 *
 * @module
 */
import type { ArrayData, ArrayValue, PrimitiveParameters, Program, ValueType } from "../program.ts";
import { scanParts } from "../scan_parts.ts";
import { allocate, sizeOf } from "../shape.ts";

/**
 * Runs a scan, turn by turn.
 *
 * @param operands Its operands.
 * @param parameters Its parameters.
 * @param types Types of its results.
 * @param run Runs its body.
 * @returns The last carries and the stacked arrays.
 */
export function scanned(
  operands: readonly ArrayValue[],
  parameters: PrimitiveParameters["scan"],
  types: readonly ValueType[],
  run: (body: Program, inputs: readonly ArrayValue[]) => readonly ArrayValue[],
): ArrayData[] {
  const { body, reverse } = parameters;
  const { count, captures, carries: first, xs } = scanParts(parameters, operands);
  const turns = parameters.length ?? (count as ArrayValue).data[0];
  const stacked = types.slice(first.length)
    .map(({ dtype, shape }) => allocate(dtype, sizeOf(shape)));
  let carries = first;
  for (let turn = 0; turn < turns; turn++) {
    const at = reverse ? turns - 1 - turn : turn;
    const index: ArrayValue = { dtype: "u32", shape: [], data: Uint32Array.of(at) };
    const parts = xs.map(({ dtype, shape: [, ...shape], data }) => {
      const size = sizeOf(shape);
      return { dtype, shape, data: data.subarray(at * size, (at + 1) * size) };
    });
    const next = run(body, [index, ...captures, ...carries, ...parts]);
    carries = next.slice(0, first.length);
    next.slice(first.length).forEach(({ data }, i) => stacked[i].set(data, at * data.length));
  }
  return [...carries.map(({ data }) => data), ...stacked];
}

/**
 * Which values of a program change with its inputs, and on which of them results depend: what a gradient
 * can pass through.
 *
 * @module
 */
import { type Equation, isOf, type Program } from "../program.ts";
import { scanParts } from "../scan_parts.ts";

/**
 * The floats of a program that change with some of its inputs.
 *
 * @param program The program.
 * @param changes For each input, whether it changes.
 * @returns Numbers of the values.
 */
export function dependents(program: Program, changes: readonly boolean[]): ReadonlySet<number> {
  const isFloat = (id: number): boolean => program.types[id].dtype === "f64";
  const varies = new Set(program.inputs.filter((id, i) => changes[i] && isFloat(id)));
  for (const equation of program.equations) {
    const { primitive, operands, results } = equation;
    if (primitive === "stopGradient" || !operands.some((id) => varies.has(id))) continue;
    const changed = isOf(equation, "scan")
      ? scanDependents(equation, operands.map((id) => varies.has(id))).results
      : results.map(() => true);
    results.filter((id, i) => changed[i] && isFloat(id)).forEach((id) => varies.add(id));
  }
  return varies;
}

/** What changes in a scan. */
export interface ScanDependents {
  /** For each input of the body, whether it changes in some turn. */
  readonly inputs: readonly boolean[];
  /** For each result. */
  readonly results: readonly boolean[];
}

/**
 * What changes in a scan with some of its operands: a carry does that changes in any turn.
 *
 * @param equation The scan.
 * @param changes For each operand, whether it changes.
 * @returns What changes.
 */
export function scanDependents(
  { parameters }: Equation<"scan">,
  changes: readonly boolean[],
): ScanDependents {
  const { body, carries: count } = parameters;
  const { captures, carries: first, xs } = scanParts(parameters, changes);
  let carries = first;
  while (true) {
    const inputs = [false, ...captures, ...carries, ...xs];
    const varies = dependents(body, inputs);
    const results = body.outputs.map((id, i) =>
      varies.has(id) || i < count && carries[i] && body.types[id].dtype === "f64"
    );
    const next = results.slice(0, count);
    if (next.every((changed, i) => changed === carries[i])) return { inputs, results };
    carries = next;
  }
}

/**
 * The values that some of the outputs depend on, by way of floats.
 *
 * @param program The program.
 * @returns Numbers of the values.
 */
export function influences({ equations, outputs }: Program): ReadonlySet<number> {
  const reach = new Set(outputs);
  for (const { primitive, operands, results } of equations.toReversed()) {
    if (primitive === "stopGradient" || !results.some((id) => reach.has(id))) continue;
    operands.forEach((id) => reach.add(id));
  }
  return reach;
}

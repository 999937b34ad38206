/**
 * What of a program its outputs need; of a scan, which carries, parts and stacked arrays.
 *
 * @module
 */
import { type Equation, isOf } from "./program.ts";
import { scanParts } from "./scan_parts.ts";

/** Equations that are needed, and all values that they and the outputs need. */
export interface Needed {
  /** The equations, in order; scans without what nobody reads. */
  readonly equations: readonly Equation[];
  /** Numbers of the values. */
  readonly values: ReadonlySet<number>;
}

/**
 * Leaves out equations that no output needs.
 *
 * @param equations The equations.
 * @param outputs Numbers of the outputs.
 * @returns What is needed.
 */
export function needed(equations: readonly Equation[], outputs: readonly number[]): Needed {
  const values = new Set(outputs);
  const kept: Equation[] = [];
  for (let i = equations.length - 1; i >= 0; i--) {
    const equation = equations[i];
    if (!equation.results.some((id) => values.has(id))) continue;
    const shorter = isOf(equation, "scan")
      ? neededScan(equation, equation.results.map((id) => values.has(id)))
      : equation;
    shorter.operands.forEach((id) => values.add(id));
    kept.push(shorter);
  }
  return { equations: kept.reverse(), values };
}

/** A scan with those results alone that are read, and with what they need. */
function neededScan(scan: Equation<"scan">, read: readonly boolean[]): Equation<"scan"> {
  const { parameters, operands, results } = scan;
  const { body } = parameters;
  const inputs = scanParts({ ...parameters, length: 0 }, body.inputs.slice(1));
  const kept = [...read];
  let inside: Needed;
  let settled: boolean;
  do {
    inside = needed(body.equations, body.outputs.filter((_, i) => kept[i]));
    settled = true;
    // A carry that something kept reads is needed in the next turn.
    inputs.carries.forEach((id, i) => {
      if (kept[i] || !inside.values.has(id)) return;
      kept[i] = true;
      settled = false;
    });
  } while (!settled);
  const { values } = inside;
  const carried = kept.slice(0, inputs.carries.length);
  const flags = [
    ...inputs.captures.map((id) => values.has(id)),
    ...carried,
    ...inputs.xs.map((id) => values.has(id)),
  ];
  if ([...kept, ...flags].every((flag) => flag)) return scan;
  const first = parameters.length === undefined ? 1 : 0;
  return {
    primitive: "scan",
    parameters: {
      ...parameters,
      body: {
        types: body.types,
        inputs: body.inputs.filter((_, i) => i === 0 || flags[i - 1]),
        equations: inside.equations,
        outputs: body.outputs.filter((_, i) => kept[i]),
      },
      captures: inputs.captures.filter((id) => values.has(id)).length,
      carries: carried.filter((flag) => flag).length,
    },
    operands: operands.filter((_, i) => i < first || flags[i - first]),
    results: results.filter((_, i) => kept[i]),
  };
}

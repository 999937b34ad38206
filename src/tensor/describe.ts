/**
 * Programs as text, for people.
 *
 * @module
 */
import type { ArrayValue, Equation, Program, ValueType } from "./program.ts";
import { isOf } from "./program.ts";
import { shapeText } from "./shape.ts";
import { valueText } from "./value_text.ts";

/** Of a constant, this many elements are shown. */
const SHOWN_ELEMENTS = 6;

/**
 * A program, readable: one equation a line, as in `%3 f64[5] = mul %1 %2`, between a line of inputs and one
 * of outputs. Parameters follow the operands, as `axes=[0]`. Of a constant the first six elements are shown.
 * The body of a loop stands below it, indented, with numbers of its own.
 *
 * @param program The program, such as the `value` of a target.
 * @returns The text; lines end with a line feed, but for the last.
 * @throws {TypeError} If it is given no program.
 *
 * @example The log density of a standard normal distribution
 * ```ts
 * import assert from "node:assert/strict";
 * import { density, describe } from "@tributary/tributary";
 *
 * const target = density(2, (x) => x.square().sum().mul(-0.5));
 * assert.equal(
 *   describe(target.value),
 *   `inputs %0 f64[2]
 * %1 f64[2] = mul %0 %0
 * %2 f64[] = sum %1 axes=[0]
 * %3 f64[] = constant -0.5
 * %4 f64[] = mul %2 %3
 * outputs %4`,
 * );
 * ```
 */
export function describe(program: Program): string {
  if (!Array.isArray(program?.equations)) {
    throw new TypeError(
      `Cannot describe ${valueText(program)}: give a program, such as the \`value\` of a target`,
    );
  }
  return linesOf(program).join("\n");
}

function linesOf({ types, inputs, equations, outputs }: Program): string[] {
  const typed = (ids: readonly number[]): string =>
    ids.map((id) => `%${id} ${typeText(types[id])}`).join(", ");
  return [
    ["inputs", typed(inputs)].join(" ").trimEnd(),
    ...equations.flatMap((equation) => [
      [
        `${typed(equation.results)} =`,
        equation.primitive,
        ...equation.operands.map((id) => `%${id}`),
        ...parameterTexts(equation),
      ].join(" "),
      ...isOf(equation, "scan") ? linesOf(equation.parameters.body).map((line) => `  ${line}`) : [],
    ]),
    ["outputs", ...outputs.map((id) => `%${id}`)].join(" "),
  ];
}

function typeText({ dtype, shape }: ValueType): string {
  return `${dtype}${shapeText(shape)}`;
}

function parameterTexts(equation: Equation): string[] {
  if (isOf(equation, "constant")) return [constantText(equation.parameters.value)];
  if (isOf(equation, "host")) {
    const { host, output } = equation.parameters;
    return [`function=${host.name}`, `output=${output}`];
  }
  return Object.entries(equation.parameters)
    .filter(([name, value]) => name !== "body" && value !== undefined)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? shapeText(value) : value}`);
}

function constantText({ dtype, shape, data }: ArrayValue): string {
  const shown = Array.from(data.subarray(0, SHOWN_ELEMENTS), (entry) => {
    if (dtype === "bool") return entry === 1 ? "true" : "false";
    return Object.is(entry, -0) ? "-0" : `${entry}`;
  });
  if (shape.length === 0) return shown[0];
  return `[${[...shown, ...data.length > shown.length ? ["…"] : []].join(", ")}]`;
}

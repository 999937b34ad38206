/**
 * The gradient of a scan: a scan in the other direction, which carries the cotangents of the carries and
 * of the captures, and stacks those of the parts. It computes each turn anew from what was carried into
 * it, which the scan itself stacks for it.
 *
 * Source: reverse accumulation through a recurrence, Werbos, "Backpropagation through time", 1990.
 *
 * @module
 */
import { scanDependents } from "./dependents.ts";
import type { Point, PullBack } from "./gradient_rule.ts";
import type { Equation, PrimitiveParameters } from "../program.ts";
import { scanParts } from "../scan_parts.ts";
import { apply, fill, type Tensor } from "../tensor.ts";
import { traceBody, traced } from "../trace.ts";

/** A scan that also stacks what its carries are at the start of each turn, after its other results. */
export function withHistory(parameters: PrimitiveParameters["scan"]): typeof parameters {
  const { body, captures, carries } = parameters;
  const carried = body.inputs.slice(1 + captures, 1 + captures + carries);
  const outputs = [...body.outputs, ...carried];
  return { ...parameters, body: { ...body, outputs } };
}

/** The entries whose flag is set. */
function chosen<T>(entries: readonly T[], flags: readonly boolean[]): T[] {
  return entries.filter((_, i) => flags[i]);
}

/** As many of the entries as flags are set, each at the place of its flag. */
function spreadOver<T>(flags: readonly boolean[], entries: readonly T[]): (T | undefined)[] {
  let next = 0;
  return flags.map((flag) => flag ? entries[next++] : undefined);
}

function zeros({ shape }: Tensor): Tensor {
  return traced(fill(shape, 0));
}

/**
 * The cotangents of a scan's operands.
 *
 * @param point The scan at its operands, with its history.
 * @param pullBack Differentiates the body.
 * @returns One cotangent for each operand.
 * @throws {TypeError} If the number of turns is not known.
 */
export function scanGradient(
  point: Point<"scan">,
  pullBack: PullBack,
): readonly (Tensor | undefined)[] {
  const { operands, parameters, cotangents, wanted, history } = point;
  const { body, carries: carried, length, reverse } = parameters;
  if (length === undefined) {
    throw new TypeError(
      "Cannot differentiate through a loop whose number of turns is not a constant: give " +
        "repeatLoop a plain number, or mark what the loop computes with stopGradient()",
    );
  }
  const { captures, carries, xs } = scanParts(parameters, operands);
  const asked = scanParts(parameters, wanted);
  const changes = scanDependents({ parameters } as Equation<"scan">, wanted).inputs;
  const moves = changes.slice(1 + captures.length, 1 + captures.length + carried);
  const stacked = cotangents.slice(carried);
  const given = stacked.map((cotangent) => cotangent !== undefined);
  const first = [
    ...chosen(carries.map((carry, i) => cotangents[i] ?? zeros(carry)), moves),
    ...chosen(captures, asked.captures).map(zeros),
  ];
  const read = [...history, ...xs, ...chosen(stacked, given) as Tensor[]];
  const turn = (index: Tensor, ...rest: Tensor[]): Tensor[] => {
    const [now, parts] = [rest.slice(0, first.length), rest.slice(first.length)];
    const after = chosen(carries, moves).length;
    const inputs = [index, ...captures, ...parts.slice(0, carried + xs.length)];
    const pulled = pullBack(body, {
      inputs,
      wanted: [false, ...asked.captures, ...moves, ...asked.xs],
      cotangents: [
        ...spreadOver(moves, now.slice(0, after)),
        ...spreadOver(given, parts.slice(carried + xs.length)),
      ],
    });
    const back = pulled.slice(1);
    const [toCaptures, toCarries, toXs] = [
      chosen(back.slice(0, captures.length), asked.captures),
      chosen(back.slice(captures.length, captures.length + carried), moves),
      chosen(back.slice(captures.length + carried), asked.xs),
    ];
    const pieces = chosen(inputs.slice(1 + captures.length + carried), asked.xs);
    return [
      ...toCarries.map((part, i) => part ?? zeros(now[i])),
      ...toCaptures.map((part, i) =>
        part === undefined ? now[after + i] : now[after + i].add(part)
      ),
      ...toXs.map((part, i) => part ?? zeros(pieces[i])),
    ];
  };
  const { body: backwards, captures: taken } = traceBody(turn, [
    { dtype: "u32", shape: [] },
    ...first,
    ...read.map(({ dtype, shape: [, ...shape] }) => ({ dtype, shape })),
  ]);
  const results = apply("scan", {
    body: backwards,
    captures: taken.length,
    carries: first.length,
    length,
    reverse: !reverse,
  }, [...taken, ...first, ...read]);
  const moved = chosen(carries, moves).length;
  return [
    ...spreadOver(asked.captures, results.slice(moved, first.length)),
    ...spreadOver(moves, results.slice(0, moved)),
    ...spreadOver(asked.xs, results.slice(first.length)),
  ];
}

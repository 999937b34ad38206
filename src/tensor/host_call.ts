/**
 * Calls of functions of the host, which is what the library runs in: JavaScript. They are the black boxes
 * of a program; what they give back is checked.
 *
 * @module
 */
import { type HostFunction, type HostOutput, isOf, type Program } from "./program.ts";

/** Of a position, this many numbers are shown. */
const SHOWN_ELEMENTS = 6;

/** A call: of which function, for what. */
export interface HostCall {
  /** The function. */
  readonly host: HostFunction;
  /** Whether its value or its gradient is wanted. */
  readonly output: HostOutput;
}

/** A gradient is needed where there is none. */
export class MissingGradient extends TypeError {
  /**
   * @param host The function.
   * @param output What of it would have to be differentiated.
   */
  constructor({ name }: HostFunction, output: HostOutput) {
    super(
      output === "gradient"
        ? `Cannot take a second derivative of the host function ${name}`
        : `Cannot take the gradient of the host function ${name}: give one, as in ` +
          "hostFunction(f, gradient), or mark it with stopGradient()",
    );
  }
}

/**
 * Calls a function of the host. What it throws goes through as it is.
 *
 * @param call The function, and what is wanted of it.
 * @param x The vector, which the function may keep or change.
 * @param into Takes the result: one number, or as many as `x` has.
 * @param first Where the first number goes.
 * @param stride How far the next one is from it.
 * @throws {TypeError} If the function gives back something other than it should.
 */
export function callHost(
  { host, output }: HostCall,
  x: Float64Array,
  into: Float64Array,
  first = 0,
  stride = 1,
): void {
  const length = x.length;
  if (output === "value") {
    const value: unknown = host.value(x);
    if (typeof value !== "number") throw resultError(host, output, x, value, "a number");
    into[first] = value;
    return;
  }
  const gradient: unknown = host.gradient?.(x);
  const wanted = `${length} numbers`;
  if (typeof gradient !== "object" || gradient === null) {
    throw resultError(host, output, x, gradient, wanted);
  }
  const slopes = gradient as ArrayLike<unknown>;
  if (slopes.length !== length) throw resultError(host, output, x, gradient, wanted);
  for (let i = 0; i < length; i++) {
    const slope = slopes[i];
    if (typeof slope !== "number") throw resultError(host, output, x, gradient, wanted, i);
    into[first + i * stride] = slope;
  }
}

/** Whether a program calls functions of the host: it then runs in no other thread than theirs. */
export function hasHostCalls({ equations }: Program): boolean {
  return equations.some((equation) =>
    equation.primitive === "host" ||
    (isOf(equation, "scan") && hasHostCalls(equation.parameters.body))
  );
}

function resultError(
  { name }: HostFunction,
  output: HostOutput,
  x: Float64Array,
  given: unknown,
  wanted: string,
  wrong?: number,
): TypeError {
  // Nobody waits for it, whatever becomes of it.
  if (given instanceof Promise) given.catch(() => {});
  const shown = Array.from(x.subarray(0, SHOWN_ELEMENTS), String);
  if (x.length > shown.length) shown.push("…");
  const used = output === "value" ? "" : "the gradient of ";
  const what = wrong === undefined
    ? description(given)
    : `${description((given as ArrayLike<unknown>)[wrong])} in place ${wrong}`;
  return new TypeError(
    `Cannot use ${used}the host function ${name}: at [${shown.join(", ")}] it gave back ${what} ` +
      `instead of ${wanted}`,
  );
}

function description(value: unknown): string {
  if (value === undefined) return "undefined (is a `return` missing?)";
  if (value instanceof Promise) return "a promise (a host function cannot be async)";
  if (value === null) return "null";
  if (typeof value !== "object") return `the ${typeof value} ${String(value)}`;
  const name = value.constructor?.name ?? "Object";
  if (name === "Tensor") {
    return "a Tensor (plain numbers are wanted, as .item() and .data give them)";
  }
  const { length } = value as { readonly length?: unknown };
  return typeof length === "number" ? `an array of ${length}` : `a ${name}`;
}

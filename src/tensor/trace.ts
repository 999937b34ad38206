/**
 * Tracing: from a function on tensors to a program, and back.
 *
 * @module
 */
import { Builder } from "./builder.ts";
import { lift } from "./operand.ts";
import type { PrimitiveParameters, Program, ValueType } from "./program.ts";
import { sameShape, shapeText } from "./shape.ts";
import { apply, fill, fromArray, Tensor, tensor, type TensorLike, tracedTensor } from "./tensor.ts";
import { leaves, type Tree, withLeaves } from "./tree.ts";
import { userFrame } from "./user_frame.ts";

/** The traces under way, the innermost last. */
const active: Builder[] = [];

function within<Result>(builder: Builder, f: () => Result): Result {
  active.push(builder);
  try {
    return f();
  } finally {
    active.pop();
  }
}

/**
 * Writes the program of a function by calling it once with tensors that stand for its inputs.
 *
 * @param f The function.
 * @param inputs Types of its arguments.
 * @returns The program.
 */
export function trace(
  f: (...inputs: Tensor[]) => readonly Tensor[],
  inputs: readonly ValueType[],
): Program {
  const builder = new Builder();
  const traced = inputs.map((type) => tracedTensor(builder, builder.input(type)));
  const outputs = within(builder, () => f(...traced)).map((output) => lift(builder, output));
  return builder.finish(outputs).program;
}

/**
 * A tensor as a value of the innermost trace under way: what is computed with it becomes equations, which
 * are simplified, also where all operands are constants.
 *
 * @param x The tensor.
 * @returns The traced tensor; `x` itself outside of traces.
 */
export function traced(x: Tensor): Tensor {
  const builder = active.at(-1);
  return builder === undefined ? x : tracedTensor(builder, lift(builder, x));
}

/** A function of trees as a program of their leaves, with the form of its result. */
export interface TracedTree<Result extends Tree> {
  /** The program; inputs and outputs are leaves, in order. */
  readonly program: Program;
  /** The form of the result; its leaves are spent. */
  readonly form: Result;
}

/**
 * Writes the program of a function on trees.
 *
 * @param f The function.
 * @param examples One tree per argument: its leaves give the types.
 * @returns The program and the form of its result.
 */
export function traceTree<Arguments extends readonly Tree[], Result extends Tree>(
  f: (...trees: Arguments) => Result,
  ...examples: Arguments
): TracedTree<Result> {
  let form: Result | undefined;
  const types = examples.flatMap((tree) => leaves(tree).map(({ value }) => value));
  const program = trace((...flat) => {
    let next = 0;
    const trees = examples.map((tree) => {
      const count = leaves(tree).length;
      next += count;
      return withLeaves(tree, flat.slice(next - count, next));
    });
    form = f(...trees as unknown as Arguments);
    return leaves(form).map(({ value }) => value);
  }, types);
  return { program, form: form as Result };
}

/**
 * Applies a program to tensors, concrete or traced: its equations are computed or written anew.
 *
 * @param program The program.
 * @param inputs One tensor per input.
 * @returns One tensor per output.
 */
export function applyProgram(program: Program, inputs: readonly Tensor[]): Tensor[] {
  const values = new Array<Tensor>(program.types.length);
  program.inputs.forEach((id, i) => values[id] = inputs[i]);
  for (const { primitive, parameters, operands, results } of program.equations) {
    const computed = primitive === "constant"
      ? [fromArray((parameters as PrimitiveParameters["constant"]).value)]
      : apply(primitive, parameters as never, operands.map((id) => values[id]));
    computed.forEach((value, i) => values[results[i]] = value);
  }
  return program.outputs.map((id) => values[id]);
}

/**
 * Repeats a step a number of times, as one loop in the compiled code. The number may be a traced
 * scalar, and another one for each chain: chains in the vectors of a group wait for the one that turns
 * most often.
 *
 * @typeParam State A tree of tensors.
 * @param count How often.
 * @param step From the state and the index (u32 scalar) to the next state, of the same types.
 * @param initial The first state.
 * @returns The last state.
 * @throws {TypeError} If a step changes the shape or type of a part of the state.
 */
export function repeatLoop<State extends Tree>(
  count: number | Tensor,
  step: (state: State, index: Tensor) => State,
  initial: State,
): State {
  const start = leaves(initial).map(({ value }) => value);
  const times = turns(count);
  const { body, captures } = traceBody((index, ...carried) => {
    const next = step(withLeaves(initial, carried), index);
    expectSameForm("repeat", initial, next);
    return leaves(next).map(({ value }) => value);
  }, [{ dtype: "u32", shape: [] }, ...start]);
  const known = times.source.kind === "concrete";
  const parameters = {
    body,
    captures: captures.length,
    carries: start.length,
    length: known ? times.item() : undefined,
    reverse: false,
  };
  return withLeaves(
    initial,
    apply("scan", parameters, [...known ? [] : [times], ...captures, ...start]),
  );
}

/** The body of a loop, with what it takes from around the loop. */
export interface TracedBody {
  /** Its inputs: the first, the captures, the others. */
  readonly body: Program;
  /** Tensors of the trace around it. */
  readonly captures: readonly Tensor[];
}

/**
 * Writes the body of a loop by calling a function once, in the trace under way.
 *
 * @param f The function; tensors from outside that it uses become captures.
 * @param inputs Types of its arguments.
 * @returns The body and its captures.
 */
export function traceBody(
  f: (...inputs: Tensor[]) => readonly Tensor[],
  inputs: readonly ValueType[],
): TracedBody {
  const parent = active.at(-1) ?? new Builder();
  const builder = new Builder(parent);
  const given = inputs.map(({ dtype, shape }) =>
    tracedTensor(builder, builder.input({ dtype, shape }))
  );
  const outputs = within(builder, () => f(...given)).map((output) => lift(builder, output));
  const { program, captured } = builder.finish(outputs, 1);
  return { body: program, captures: captured.map((id) => tracedTensor(parent, id)) };
}

/**
 * Refuses a step that does not give a state of the form that it was given.
 *
 * @param action What cannot be done with it, as "repeat".
 * @param before The state.
 * @param after The next one.
 * @throws {TypeError} If a part is missing, or has another shape or type.
 */
export function expectSameForm(action: string, before: Tree, after: Tree): void {
  const [start, next] = [before, after].map(leaves);
  const [had, has] = [start, next].map((tree) => tree.map(({ name }) => name).join(", "));
  if (had !== has) {
    throw new TypeError(
      `Cannot ${action} this step: it turns a state of ${had || "one tensor"} into one of ` +
        `${has || "one tensor"}${userFrame()}`,
    );
  }
  start.forEach(({ name, value }, i) => {
    const after = next[i].value;
    if (after.dtype !== value.dtype || !sameShape(after.shape, value.shape)) {
      throw new TypeError(
        `Cannot ${action} this step: it turns ${name || "the state"} from ` +
          `${value.dtype}${shapeText(value.shape)} into ${after.dtype}${shapeText(after.shape)}` +
          userFrame(),
      );
    }
  });
}

function turns(count: number | Tensor): Tensor {
  if (count instanceof Tensor) {
    if (count.shape.length === 0 && count.dtype === "u32") return count;
    throw new TypeError(
      `Cannot repeat a tensor ${count.dtype}${shapeText(count.shape)} of times: expected a u32 ` +
        `scalar, as x.as("u32") gives it${userFrame()}`,
    );
  }
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32) {
    throw new RangeError(
      `Cannot repeat ${count} times: expected a whole number from 0${userFrame()}`,
    );
  }
  return new Tensor("u32", [], { kind: "concrete", data: Uint32Array.of(count) });
}

/** Like {@linkcode tensor}, for results of user functions: says what was wrong. */
export function expectScalar(result: unknown, what: string): Tensor {
  let value: Tensor;
  try {
    value = tensor(result as TensorLike);
  } catch {
    throw new TypeError(
      `Cannot use ${what}: it gave back ${describe(result)} instead of a scalar tensor`,
    );
  }
  if (value.shape.length !== 0) {
    throw new TypeError(
      `Cannot use ${what}: it gave back a tensor of shape ${shapeText(value.shape)} instead of ` +
        "a scalar; add up its terms with .sum()",
    );
  }
  if (value.dtype === "bool") {
    throw new TypeError(
      `Cannot use ${what}: it gave back a truth value instead of a number; where(mask, 0, -Infinity) ` +
        "makes a log density of a condition",
    );
  }
  return value.dtype === "f64" ? value : value.as("f64");
}

function describe(value: unknown): string {
  if (value === undefined) return "undefined (is a `return` missing?)";
  if (value instanceof Promise) return "a promise (a log density cannot be async)";
  return `${value === null ? "null" : typeof value}`;
}

/** A tensor of a given type that stands for a value in an example: all zeros. */
export function exampleOf({ dtype, shape }: ValueType): Tensor {
  const zeros = fill(shape, 0);
  return dtype === "f64" ? zeros : zeros.as(dtype);
}

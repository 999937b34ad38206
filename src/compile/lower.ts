/**
 * Lowers a program to a loop nest: one code rule for each primitive.
 *
 * @module
 */
import * as elementary from "../tensor/elementary.ts";
import type {
  Binary,
  DType,
  Equation,
  PrimitiveParameters,
  Program,
  Reduction,
  RuleTable,
  Unary,
  ValueType,
} from "../tensor/program.ts";
import { sizeOf, stridesOf } from "../tensor/shape.ts";
import type { LaneType, Operation } from "./nest.ts";
import {
  apart,
  everyIndex,
  inMemory,
  laneType,
  literal,
  materialise,
  settle,
  shared,
  small,
  type Target,
  UNROLLED,
  type Value,
  write,
} from "./value.ts";
import { elementBytes } from "./layout.ts";
import { threefry } from "./threefry.ts";

type Rule = (
  target: Target,
  operands: readonly Value[],
  parameters: never,
  results: readonly ValueType[],
) => readonly Value[];

function elementwise(
  compute: (target: Target, elements: readonly number[], dtype: DType) => number,
): Rule {
  return (target, operands, _, [type]) => [
    settle(
      target,
      type,
      (index) =>
        compute(target, operands.map((operand) => operand.element(index)), operands[0].dtype),
    ),
  ];
}

const unary: { readonly [P in Unary]: (target: Target, x: number) => number } = {
  neg: ({ nest }, x) => nest.neg(x),
  abs: ({ nest }, x) => nest.abs(x),
  sqrt: ({ nest }, x) => nest.sqrt(x),
  floor: ({ nest }, x) => nest.floor(x),
  exp: ({ nest }, x) => elementary.exp(nest, x),
  log: ({ nest }, x) => elementary.log(nest, x),
  log1p: ({ nest }, x) => elementary.log1p(nest, x),
  expm1: ({ nest }, x) => elementary.expm1(nest, x),
  sin: ({ nest }, x) => elementary.sin(nest, x),
  cos: ({ nest }, x) => elementary.cos(nest, x),
  tanh: ({ nest }, x) => elementary.tanh(nest, x),
  sigmoid: ({ nest }, x) => elementary.sigmoid(nest, x),
  softplus: ({ nest }, x) => elementary.softplus(nest, x),
};

interface Instructions {
  readonly float?: Operation;
  readonly word?: Operation;
  readonly result?: LaneType;
}

const binary: { readonly [P in Binary]: Instructions } = {
  add: { float: "add", word: "addWord" },
  sub: { float: "sub", word: "subWord" },
  mul: { float: "mul", word: "mulWord" },
  div: { float: "div" },
  min: { float: "min" },
  max: { float: "max" },
  bitAnd: { word: "andWord" },
  bitOr: { word: "orWord" },
  bitXor: { word: "xorWord" },
  shiftLeft: { word: "shiftLeftWord" },
  shiftRight: { word: "shiftRightWord" },
  less: { float: "less", word: "lessWord", result: "mask" },
  lessEqual: { float: "lessEqual", word: "lessEqualWord", result: "mask" },
  equal: { float: "equal", word: "equalWord", result: "mask" },
  and: { result: "mask" },
  or: { result: "mask" },
};

function binaryRule(name: Binary): Rule {
  const { float, word, result } = binary[name];
  return elementwise(({ nest }, [a, b], dtype) => {
    if (name === "shiftLeft" || name === "shiftRight") {
      const { operation, immediate } = nest.at(b);
      if (operation !== "constantWord") {
        throw new TypeError("Cannot compile a shift of words by a distance that is not constant");
      }
      return nest.emit(word as Operation, "u32", [a], immediate % 32);
    }
    const operation = (dtype === "f64" ? float : dtype === "u32" ? word : name) as Operation;
    return nest.emit(operation, result ?? laneType(dtype), [a, b]);
  });
}

const accumulate: { readonly [P in Reduction]: { first: number; operation: Operation } } = {
  sum: { first: -0, operation: "add" },
  maximum: { first: -Infinity, operation: "max" },
  minimum: { first: Infinity, operation: "min" },
};

function reductionRule(name: Reduction): Rule {
  const { first, operation } = accumulate[name];
  return (target, [x], { axes }: PrimitiveParameters[Reduction], [type]) => {
    const { nest } = target;
    const lengths = axes.map((axis) => x.shape[axis]);
    const whole = (kept: readonly number[], reduced: readonly number[]): number[] => {
      let next = 0;
      return x.shape.map((_, axis) => {
        const place = axes.indexOf(axis);
        return place >= 0 ? reduced[place] : kept[next++];
      });
    };
    // Index order, as in the interpreter: along the reduced axes in the order of the operand's.
    const inOrder = axes.every((axis, i) => i === 0 || axes[i - 1] < axis);
    if (!inOrder) {
      const sorted = [...axes].sort((a, b) => a - b);
      return reductionRule(name)(target, [x], { axes: sorted } as never, [type]);
    }
    const add = (sum: number, kept: readonly number[], reduced: readonly number[]): number => {
      const next = x.element(whole(kept, reduced));
      const { operation: made, immediate } = nest.at(sum);
      // The first of a sum is kept as it is: −0 + x is x.
      return made === "constant" && Object.is(immediate, first)
        ? next
        : nest.emit(operation, "f64", [sum, next]);
    };
    const unrolled = (kept: readonly number[]): number =>
      everyIndex(lengths).reduce(
        (sum, reduced) => add(sum, kept, literal(target, reduced)),
        nest.constant(first),
      );
    if (sizeOf(lengths) <= UNROLLED) {
      const result = settle(target, type, unrolled);
      return [result.elements === undefined ? materialise(target, result) : result];
    }
    const looped = (
      kept: readonly (readonly number[])[],
    ): number[] => {
      const visit = (reduced: readonly number[], sums: readonly number[]): number[] => {
        if (reduced.length === lengths.length) {
          return sums.map((sum, i) =>
            nest.emit(operation, "f64", [sum, x.element(whole(kept[i], reduced))])
          );
        }
        return nest.loop(
          nest.index(lengths[reduced.length]),
          sums,
          (counter, carried) => visit([...reduced, counter], carried),
        );
      };
      return visit([], kept.map(() => nest.constant(first)));
    };
    if (sizeOf(type.shape) <= UNROLLED) {
      const indices = everyIndex(type.shape).map((index) => literal(target, index));
      return [small(target, type, looped(indices))];
    }
    const { dtype, shape } = type;
    return [materialise(target, { dtype, shape, element: (index) => looped([index])[0] })];
  };
}

function mapRules<K extends string, T>(table: { readonly [P in K]: T }, make: (entry: T) => Rule) {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => [name, make(entry as T)]),
  ) as { [P in K]: Rule };
}

function named<K extends string>(table: { readonly [P in K]: unknown }, make: (name: K) => Rule) {
  return Object.fromEntries(Object.keys(table).map((name) => [name, make(name as K)])) as {
    [P in K]: Rule;
  };
}

/** Row-major number of an index, and back: for indices that are not known now. */
function flatIndex({ nest }: Target, index: readonly number[], shape: readonly number[]): number {
  const strides = stridesOf(shape);
  return index.reduce(
    (sum, i, axis) => nest.addIndex(sum, nest.scaleIndex(i, strides[axis])),
    nest.index(0),
  );
}

function unflatten({ nest }: Target, flat: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => {
    const above = nest.divideIndex(flat, stride);
    return axis === 0 ? above : nest.remainderIndex(above, shape[axis]);
  });
}

const CONVERSIONS: { readonly [from in DType]: { readonly [to in DType]?: Operation } } = {
  f64: { u32: "floatToWord", bool: "floatToMask" },
  u32: { f64: "wordToFloat", bool: "wordToMask" },
  bool: { f64: "maskToFloat", u32: "maskToWord" },
};

const rules: RuleTable<Rule> = {
  ...mapRules(unary, (compute) => elementwise((target, [x]) => compute(target, x))),
  ...named(binary, binaryRule),
  ...named(accumulate, reductionRule),
  not: elementwise(({ nest }, [x]) => nest.not(x)),
  constant: (target, _, { value }: PrimitiveParameters["constant"], [type]) => {
    const { nest, memory } = target;
    const { data, dtype } = value;
    const scalar = (i: number): number => {
      if (dtype === "f64") return nest.constant(data[i]);
      const word = nest.word(data[i]);
      return dtype === "u32" ? word : nest.emit("wordToMask", "mask", [word]);
    };
    if (data.length > 0 && data.every((entry) => Object.is(entry, data[0]))) {
      return [settle(target, type, () => scalar(0))];
    }
    if (data.length <= UNROLLED) {
      return [small(target, type, Array.from(data, (_, i) => scalar(i)))];
    }
    const placed = memory.place(dtype === "bool" ? Uint32Array.from(data) : data);
    return [shared(target, type, placed)];
  },
  select: elementwise(({ nest }, [mask, a, b]) => {
    if (a === b) return a;
    const { type } = nest.at(a);
    if (type === "mask") {
      return nest.or(nest.and(mask, a), nest.and(nest.not(mask), b));
    }
    return type === "f64" ? nest.select(mask, a, b) : nest.emit("selectWord", "u32", [mask, a, b]);
  }),
  convert: (target, [x], { dtype }: PrimitiveParameters["convert"], [type]) => {
    const operation = CONVERSIONS[x.dtype][dtype];
    if (operation === undefined) return [x];
    return [
      settle(
        target,
        type,
        (index) => target.nest.emit(operation, laneType(dtype), [x.element(index)]),
      ),
    ];
  },
  broadcast: (target, [x], { axes }: PrimitiveParameters["broadcast"], [type]) => {
    const zero = target.nest.index(0);
    return [
      settle(
        target,
        type,
        (index) => x.element(axes.map((axis, i) => x.shape[i] === 1 ? zero : index[axis])),
      ),
    ];
  },
  reshape: (target, [x], _, [type]) => {
    if (x.elements !== undefined) return [small(target, type, x.elements)];
    return [
      settle(target, type, (index) => {
        const same = squeeze(target, index, type.shape, x.shape);
        return x.element(
          same ?? unflatten(target, flatIndex(target, index, type.shape), x.shape),
        );
      }),
    ];
  },
  transpose: (target, [x], { permutation }: PrimitiveParameters["transpose"], [type]) => [
    settle(
      target,
      type,
      (index) => x.element(x.shape.map((_, axis) => index[permutation.indexOf(axis)])),
    ),
  ],
  slice: (target, [x], { start, step }: PrimitiveParameters["slice"], [type]) => {
    const { nest } = target;
    return [
      settle(target, type, (index) =>
        x.element(
          index.map((i, axis) =>
            nest.addIndex(nest.scaleIndex(i, step[axis]), nest.index(start[axis]))
          ),
        )),
    ];
  },
  place: (target, [x], { shape, start, step }: PrimitiveParameters["place"], [type]) => {
    if (sizeOf(shape) <= UNROLLED && x.elements !== undefined) {
      const placed = new Array<number>(sizeOf(shape)).fill(target.nest.constant(0));
      const strides = stridesOf(shape);
      everyIndex(x.shape).forEach((index, i) => {
        const flat = index.reduce(
          (sum, at, axis) => sum + (start[axis] + at * step[axis]) * strides[axis],
          0,
        );
        placed[flat] = (x.elements as readonly number[])[i];
      });
      return [small(target, type, placed)];
    }
    return [stored(target, type, [
      { value: settle(target, type, () => target.nest.constant(0)), start: start.map(() => 0) },
      { value: x, start, step },
    ])];
  },
  concat: (target, operands, { axis }: PrimitiveParameters["concat"], [type]) => {
    let next = 0;
    const parts = operands.map((value) => {
      const start = value.shape.map((_, i) => i === axis ? next : 0);
      next += value.shape[axis];
      return { value, start };
    });
    if (sizeOf(type.shape) > UNROLLED) return [stored(target, type, parts)];
    return [
      settle(target, type, (index) => {
        const at = target.nest.at(index[axis]).immediate;
        const part = parts.findLast(({ start }) => start[axis] <= at) as typeof parts[number];
        return part.value.element(
          index.map((i, k) => k === axis ? target.nest.index(at - part.start[axis]) : i),
        );
      }),
    ];
  },
  threefry: (target, [key, counters], _, [type]) => {
    const { nest } = target;
    const words = [0, 1].map((word) => key.element([nest.index(word)]));
    const zero = nest.word(0);
    if (sizeOf(type.shape) <= UNROLLED) {
      const drawn = threefry(
        nest,
        words,
        everyIndex(counters.shape).map((i) => [zero, counters.element(literal(target, i))]),
      );
      return [small(target, type, drawn.flat())];
    }
    const pairs = { dtype: type.dtype, shape: type.shape };
    const base = target.memory.reserve(sizeOf(type.shape) * elementBytes("u32"));
    const bytes = elementBytes("u32");
    nest.loop(nest.index(counters.shape[0]), [], (counter) => {
      const [drawn] = threefry(nest, words, [[zero, counters.element([counter])]]);
      const at = nest.scaleIndex(counter, 2 * bytes);
      drawn.forEach((word, i) => nest.store(at, base + i * bytes, word));
      return [];
    });
    return [inMemory(target, pairs, nest.index(0), base)];
  },
  loop: (target, [count, ...rest], { body, captures }: PrimitiveParameters["loop"]) =>
    countedLoop(target, count, rest.slice(0, captures), rest.slice(captures), body),
  stopGradient: (_, [x]) => [x],
};

/** The index of the same element when shapes differ in axes of length 1 alone. */
function squeeze(
  { nest }: Target,
  index: readonly number[],
  from: readonly number[],
  to: readonly number[],
): number[] | undefined {
  const long = index.filter((_, axis) => from[axis] !== 1);
  const lengths = from.filter((length) => length !== 1);
  const wanted = to.filter((length) => length !== 1);
  if (lengths.join() !== wanted.join()) return undefined;
  let next = 0;
  return to.map((length) => length === 1 ? nest.index(0) : long[next++]);
}

interface Part {
  readonly value: Value;
  readonly start: readonly number[];
  readonly step?: readonly number[];
}

/** A large array put together in memory from parts, later ones over earlier ones. */
function stored(target: Target, type: ValueType, parts: readonly Part[]): Value {
  const { nest, memory } = target;
  const bytes = elementBytes(type.dtype);
  const base = memory.reserve(sizeOf(type.shape) * bytes);
  const steps = stridesOf(type.shape).map((stride) => stride * bytes);
  for (const { value, start, step } of parts) {
    const shift = start.reduce((sum, from, axis) => sum + from * steps[axis], 0);
    const own = steps.map((bytes, axis) => bytes * (step?.[axis] ?? 1));
    write(target, value, nest.index(0), base + shift, own);
  }
  return inMemory(target, type, nest.index(0), base);
}

function countedLoop(
  target: Target,
  count: Value,
  kept: readonly Value[],
  carries: readonly Value[],
  body: Program,
): readonly Value[] {
  const { nest, memory } = target;
  const word = count.element([]);
  const { operation, immediate, uniform } = nest.at(word);
  if (!uniform) {
    throw new TypeError(
      "Cannot compile a loop whose number of turns differs between chains: it must be a constant " +
        "or a parameter that all chains share",
    );
  }
  const turns = operation === "constantWord"
    ? nest.index(immediate)
    : nest.emit("wordToIndex", "index", [word]);
  const inLocals = carries.map(({ elements }) => elements !== undefined);
  const homes = carries.map((value, i) => {
    if (inLocals[i]) return 0;
    const base = memory.reserve(sizeOf(value.shape) * elementBytes(value.dtype));
    write(target, value, nest.index(0), base);
    return base;
  });
  const flat = carries.flatMap(({ elements }) => elements ?? []);
  const assemble = (scalars: readonly number[]): Value[] => {
    let next = 0;
    return carries.map((value, i) => {
      if (!inLocals[i]) return inMemory(target, value, nest.index(0), homes[i]);
      const size = sizeOf(value.shape);
      next += size;
      return small(target, value, scalars.slice(next - size, next));
    });
  };
  const after = nest.loop(turns, flat, (counter, carried) => {
    const index = small(target, { dtype: "u32", shape: [] }, [
      nest.emit("indexToWord", "u32", [counter]),
    ]);
    const next = lower(target, body, [index, ...kept, ...assemble(carried)]);
    // All are computed before the first is written back: each may read the others' old values.
    const settled = next.map((value, i) => inLocals[i] ? value : apart(target, value));
    settled.forEach((value, i) => {
      if (!inLocals[i]) write(target, value, nest.index(0), homes[i]);
    });
    return settled.flatMap((value, i) => inLocals[i] ? value.elements as number[] : []);
  });
  return assemble(after);
}

/**
 * Lowers a program into the nest of a target.
 *
 * @param target Takes the instructions and the memory.
 * @param program The program.
 * @param inputs A value for each input.
 * @returns A value for each output.
 */
export function lower(target: Target, program: Program, inputs: readonly Value[]): Value[] {
  const values = new Array<Value>(program.types.length);
  const uses = countUses(program);
  program.inputs.forEach((id, i) => values[id] = inputs[i]);
  for (const { primitive, parameters, operands, results } of program.equations) {
    const types = results.map((id) => program.types[id]);
    rules[primitive](target, operands.map((id) => values[id]), parameters as never, types)
      .forEach((value, i) => {
        // A large value that is computed and read more than once is kept in memory.
        const id = results[i];
        const again = uses[id] > 1 && !FREE.has(primitive);
        values[id] = again ? materialise(target, value) : value;
      });
  }
  return program.outputs.map((id) => values[id]);
}

/** Primitives that only say where an element is found. */
const FREE: ReadonlySet<Equation["primitive"]> = new Set<Equation["primitive"]>([
  "constant",
  "broadcast",
  "reshape",
  "transpose",
  "slice",
  "stopGradient",
  "loop",
  "threefry",
  "sum",
  "maximum",
  "minimum",
  "place",
]);

function countUses(program: Program): number[] {
  const uses = new Array<number>(program.types.length).fill(0);
  for (const { operands } of program.equations) operands.forEach((id) => uses[id]++);
  program.outputs.forEach((id) => uses[id]++);
  return uses;
}

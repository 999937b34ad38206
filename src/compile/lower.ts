/**
 * Lowers a program to a loop nest: one code rule for each primitive.
 *
 * @module
 */
import {
  type Equation,
  isOf,
  type PrimitiveParameters,
  type Program,
  type RuleTable,
} from "../tensor/program.ts";
import { scanParts } from "../tensor/scan_parts.ts";
import { sizeOf } from "../tensor/shape.ts";
import { arrangementRules } from "./arrangement.ts";
import { elementwiseRules } from "./elementwise.ts";
import { gatherRules, knownWords } from "./gather.ts";
import { reductionRules } from "./reduction.ts";
import type { Rule } from "./rule.ts";
import { scan } from "./scan.ts";
import { threefry } from "./threefry.ts";
import { triangularRules } from "./triangular.ts";
import {
  everyIndex,
  inMemory,
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

/** Random words of so many counters are written out. */
const WRITTEN_OUT_COUNTERS = 8;
/** Of so many pairs of normal numbers the code is written out; it is long. */
const WRITTEN_OUT_PAIRS = 2;

const rules: RuleTable<Rule> = {
  ...elementwiseRules,
  ...reductionRules,
  ...arrangementRules,
  ...gatherRules,
  ...triangularRules,
  constant: (target, _, { value }: PrimitiveParameters["constant"], [type]) => {
    const { nest, memory } = target;
    const { data, dtype } = value;
    const scalar = (i: number): number => {
      if (dtype === "f64") return nest.constant(data[i]);
      const word = nest.word(data[i]);
      return dtype === "u32" ? word : nest.emit("wordToMask", "mask", [word]);
    };
    if (data.length > 0 && data.every((entry) => Object.is(entry, data[0]))) {
      const repeated = settle(target, type, () => scalar(0));
      return [dtype === "u32" ? { ...repeated, limit: data[0] + 1 } : repeated];
    }
    if (data.length <= UNROLLED) {
      const elements = Array.from(data, (_, i) => scalar(i));
      return [
        dtype === "u32" ? knownWords(target, value, elements) : small(target, type, elements),
      ];
    }
    if (dtype === "u32") return [knownWords(target, value)];
    // Truth values are kept as words.
    const placed = memory.place(dtype === "bool" ? Uint32Array.from(data) : data);
    return [shared(target, type, placed)];
  },
  threefry: (target, [key, counters], _, [type]) => {
    const { nest } = target;
    const words = [0, 1].map((word) => key.element([nest.index(word)]));
    const zero = nest.word(0);
    if (counters.shape[0] <= WRITTEN_OUT_COUNTERS) {
      const drawn = threefry(
        nest,
        words,
        everyIndex(counters.shape).map((i) => [zero, counters.element(literal(target, i))]),
      );
      return [small(target, type, drawn.flat())];
    }
    const pairs = { dtype: type.dtype, shape: type.shape };
    const bytes = target.memory.elementBytes("u32");
    const base = target.memory.reserve(sizeOf(type.shape) * bytes);
    nest.loop(nest.index(counters.shape[0]), [], (counter) => {
      const [drawn] = threefry(nest, words, [[zero, counters.element([counter])]]);
      const at = nest.scaleIndex(counter, 2 * bytes);
      drawn.forEach((word, i) => nest.store(at, base + i * bytes, word));
      return [];
    });
    return [inMemory(target, pairs, nest.index(0), base)];
  },
  boxMuller: (target, [words], _, [type]) => {
    const { nest } = target;
    const pair = (i: number): readonly [number, number] => {
      const [first, second] = [0, 1].map((word) =>
        nest.emit("wordToFloat", "f64", [words.element([i, nest.index(word)])])
      );
      return nest.format.boxMuller(nest, first, second);
    };
    const [count] = type.shape;
    if (count <= WRITTEN_OUT_PAIRS) {
      return [
        small(target, type, Array.from({ length: count }, (_, i) => pair(nest.index(i))).flat()),
      ];
    }
    const bytes = target.memory.elementBytes("f64");
    const base = target.memory.reserve(sizeOf(type.shape) * bytes);
    nest.loop(nest.index(count), [], (turn) => {
      const at = nest.scaleIndex(turn, 2 * bytes);
      pair(turn).forEach((value, i) => nest.store(at, base + i * bytes, value));
      return [];
    });
    return [inMemory(target, type, nest.index(0), base)];
  },
  scan: (target, operands, parameters: PrimitiveParameters["scan"], types) =>
    scan(target, operands, { parameters, types, lower }),
  host: (target, [x], { host, output }: PrimitiveParameters["host"], [type]) => {
    const { nest, memory } = target;
    const [length] = x.shape;
    const from = memory.reserve(length * memory.elementBytes("f64"));
    const to = memory.reserve(sizeOf(type.shape) * memory.elementBytes("f64"));
    write(target, x, nest.index(0), from);
    nest.call({ host, output, length }, from, to);
    return [inMemory(target, type, nest.index(0), to)];
  },
  stopGradient: (_, [x]) => [x],
};

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
  const reads = countReads(program);
  program.inputs.forEach((id, i) => values[id] = inputs[i]);
  for (const { primitive, parameters, operands, results } of program.equations) {
    const types = results.map((id) => program.types[id]);
    rules[primitive](target, operands.map((id) => values[id]), parameters as never, types)
      .forEach((value, i) => {
        // A large value that is computed and read more than once is kept in memory.
        const id = results[i];
        const again = reads[id] > 1 && !FREE.has(primitive);
        values[id] = again ? materialise(target, value) : value;
      });
  }
  return program.outputs.map((id) => values[id]);
}

/** Primitives that only say where an element is found. */
const VIEWS: ReadonlySet<Equation["primitive"]> = new Set<Equation["primitive"]>([
  "broadcast",
  "reshape",
  "transpose",
  "slice",
  "gather",
  "stopGradient",
]);

/** Those, and primitives whose results are in memory already. */
const FREE: ReadonlySet<Equation["primitive"]> = new Set<Equation["primitive"]>([
  ...VIEWS,
  "constant",
  "concat",
  "scan",
  "threefry",
  "boxMuller",
  "host",
  "sum",
  "maximum",
  "minimum",
  "place",
  "scatterAdd",
  "cholesky",
  "choleskyGradient",
  "triangularSolve",
]);

/** The operands whose elements an equation may read more than once. */
function readAgain(equation: Equation, types: Program["types"]): readonly number[] {
  const { primitive, operands } = equation;
  if (isOf(equation, "scan")) {
    const { captures, xs } = scanParts(equation.parameters, operands);
    // A part that is small is read once, into locals.
    const large = xs.filter((id) => sizeOf(types[id].shape.slice(1)) > UNROLLED);
    return [...captures, ...large];
  }
  const matrix = primitive === "triangularSolve" || primitive === "choleskyGradient";
  return matrix ? operands.slice(0, 1) : [];
}

/** How often the elements of each value are read, by way of views too; 2 stands for more. */
function countReads({ types, equations, outputs }: Program): number[] {
  const reads = new Array<number>(types.length).fill(0);
  outputs.forEach((id) => reads[id]++);
  for (const equation of equations.toReversed()) {
    const { primitive, operands, results } = equation;
    const again = readAgain(equation, types);
    const sharing = primitive === "gather" ? 1 : UNROLLED;
    for (const id of operands) {
      // Repeated along a short axis, an element is computed once all the same: no loop lies between.
      const repeated = VIEWS.has(primitive) && (reads[results[0]] > 1 ||
        sizeOf(types[results[0]].shape) > sharing * sizeOf(types[id].shape));
      reads[id] += repeated || again.includes(id) ? 2 : 1;
    }
  }
  return reads;
}

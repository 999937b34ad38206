/**
 * Random programs over all primitives, and random inputs for them: what the compiler is held against
 * the interpreter with.
 */
import { randomWords } from "../../src/random/words.ts";
import { arange } from "../../src/tensor/operations.ts";
import {
  ARITHMETIC,
  BINARY,
  BITWISE,
  COMPARISON,
  type DType,
  type HostFunction,
  LOGICAL,
  type Primitive,
  type RuleTable,
  type Shape,
  UNARY,
  type ValueType,
} from "../../src/tensor/program.ts";
import { allocate, broadcastShapes, sameShape, sizeOf } from "../../src/tensor/shape.ts";
import { apply, fromArray, type Tensor, words } from "../../src/tensor/tensor.ts";
import { scan } from "../../src/tensor/scan.ts";
import { repeatLoop } from "../../src/tensor/trace.ts";
import { specialFloats } from "./floats.ts";

/** Arrays are kept below this size, some above and some below what the compiler unrolls (64). */
const LARGEST = 200;

/** Lengths of axes: their products lie on both sides of 64, most above, where loops and memory begin. */
const LENGTHS = [1, 2, 3, 4, 5, 8, 9, 16, 63, 65, 70, 128, 0, 66, 67, 100, 66, 70, 100];

/** What moves and reduces large arrays is taken more often than its share. */
const OFTEN: readonly Primitive[] = [
  ...[
    "scan",
    "scan",
    "scan",
    "scan",
    "scan",
    "sum",
    "sum",
    "maximum",
    "broadcast",
    "broadcast",
  ] as const,
  ...["reshape", "transpose", "slice", "place", "concat", "add", "mul", "select"] as const,
];

const SPECIAL_FLOATS = specialFloats();
const SPECIAL_WORDS = [0, 1, 2, 3, 31, 32, 0x7fffffff, 0x80000000, 0xffffffff];

/** Decisions, one after the other; when they are used up, the first choice is taken. */
export class Decisions {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A number from 0 to n − 1. */
  below(n: number): number {
    const number = this.#numbers[this.#next] ?? 0;
    this.#next++;
    return number % n;
  }

  /** One of several things. */
  of<T>(things: readonly T[]): T {
    return things[this.below(things.length)];
  }

  /** A key for many numbers. */
  seed(): readonly [number, number] {
    return [this.below(2 ** 30), this.below(2 ** 30)];
  }
}

/** A shape of rank 0 to 3 with at most `LARGEST` elements. */
export function shapeBy(decisions: Decisions): Shape {
  const shape: number[] = [];
  for (let rank = decisions.below(4); rank > 0; rank--) {
    const length = decisions.of(LENGTHS);
    if (sizeOf([...shape, length]) <= LARGEST) shape.push(length);
  }
  return shape;
}

/** A type, most often of floats. */
export function typeBy(decisions: Decisions): ValueType {
  const dtype = decisions.of<DType>(["f64", "f64", "f64", "u32", "bool"]);
  return { dtype, shape: shapeBy(decisions) };
}

/** Values of a type: special ones and ordinary ones of all sizes. */
export function valuesOf(
  { dtype, shape }: ValueType,
  seed: readonly [number, number],
  repeated = false,
): Tensor {
  const size = sizeOf(shape);
  const data = allocate(dtype, size);
  const random = randomWords(seed, 2 * size + 2);
  for (let i = 0; i < size; i++) {
    const at = repeated ? 0 : i;
    const [choice, word] = [random[2 * at], random[2 * at + 1]];
    const special = choice % 2 === 0;
    if (dtype === "bool") data[i] = word % 2;
    else if (dtype === "u32") data[i] = special ? SPECIAL_WORDS[word % SPECIAL_WORDS.length] : word;
    else if (special) data[i] = SPECIAL_FLOATS[word % SPECIAL_FLOATS.length];
    else data[i] = (word / 2 ** 31 - 1) * [1, 10, 1000, 1e-3][(choice >>> 1) % 4];
  }
  return fromArray({ dtype, shape, data });
}

/** A function of the host, in arithmetic that JavaScript fixes to the bit; the two halves need not agree. */
const BLACK_BOX: HostFunction = {
  name: "blackBox",
  value: (x) => x.reduce((sum, each, i) => sum + each * (i + 1), 1),
  gradient: (x) => x.map((each, i) => each / (i + 2) - x[x.length - 1 - i]),
};

/** What a random body made. */
export interface RandomProgram {
  /** All tensors, the newest last. */
  readonly pool: readonly Tensor[];
  /** A tensor of a type that there is at least one of, to be carried on in its place. */
  nextOf(type: ValueType): Tensor;
}

/** Writes random equations: from decisions and the tensors that there are. */
class Writer implements RandomProgram {
  readonly #decisions: Decisions;
  readonly #pool: Tensor[];
  readonly #depth: number;
  readonly #count: Tensor;
  readonly #note: (primitive: Primitive) => void;

  constructor(
    decisions: Decisions,
    pool: readonly Tensor[],
    depth: number,
    count: Tensor,
    note: (primitive: Primitive) => void,
  ) {
    this.#decisions = decisions;
    this.#pool = [...pool];
    this.#depth = depth;
    this.#count = count;
    this.#note = note;
  }

  get pool(): readonly Tensor[] {
    return this.#pool;
  }

  /** Adds the results of one random primitive. */
  write(): void {
    const primitive = this.#decisions.of([...Object.keys(this.#rules) as Primitive[], ...OFTEN]);
    const results = this.#rules[primitive]();
    this.#note(primitive);
    this.#pool.push(...results);
  }

  #any(): Tensor {
    // The last are taken more often, so that equations build on each other.
    const back = Math.min(this.#decisions.below(8), this.#decisions.below(8));
    return this.#pool[Math.max(0, this.#pool.length - 1 - back)];
  }

  #constant(type: ValueType): Tensor {
    return valuesOf(type, this.#decisions.seed(), this.#decisions.below(4) === 0);
  }

  /** A tensor of a type of elements: there already, converted, or constant. */
  #of(...dtypes: readonly DType[]): Tensor {
    const found = this.#any();
    if (dtypes.includes(found.dtype)) return found;
    const fitting = this.#pool.filter(({ dtype }) => dtypes.includes(dtype));
    if (fitting.length > 0 && this.#decisions.below(3) > 0) return this.#decisions.of(fitting);
    return this.#decisions.below(2) === 0
      ? found.as(dtypes[0])
      : this.#constant({ dtype: dtypes[0], shape: found.shape });
  }

  /** Another tensor for an operation with `x`: of its type, broadcast to a common shape. */
  #pair(x: Tensor): [Tensor, Tensor] {
    const other = this.#of(x.dtype);
    const common = broadcastShapes(x.shape, other.shape);
    if (other.dtype !== x.dtype || common === undefined || sizeOf(common) > LARGEST) {
      const shape = this.#decisions.below(2) === 0 ? x.shape : [];
      const made = this.#constant({ dtype: x.dtype, shape });
      return this.#swapped(x, made.broadcastTo(x.shape));
    }
    return this.#swapped(x.broadcastTo(common), other.broadcastTo(common));
  }

  #swapped(a: Tensor, b: Tensor): [Tensor, Tensor] {
    return this.#decisions.below(2) === 0 ? [a, b] : [b, a];
  }

  #unary(primitive: typeof UNARY[number]): Tensor[] {
    return apply(primitive, {}, [this.#of("f64")]);
  }

  #binary(primitive: Parameters<typeof apply>[0], ...dtypes: readonly DType[]): Tensor[] {
    return apply(primitive, {}, this.#pair(this.#of(...dtypes)));
  }

  #shift(primitive: "shiftLeft" | "shiftRight"): Tensor[] {
    const x = this.#of("u32");
    const distance = words([this.#decisions.below(33)], []).broadcastTo(x.shape);
    return apply(primitive, {}, [x, distance]);
  }

  #reduce(primitive: "sum" | "maximum" | "minimum"): Tensor[] {
    const x = this.#of("f64");
    const axes = x.shape.map((_, axis) => axis).filter(() => this.#decisions.below(2) === 0);
    return apply(primitive, { axes }, [x]);
  }

  #table<K extends Primitive>(
    names: readonly K[],
    rule: (name: K) => Tensor[],
  ): { readonly [P in K]: () => Tensor[] } {
    return Object.fromEntries(names.map((name) => [name, () => rule(name)])) as {
      [P in K]: () => Tensor[];
    };
  }

  readonly #rules: RuleTable<() => Tensor[]> = {
    ...this.#table(UNARY, (name) => this.#unary(name)),
    ...this.#table(ARITHMETIC, (name) => this.#binary(name, "f64", "u32")),
    ...this.#table(BINARY, (name) => this.#binary(name, "f64")),
    ...this.#table(BITWISE, (name) => this.#binary(name, "u32")),
    ...this.#table(COMPARISON, (name) => this.#binary(name, "f64", "u32")),
    ...this.#table(LOGICAL, (name) => this.#binary(name, "bool")),
    sum: () => this.#reduce("sum"),
    maximum: () => this.#reduce("maximum"),
    minimum: () => this.#reduce("minimum"),
    shiftLeft: () => this.#shift("shiftLeft"),
    shiftRight: () => this.#shift("shiftRight"),
    constant: () => [this.#constant(typeBy(this.#decisions))],
    not: () => apply("not", {}, [this.#of("bool")]),
    select: () => {
      const [a, b] = this.#pair(this.#any());
      const mask = this.#of("bool");
      const common = broadcastShapes(mask.shape, a.shape);
      const fits = common !== undefined && sizeOf(common) <= LARGEST;
      const shape = fits ? common : a.shape;
      const chosen = fits ? mask : this.#constant({ dtype: "bool", shape });
      return apply("select", {}, [chosen, a, b].map((x) => x.broadcastTo(shape)));
    },
    convert: () => [this.#any().as(this.#decisions.of<DType>(["f64", "u32", "bool"]))],
    broadcast: () => {
      const x = this.#any();
      const front = this.#decisions.of([[], [2], [3], [66], [0]]);
      const shape = [
        ...front,
        ...x.shape.map((length) => length === 1 ? this.#decisions.of([1, 3, 67]) : length),
      ];
      return sizeOf(shape) <= LARGEST ? [x.broadcastTo(shape)] : [x];
    },
    reshape: () => {
      const x = this.#any();
      if (x.size === 0) return [x.reshape([0, 2])];
      const factors = [1, 2, 3, 4, 5, 8].filter((factor) => x.size % factor === 0);
      const [first, second] = [this.#decisions.of(factors), this.#decisions.of(factors)];
      if (x.size % (first * second) !== 0) return [x.reshape([first, -1])];
      return [x.reshape(this.#decisions.of([[-1], [first, -1], [first, -1, second]]))];
    },
    transpose: () => {
      const x = this.#any();
      const order = x.shape.map((_, axis) => axis);
      for (let i = order.length - 1; i > 0; i--) {
        const j = this.#decisions.below(i + 1);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return [x.transpose(order)];
    },
    slice: () => {
      const x = this.#any();
      const start = x.shape.map((length) => this.#decisions.below(Math.min(length, 3) + 1));
      const stop = x.shape.map((length, axis) =>
        Math.max(start[axis], length - this.#decisions.below(3))
      );
      return apply("slice", { start, stop, step: x.shape.map(() => this.#step()) }, [x]);
    },
    place: () => {
      const x = this.#any();
      const start = x.shape.map(() => this.#decisions.below(3));
      const step = x.shape.map(() => this.#step());
      const shape = x.shape.map((length, axis) =>
        start[axis] + Math.max(0, (length - 1) * step[axis] + 1) + this.#decisions.below(3)
      );
      return sizeOf(shape) <= 2 * LARGEST ? apply("place", { shape, start, step }, [x]) : [x];
    },
    concat: () => {
      const x = this.#any();
      if (x.shape.length === 0) return [x];
      const axis = this.#decisions.below(x.shape.length);
      const others = this.#pool.filter(({ dtype, shape }) =>
        dtype === x.dtype && shape.length === x.shape.length &&
        shape.every((length, i) => i === axis || length === x.shape[i])
      );
      const parts = [x, this.#decisions.of(others), this.#decisions.of(others)];
      return apply("concat", { axis }, parts.slice(0, 1 + this.#decisions.below(3)));
    },
    gather: () => {
      const x = this.#any();
      if (x.shape.length === 0) return [x];
      const axis = this.#decisions.below(x.shape.length);
      const indices = this.#indices(x.shape[axis]);
      const size = x.shape[axis] === 0 ? 0 : x.size / x.shape[axis] * indices.size;
      return size <= LARGEST ? apply("gather", { axis }, [x, indices]) : [x];
    },
    scatterAdd: () => {
      const updates = this.#of("f64");
      if (updates.shape.length === 0) return [updates];
      const axis = this.#decisions.below(updates.shape.length);
      const rank = this.#decisions.below(updates.shape.length - axis + 1);
      const length = this.#decisions.of([1, 2, 3, 9, 70]);
      const shape = updates.shape.slice(axis, axis + rank);
      if (sizeOf(updates.shape.toSpliced(axis, rank, length)) > LARGEST) return [updates];
      const indices = this.#words(shape, length);
      return apply("scatterAdd", { axis, length }, [indices, updates]);
    },
    cholesky: () => {
      const a = this.#square();
      const [n] = a.shape;
      const identity = arange(n).reshape([n, 1]).equal(arange(n)).as("f64");
      // Positive definite, or rarely so.
      const definite = a.tanh().add(identity.mul(n));
      return apply("cholesky", {}, [this.#decisions.below(2) === 0 ? a : definite]);
    },
    choleskyGradient: () => {
      const l = this.#square();
      const same = this.#pool.filter(({ dtype, shape }) =>
        dtype === "f64" && sameShape(shape, l.shape)
      );
      return apply("choleskyGradient", {}, [l, this.#decisions.of([l, ...same])]);
    },
    triangularSolve: () => {
      const matrix = this.#square();
      const [n] = matrix.shape;
      const columns = this.#decisions.of([1, 1, 2, 9, 0]);
      const found = this.#of("f64");
      const right = found.size >= n * columns
        ? found.reshape([found.size]).slice(0, n * columns).reshape([n, columns])
        : this.#constant({ dtype: "f64", shape: [n, columns] });
      const parameters = {
        lower: this.#decisions.below(2) === 0,
        transpose: this.#decisions.below(2) === 0,
      };
      return apply("triangularSolve", parameters, [matrix, right]);
    },
    threefry: () => {
      const drawn = this.#of("u32");
      const key = drawn.size >= 2
        ? drawn.reshape([-1]).slice(0, 2)
        : this.#constant({ dtype: "u32", shape: [2] });
      const counters = this.#of("u32").reshape([-1]);
      return apply("threefry", {}, [key, counters]);
    },
    boxMuller: () => {
      const words = this.#of("u32").reshape([-1]);
      const drawn = words.slice(0, words.size - words.size % 2).reshape([-1, 2]);
      return apply("boxMuller", {}, [drawn]);
    },
    scan: () => {
      if (this.#depth > 1) return [this.#any()];
      return this.#decisions.of([
        () => this.#repeated(),
        () => this.#scanned(),
        () => this.#summed(),
        () => this.#summed(),
      ])();
    },
    host: () => {
      const output = this.#decisions.of(["value", "gradient"] as const);
      return apply("host", { host: BLACK_BOX, output }, [this.#of("f64").reshape([-1])]);
    },
    stopGradient: () => [this.#any().stopGradient()],
  };

  /** Words that serve as indices below a number, most of them: of any shape. */
  #indices(length: number): Tensor {
    if (length === 0) return words([], [0, 3]);
    const shape = this.#decisions.of([[], [1], [2], [3, 2], [5], [70], [0]]);
    return this.#decisions.below(3) === 0 ? this.#of("u32") : this.#words(shape, length);
  }

  /** Words of a shape, known or each chain's own, most of them below a number. */
  #words(shape: Shape, length: number): Tensor {
    const found = this.#pool.find((x) => x.dtype === "u32" && sameShape(x.shape, shape));
    const own = found ?? this.#count.broadcastTo(shape);
    const random = randomWords(this.#decisions.seed(), sizeOf(shape) + 1).slice(0, sizeOf(shape));
    const known = words(random.map((word) => word % length), shape);
    switch (this.#decisions.below(4)) {
      case 0:
        return own;
      case 1:
        return own.add(known);
      case 2:
        return words(random, shape);
      default:
        return known;
    }
  }

  /** A square matrix, of some that there are or of elements of one. */
  #square(): Tensor {
    const found = this.#of("f64");
    const [rows, columns] = found.shape;
    if (found.shape.length === 2 && rows === columns && this.#decisions.below(3) > 0) return found;
    const sizes = [1, 2, 3, 8, 9, 12].filter((n) => n * n <= found.size);
    const n = this.#decisions.of([...sizes, 0]);
    return found.reshape([found.size]).slice(0, n * n).reshape([n, n]);
  }

  #step(): number {
    return this.#decisions.of([1, 1, 2, 3]);
  }

  /** What may be carried: one or two tensors. */
  #carried(): Tensor[] {
    return [this.#any(), this.#any()].slice(0, 1 + this.#decisions.below(2));
  }

  /** The body of a loop, of random equations. */
  #inner(given: readonly Tensor[]): Writer {
    const inner = new Writer(
      this.#decisions,
      [...this.#pool, ...given],
      this.#depth + 1,
      this.#count,
      this.#note,
    );
    for (let n = 1 + this.#decisions.below(4); n > 0; n--) inner.write();
    return inner;
  }

  #repeated(): Tensor[] {
    const count = this.#decisions.of([0, 1, 2, 3, this.#count, this.#count]);
    const last = repeatLoop(count, (state, index) => {
      const inner = this.#inner([index, ...state]);
      return state.map((leaf) => inner.nextOf(leaf));
    }, this.#carried());
    return [...last];
  }

  #scanned(): Tensor[] {
    const array = this.#any();
    const [first, ...others] = array.shape;
    // A long scan in a long scan would take the interpreter seconds.
    const most = this.#depth === 0 ? LARGEST : 5;
    const xs = first === undefined || first > most
      ? []
      : [array, array.reshape([first, sizeOf(others)])].slice(0, 1 + this.#decisions.below(2));
    const length = xs[0]?.shape[0] ??
      this.#decisions.of(this.#depth === 0 ? [1, 0, 2, 70] : [1, 0, 2]);
    const reverse = this.#decisions.below(2) === 0;
    const options = xs.length === 0 ? { length, reverse } : { reverse };
    const [last, stacked] = scan(
      (state: readonly Tensor[], parts: readonly Tensor[]) => {
        const inner = this.#inner([...state, ...parts]);
        const next = state.map((leaf) => inner.nextOf(leaf));
        const ys = [inner.#any(), inner.#any()].slice(0, this.#decisions.below(3))
          .filter(({ size }) => size * length <= 2 * LARGEST);
        return [next, ys];
      },
      this.#decisions.below(4) === 0 ? [] : this.#carried(),
      xs,
      options,
    );
    return [...last, ...stacked];
  }

  /** A number for each chain. */
  #number(): Tensor {
    const x = this.#of("f64");
    return x.size === 0 ? this.#constant({ dtype: "f64", shape: [] }) : x.reshape([x.size]).at(0);
  }

  /** Sums over many rows of data in one loop, most of them read nowhere else. */
  #summed(): Tensor[] {
    const data = this.#constant({ dtype: "f64", shape: [this.#decisions.of([65, 66, 67, 68])] });
    const [last, stacked] = scan(
      (sums: readonly Tensor[], row: Tensor) => {
        const inner = this.#inner(this.#decisions.below(4) === 0 ? [...sums, row] : [row]);
        const terms = sums.map(() =>
          apply(this.#decisions.of(ARITHMETIC), {}, [row, inner.#number()])[0]
        );
        const next = sums.map((sum, i) =>
          apply(this.#decisions.of(ARITHMETIC), {}, this.#swapped(sum, terms[i]))[0]
        );
        const [first, second] = sums;
        const both = second !== undefined && this.#decisions.below(4) === 0;
        const alike = both ? [first.sub(second), first.sub(second)] : [];
        return [[...alike, ...next.slice(alike.length)], terms.slice(this.#decisions.below(4))];
      },
      Array.from({ length: 1 + this.#decisions.below(4) }, () => this.#number()),
      data,
    );
    return [...last, ...stacked];
  }

  nextOf(type: ValueType): Tensor {
    const x = this.#newestOf(type);
    const others = this.#pool.filter(({ dtype, size }) => dtype === x.dtype && size === x.size);
    const factor = [2, 3, 5, 7, 1].find((factor) => x.size % factor === 0) as number;
    if (x.size === 0 || this.#decisions.below(3) === 0) return x;
    // Elements of another place: a value that is written before it was read everywhere shows.
    const moved = this.#decisions.of(others).reshape([factor, -1]).transpose().reshape(x.shape);
    const combine = { f64: "sub", u32: "bitXor", bool: "or" } as const;
    return apply(combine[x.dtype], {}, [x, moved])[0];
  }

  #newestOf({ dtype, shape }: ValueType): Tensor {
    const found = this.#pool.findLast((x) => x.dtype === dtype && sameShape(x.shape, shape));
    if (found === undefined) throw new Error(`No tensor like ${dtype}[${shape.join(", ")}]`);
    return found;
  }
}

/**
 * The body of a random program.
 *
 * @param decisions What decides.
 * @param note Is told of each primitive that was used.
 * @returns From tensors, the last of which is a number of turns for loops, to all tensors: those, and
 * what was computed.
 */
export function randomBody(
  decisions: Decisions,
  note: (primitive: Primitive) => void,
): (inputs: readonly Tensor[]) => RandomProgram {
  return (inputs) => {
    const writer = new Writer(decisions, inputs, 0, inputs[inputs.length - 1], note);
    for (let n = 1 + decisions.below(24); n > 0; n--) writer.write();
    return writer;
  };
}

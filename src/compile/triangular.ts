/**
 * Code rules of triangular matrices: written out for small ones, loops over memory for large ones, which
 * add up in the same order.
 *
 * @module
 */
import type { PrimitiveParameters, ValueType } from "../tensor/program.ts";
import { sizeOf } from "../tensor/shape.ts";
import * as triangular from "../tensor/interpreter/triangular.ts";
import type { Rule } from "./rule.ts";
import {
  inMemory,
  load,
  settle,
  small,
  store,
  type Target,
  UNROLLED,
  type Value,
  write,
} from "./value.ts";

/** A matrix in memory that is read while it is written. */
class Workspace {
  readonly base: number;
  readonly #target: Target;
  readonly #columns: number;

  constructor(target: Target, [rows, columns]: readonly number[]) {
    this.#target = target;
    this.#columns = columns;
    this.base = target.memory.reserve(rows * columns * target.memory.elementBytes("f64"));
  }

  #address(row: number, column: number): number {
    const { nest, memory } = this.#target;
    const bytes = memory.elementBytes("f64");
    return nest.addIndex(
      nest.scaleIndex(row, this.#columns * bytes),
      nest.scaleIndex(column, bytes),
    );
  }

  get(row: number, column: number): number {
    const { nest } = this.#target;
    return load(this.#target, "f64", this.#address(row, column), this.base, nest.depth);
  }

  set(row: number, column: number, value: number): void {
    store(this.#target, "f64", this.#address(row, column), this.base, value);
  }
}

/** `from − Σ a · b` over `count` turns. */
function takeAway(
  { nest }: Target,
  from: number,
  count: number,
  term: (turn: number) => readonly [number, number],
): number {
  const { operation, immediate } = nest.at(count);
  if (operation === "constantIndex" && immediate === 0) return from;
  return nest.loop(count, [from], (turn, [rest]) => {
    const [a, b] = term(turn);
    return [nest.sub(rest, nest.mul(a, b))];
  })[0];
}

function each({ nest }: Target, count: number, turn: (i: number) => void): void {
  nest.loop(count, [], (i) => {
    turn(i);
    return [];
  });
}

/** Zeros in memory, for what is written in part. */
function cleared(target: Target, type: ValueType): Workspace {
  const space = new Workspace(target, type.shape);
  const zeros = { ...type, element: () => target.nest.constant(0) };
  write(target, zeros, target.nest.index(0), space.base);
  return space;
}

const cholesky: Rule = (target, [a], _, [type]) => {
  const { nest } = target;
  const [n] = a.shape;
  const entry = (i: number, j: number): number => a.element([i, j]);
  if (a.elements !== undefined) {
    const literal = (i: number, j: number): number => entry(nest.index(i), nest.index(j));
    return [small(target, type, triangular.cholesky(nest, n, literal))];
  }
  const l = cleared(target, type);
  each(target, nest.index(n), (i) => {
    each(target, i, (j) => {
      const rest = takeAway(target, entry(i, j), j, (k) => [l.get(i, k), l.get(j, k)]);
      l.set(i, j, nest.div(rest, l.get(j, j)));
    });
    const pivot = takeAway(target, entry(i, i), i, (k) => [l.get(i, k), l.get(i, k)]);
    l.set(i, i, triangular.pivotRoot(nest, pivot));
  });
  return [inMemory(target, type, nest.index(0), l.base)];
};

/** `last − turn`. */
function countdown({ nest }: Target, last: number, turn: number): number {
  return nest.addIndex(last, nest.scaleIndex(turn, -1));
}

const choleskyGradient: Rule = (target, [l, cotangent], _, [type]) => {
  const { nest } = target;
  const [n] = l.shape;
  const factor = (i: number, j: number): number => l.element([i, j]);
  const given = (i: number, j: number): number => cotangent.element([i, j]);
  if (l.elements !== undefined) {
    const at = (entry: typeof factor) => (i: number, j: number): number =>
      entry(nest.index(i), nest.index(j));
    return [small(target, type, triangular.choleskyGradient(nest, n, at(factor), at(given)))];
  }
  const a = cleared(target, type);
  const one = nest.index(1);
  each(target, nest.index(n), (below) => {
    const i = countdown(target, nest.index(n - 1), below);
    const next = nest.addIndex(i, one);
    const column = (turn: number, j: number): [number, number] => {
      const row = nest.addIndex(next, turn);
      return [a.get(row, i), factor(row, j)];
    };
    const pivot = takeAway(target, given(i, i), below, (turn) => column(turn, i));
    const twice = nest.div(pivot, factor(i, i));
    a.set(i, i, nest.mul(nest.constant(0.5), twice));
    each(target, i, (right) => {
      const j = countdown(target, nest.addIndex(i, nest.index(-1)), right);
      const first = nest.addIndex(j, one);
      const start = nest.sub(given(i, j), nest.mul(twice, factor(i, j)));
      const row = takeAway(target, start, right, (turn) => {
        const c = nest.addIndex(first, turn);
        return [a.get(i, c), factor(c, j)];
      });
      const rest = takeAway(target, row, below, (turn) => column(turn, j));
      a.set(i, j, nest.div(rest, factor(j, j)));
    });
  });
  return [inMemory(target, type, nest.index(0), a.base)];
};

type SolveParameters = PrimitiveParameters["triangularSolve"];

/** The unknowns of one right-hand side, written out. */
function written(
  { nest }: Target,
  matrix: Value,
  parameters: SolveParameters,
  right: (row: number) => number,
): number[] {
  const literal = (i: number, k: number): number => matrix.element([nest.index(i), nest.index(k)]);
  return triangular.substitute(
    nest,
    { n: matrix.shape[0], matrix: literal, ...parameters },
    (row) => right(nest.index(row)),
  );
}

const triangularSolve: Rule = (target, [matrix, right], parameters: SolveParameters, [type]) => {
  const { nest } = target;
  const [n, columns] = right.shape;
  if (matrix.elements !== undefined && sizeOf(type.shape) <= UNROLLED) {
    const solved = Array.from(
      { length: columns },
      (_, c) => written(target, matrix, parameters, (row) => right.element([row, nest.index(c)])),
    );
    const elements = Array.from(
      { length: n * columns },
      (_, i) => solved[i % columns][Math.floor(i / columns)],
    );
    return [small(target, type, elements)];
  }
  // A column of unknowns is a row here: the loops run along it.
  const x = new Workspace(target, [columns, n]);
  const forwards = parameters.lower !== parameters.transpose;
  const entry = (i: number, k: number): number =>
    matrix.element(parameters.transpose ? [k, i] : [i, k]);
  each(target, nest.index(columns), (c) => {
    if (matrix.elements !== undefined) {
      written(target, matrix, parameters, (row) => right.element([row, c]))
        .forEach((value, i) => x.set(c, nest.index(i), value));
      return;
    }
    each(target, nest.index(n), (turn) => {
      const i = forwards ? turn : countdown(target, nest.index(n - 1), turn);
      const first = nest.addIndex(i, nest.index(1));
      const rest = takeAway(target, right.element([i, c]), turn, (q) => {
        const k = forwards ? q : nest.addIndex(first, q);
        return [entry(i, k), x.get(c, k)];
      });
      x.set(c, i, nest.div(rest, entry(i, i)));
    });
  });
  if (columns === 1) return [inMemory(target, type, nest.index(0), x.base)];
  return [settle(target, type, ([i, c]) => x.get(c, i))];
};

/** Code rules of triangular matrices. */
export const triangularRules: {
  readonly [P in "cholesky" | "choleskyGradient" | "triangularSolve"]: Rule;
} = { cholesky, choleskyGradient, triangularSolve };

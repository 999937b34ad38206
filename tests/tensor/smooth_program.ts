/**
 * Random programs that are smooth and bounded, so that their gradients can be held against differences:
 * compositions of the operations that move elements, reduce, factor matrices and loop.
 */
import { cholesky, solveTriangular } from "../../src/tensor/linear_algebra.ts";
import { arange, concat, where } from "../../src/tensor/operations.ts";
import { key, normal } from "../../src/tensor/random.ts";
import type { Shape } from "../../src/tensor/program.ts";
import { scan } from "../../src/tensor/scan.ts";
import { apply, type Tensor, words } from "../../src/tensor/tensor.ts";
import { repeatLoop } from "../../src/tensor/trace.ts";
import type { Decisions } from "../compile/random_program.ts";

/** Arrays are kept below this size; the compiler unrolls what has up to 64 elements. */
const LARGEST = 150;

function size(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Writes random smooth operations; all elements stay within a few units. */
export class SmoothWriter {
  readonly #decisions: Decisions;
  readonly #pool: Tensor[];
  readonly #depth: number;

  constructor(decisions: Decisions, pool: readonly Tensor[], depth = 0) {
    this.#decisions = decisions;
    this.#pool = [...pool];
    this.#depth = depth;
  }

  /** All tensors, the newest last. */
  get pool(): readonly Tensor[] {
    return this.#pool;
  }

  /** Adds a number of operations. */
  write(count: number): this {
    for (let n = count; n > 0; n--) {
      const made = this.#decisions.of(this.#operations)();
      this.#pool.push(...made.filter((x) => x.size > 0 && x.size <= LARGEST));
    }
    return this;
  }

  /** A tensor like another one that depends on what was written. */
  like(x: Tensor): Tensor {
    const last = this.any();
    return this.fitted(last, x.shape).mul(0.7).add(x.mul(0.5)).sin();
  }

  /** A recent tensor. */
  any(): Tensor {
    const back = this.#decisions.below(Math.min(6, this.#pool.length));
    return this.#pool[this.#pool.length - 1 - back];
  }

  /** Elements of a tensor, repeated or left out, under another shape. */
  fitted(x: Tensor, shape: Shape): Tensor {
    const wanted = size(shape);
    const flat = x.reshape([x.size]);
    const repeated = x.size >= wanted
      ? flat
      : concat(Array.from({ length: Math.ceil(wanted / x.size) }, () => flat));
    return repeated.slice(0, wanted).reshape(shape);
  }

  #indices(count: number, below: number): Tensor {
    return words(Array.from({ length: count }, () => this.#decisions.below(below)));
  }

  #square(): Tensor {
    const n = this.#decisions.of([1, 2, 3, 5, 9]);
    const identity = arange(n).reshape([n, 1]).equal(arange(n));
    return this.fitted(this.any(), [n, n]).sin().add(where(identity, 1.5 * n, 0));
  }

  readonly #operations: readonly (() => Tensor[])[] = [
    () => [this.any().sin()],
    () => [this.any().tanh().exp()],
    () => [this.any().square().add(1).sqrt().log()],
    () => [this.any().sigmoid().mul(this.any().mean().sin())],
    () => {
      const x = this.any();
      return [x.mul(this.fitted(this.any(), x.shape)).tanh()];
    },
    () => {
      const x = this.any();
      return [x.sub(1).div(this.fitted(this.any(), x.shape).square().add(1)).sin()];
    },
    () => {
      const x = this.any();
      if (x.shape.length === 0) return [x.cos()];
      const axis = this.#decisions.below(x.shape.length);
      return [x.sum(axis).mul(0.1).sin(), x.square().mean(axis)];
    },
    () => {
      const x = this.any();
      return [x.broadcastTo([this.#decisions.of([2, 3, 70]), ...x.shape])];
    },
    () => {
      const x = this.any();
      const factor = [5, 3, 2, 1].find((factor) => x.size % factor === 0) as number;
      return [x.reshape([factor, x.size / factor]).transpose()];
    },
    () => {
      const x = this.any();
      if (x.shape.length === 0) return [x];
      const step = 1 + this.#decisions.below(2);
      const shape = x.shape.with(0, 1 + (x.shape[0] - 1) * step + 1);
      const start = x.shape.map((_, axis) => axis === 0 ? 1 : 0);
      const placed = apply("place", {
        shape,
        start,
        step: x.shape.map((_, axis) => axis === 0 ? step : 1),
      }, [x]);
      return [...placed, x.slice(this.#decisions.below(2), undefined, { step })];
    },
    () => {
      const x = this.any();
      return [concat([x.reshape([x.size]), this.any().reshape([-1])])];
    },
    () => {
      const x = this.any();
      if (x.shape.length === 0) return [x];
      const axis = this.#decisions.below(x.shape.length);
      const indices = this.#indices(this.#decisions.of([1, 4, 66]), x.shape[axis]);
      return [x.take(indices, { axis })];
    },
    () => {
      const x = this.any();
      if (x.shape.length === 0) return [x];
      const axis = this.#decisions.below(x.shape.length);
      const length = this.#decisions.of([1, 3, 70]);
      const indices = this.#indices(x.shape[axis], length);
      return apply("scatterAdd", { axis, length }, [indices, x]).map((sum) => sum.mul(0.2).sin());
    },
    () => [cholesky(this.#square()).sin()],
    () => {
      const matrix = this.#square();
      const columns = this.#decisions.of([1, 3, 12]);
      const right = this.fitted(this.any(), [matrix.shape[0], columns]);
      const [lower, transpose] = [0, 0].map(() => this.#decisions.below(2) === 0);
      return [solveTriangular(matrix, right, { lower, transpose })];
    },
    () => this.#scan(),
    () => this.#scan(),
    () => {
      if (this.#depth > 1) return [this.any().cos()];
      return [repeatLoop(this.#decisions.below(4), (x: Tensor, i) => {
        const inner = new SmoothWriter(this.#decisions, [...this.#pool, x], this.#depth + 1);
        return inner.write(1 + this.#decisions.below(3)).like(x).mul(i.as("f64").add(1).log());
      }, this.any())];
    },
  ];

  #scan(): Tensor[] {
    if (this.#depth > 1) return [this.any().cos()];
    const [carry, xs] = [this.any(), this.any()];
    const reverse = this.#decisions.below(2) === 0;
    const arrays = xs.shape.length === 0 || this.#depth > 0 && xs.shape[0] > 5 ? [] : [xs];
    const options = arrays.length === 0 ? { reverse, length: 3 } : { reverse };
    const turns = arrays[0]?.shape[0] ?? 3;
    const [[last], ys] = scan(
      ([x]: readonly Tensor[], parts: readonly Tensor[]) => {
        const inner = new SmoothWriter(
          this.#decisions,
          [...this.#pool, x, ...parts],
          this.#depth + 1,
        );
        inner.write(1 + this.#decisions.below(3));
        const y = [inner.any()].filter((y) => y.size * turns <= LARGEST);
        return [[inner.like(x)], y];
      },
      [carry],
      arrays,
      options,
    );
    return [last, ...ys];
  }
}

/**
 * A random smooth function of a vector.
 *
 * @param decisions What decides; the function decides the same each time only if they start anew.
 * @returns The function: a sum over all that was written.
 */
export function smoothFunction(decisions: () => Decisions): (x: Tensor) => Tensor {
  return (x) => {
    const each = decisions();
    const pool = new SmoothWriter(each, [x]).write(2 + each.below(7)).pool;
    return pool.slice(1).map((y) => y.mul(normalLike(y)).mean().sin()).reduce(
      (sum, y) => sum.add(y),
      x.sum(),
    );
  };
}

/** Weights without pattern, so that no two partial results cancel. */
function normalLike({ shape }: Tensor): Tensor {
  return normal(key(7), shape);
}

/** Proposals and chains in plain numbers, to hold global moves against. */
import type { Proposal } from "../../src/global/proposal.ts";
import type { GradientState } from "../../src/kernels/kernel.ts";
import type { Target } from "../../src/target/target.ts";
import { type Key, normal } from "../../src/tensor/random.ts";
import { fromArray, type Tensor } from "../../src/tensor/tensor.ts";

/** Numbers as a tensor. */
export function numbers(data: ArrayLike<number>, shape: readonly number[]): Tensor {
  return fromArray({ dtype: "f64", shape, data: Float64Array.from(data) });
}

/** The rows of a tensor n × d. */
export function rows(points: Tensor): number[][] {
  return points.toArray() as number[][];
}

/** N(0, scale² I) as a proposal. */
export function gaussianProposal(scale: number): Proposal {
  const at = (point: readonly number[]): number =>
    point.reduce(
      (sum, x) => sum - (x / scale) ** 2 / 2 - Math.log(scale) - Math.log(2 * Math.PI) / 2,
      0,
    );
  return {
    sample: (key: Key, n: number) => {
      const position = normal(key, [n, 2]).mul(scale);
      return Promise.resolve({ position, logDensity: numbers(rows(position).map(at), [n]) });
    },
    logDensity: (position) => Promise.resolve(numbers(rows(position).map(at), [position.shape[0]])),
  };
}

/** Starts chains by evaluating the target point by point. */
export function startPlainly(target: Target): (position: Tensor) => Promise<GradientState> {
  return (position) => {
    const points = rows(position);
    return Promise.resolve({
      position,
      logDensity: numbers(points.map((x) => target.logDensity(x)), [points.length]),
      gradient: numbers(points.flatMap((x) => [...target.gradient(x)]), position.shape),
      acceptance: numbers(points.map(() => 1), [points.length]),
    });
  };
}

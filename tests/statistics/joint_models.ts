/**
 * Models whose parameters θ and data y can be drawn from exactly. As a target for both together the data
 * are a parameter `y`, the last coordinates of a position; as a target for θ they are data. All changes of
 * variables but those of the library's own log densities are written out by hand, in both directions.
 */
import {
  concat,
  type Data,
  type Key,
  normal,
  type Parameters,
  posterior,
  real,
  split,
  type Target,
  type Tensor,
  type Term,
  uniform,
} from "../../mod.ts";
import type { ExactTarget } from "./invariance_targets.ts";

/** Values of parameters by name, each flat. */
export type FlatValues = Readonly<Record<string, readonly number[]>>;

/** A model of parameters and data. */
export interface JointModel extends ExactTarget {
  /** How many unconstrained coordinates are parameters; the data follow. */
  readonly free: number;
  /** y given the unconstrained parameters, [free] to [data]: in the array language, for one chain. */
  redraw(theta: Tensor, key: Key): Tensor;
  /** The posterior given data. */
  given(y: readonly number[]): Target;
  /** The values of the parameters at unconstrained ones, by hand. */
  values(theta: ArrayLike<number>): FlatValues;
  /** ln p(y | θ) up to a constant, by hand. */
  logLikelihood(values: FlatValues, y: readonly number[]): number;
}

/** The two targets of a model with `n` data. */
export function targetsOf<P extends Parameters>(
  n: number,
  { parameters, logPrior, logLikelihood }: {
    readonly parameters: P;
    readonly logPrior: Term<P, Data>;
    /** Its data are `y`. */
    readonly logLikelihood: Term<P, { readonly y: Tensor }>;
  },
): Pick<JointModel, "target" | "given"> {
  return {
    target: posterior({
      parameters: { ...parameters, y: real(n) },
      logPrior: (all) => logPrior(all as never, {}),
      logLikelihood: (all) => logLikelihood(all as never, { y: all["y"] }),
    }) as Target,
    given: (y) =>
      posterior({
        parameters,
        data: { y },
        logPrior: (values) => logPrior(values as never, {}),
        logLikelihood: (values, data) => logLikelihood(values as never, data),
      }) as Target,
  };
}

/** Numbers for exact draws: `normals` standard normal ones in each row, then `uniforms` in (0, 1). */
export function noise(key: Key, n: number, normals: number, uniforms: number): Tensor {
  const [a, b] = split(key);
  const parts = [
    ...normals > 0 ? [normal(a, [n, normals])] : [],
    ...uniforms > 0 ? [uniform(b, [n, uniforms]).add(2 ** -54)] : [],
  ];
  return concat(parts, 1);
}

/** ln N(x; m, s²), summed; constants of numbers left out. */
export function logNormal(
  x: Tensor,
  mean: Tensor | number,
  sd: Tensor | number | readonly number[],
): Tensor {
  return x.sub(mean).div(sd as number).square().mul(-0.5).sum();
}

/** The same in plain numbers. */
export function plainLogNormal(
  x: readonly number[],
  mean: readonly number[],
  sd: readonly number[],
): number {
  return x.reduce((sum, each, i) => sum - 0.5 * ((each - mean[i]) / sd[i]) ** 2, 0);
}

/**
 * Targets given as a posterior of named, constrained parameters.
 *
 * @module
 */
import { expectOptions } from "../tensor/expect_options.ts";
import { shapeText } from "../tensor/shape.ts";
import { Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { expectScalar } from "../tensor/trace.ts";
import type { Parameter } from "./parameter.ts";
import { elementNames, type GivenValues, makeTarget, type Target } from "./target.ts";
import { unconstrained } from "./unconstrained.ts";

/** Parameters by name. */
export type Parameters = Readonly<Record<string, Parameter>>;
/** Data by name. */
export type Data = Readonly<Record<string, TensorLike>>;

/** A tensor for each name. */
export type Tensors<Named> = { readonly [Name in keyof Named]: Tensor };

/** A function of the parameters' values and the data. */
export type Term<P extends Parameters, D extends Data> = (
  parameters: Tensors<P>,
  data: Tensors<D>,
) => Tensor;

/** Quantities computed from the parameters, by name. */
export type Derived = Readonly<Record<string, Tensor>>;

/** A posterior: its parameters, its data and its log density, whole or as prior and likelihood. */
export type PosteriorOptions<P extends Parameters, D extends Data, R extends Derived> =
  & {
    /** The parameters, such as `{ mu: real(), tau: positive(), theta: real(8) }`. */
    readonly parameters: P;
    /** Numbers, nested arrays or tensors by name; none by default. */
    readonly data?: D;
    /**
     * Quantities to have draws of besides the parameters, such as
     * `({ mu, tau, effect }) => ({ theta: mu.add(tau.mul(effect)) })`; none by default.
     */
    readonly derived?: (parameters: Tensors<P>, data: Tensors<D>) => R;
  }
  & ({
    /** ln prior + ln likelihood, a scalar, up to a constant. */
    readonly logDensity: Term<P, D>;
  } | {
    /** ln prior, a scalar, up to a constant. */
    readonly logPrior: Term<P, D>;
    /** ln likelihood, a scalar, up to a constant. */
    readonly logLikelihood: Term<P, D>;
  });

const FUNCTIONS = ["derived", "logDensity", "logPrior", "logLikelihood"];
const OPTIONS = ["parameters", "data", ...FUNCTIONS];

function checkOptions(options: object): void {
  expectOptions(options, OPTIONS, "make a posterior");
  const given = (name: string): boolean => name in options;
  const whole = given("logDensity") && !given("logPrior") && !given("logLikelihood");
  const apart = !given("logDensity") && given("logPrior") && given("logLikelihood");
  if (!whole && !apart) {
    throw new TypeError(
      "Cannot make a posterior: give either `logDensity`, or `logPrior` and `logLikelihood`",
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (!FUNCTIONS.includes(name) || typeof value === "function") continue;
    if (name === "derived" && value === undefined) continue;
    throw new TypeError(`Cannot make a posterior: \`${name}\` must be a function, not ${value}`);
  }
}

function dataTensor(name: string, value: TensorLike): Tensor {
  let data: Tensor;
  try {
    data = tensor(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot use the data ${name}: ${reason}`);
  }
  // A sum over nothing is 0: the posterior would be the prior, in silence.
  if (data.size > 0) return data;
  throw new RangeError(
    `Cannot use the data ${name}: there are none, its shape is ${
      shapeText(data.shape)
    }; to sample ` +
      "the prior, leave out what the data enter",
  );
}

/** What `derived` gave back, if it can be used. */
function checkDerived(derived: unknown): Derived {
  const record = typeof derived === "object" && derived !== null && !(derived instanceof Promise);
  if (record && !(derived instanceof Tensor)) return derived as Derived;
  throw new TypeError("Cannot use `derived`: it must give back an object of tensors by name");
}

function checkParameters(parameters: Parameters): [string, Parameter][] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length === 0) {
    throw new TypeError(
      "Cannot make a posterior without parameters: give `parameters`, as in { mu: real() }",
    );
  }
  for (const [name, parameter] of entries) {
    if (typeof parameter?.constrain !== "function") {
      throw new TypeError(
        `Cannot make a posterior: the parameter ${name} is no parameter; use real(), positive(), ` +
          "interval(), angle(), simplex() or ordered()",
      );
    }
  }
  return entries;
}

/** A log density of the parameters as one of the unconstrained coordinates. */
function withJacobian(
  logDensity: Tensor,
  parts: readonly { readonly logDeterminant: Tensor }[],
): Tensor {
  return parts.reduce((sum, { logDeterminant }) => sum.add(logDeterminant), logDensity);
}

/**
 * The posterior of named parameters given data. Parameters with a limited range are sampled in
 * unconstrained coordinates; the Jacobian of the change of variables is taken care of, so that priors
 * are written for the parameters themselves.
 *
 * @param options Parameters, data and log density.
 * @returns The target; its draws have the parameters' names, shapes and ranges.
 * @throws {TypeError} If options or shapes do not fit: with the operation, the shapes and the line.
 * @throws {RangeError} If data are empty.
 *
 * @example Eight schools (Rubin 1981), non-centred
 * ```ts
 * import { posterior, positive, real } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const schools = posterior({
 *   parameters: { mu: real(), tau: positive(), effect: real(8) },
 *   data: { y: [28, 8, -3, 7, -1, 1, 18, 12], sigma: [15, 10, 16, 11, 9, 11, 10, 18] },
 *   derived: ({ mu, tau, effect }) => ({ theta: mu.add(tau.mul(effect)) }),
 *   logPrior: ({ mu, tau, effect }) =>
 *     mu.div(5).square().mul(-0.5)
 *       .sub(tau.div(5).square().log1p())
 *       .sub(effect.square().sum().mul(0.5)),
 *   logLikelihood: ({ mu, tau, effect }, { y, sigma }) =>
 *     y.sub(mu.add(tau.mul(effect))).div(sigma).square().sum().mul(-0.5),
 * });
 * assert.equal(schools.dimension, 10);
 * assert.equal(schools.constrain(new Float64Array(10)).tau, 1);
 * ```
 */
export function posterior<
  P extends Parameters,
  D extends Data = Readonly<Record<never, TensorLike>>,
  R extends Derived = Readonly<Record<never, Tensor>>,
>(options: PosteriorOptions<P, D, R>): Target<Tensors<P> & R, Tensors<P>> {
  checkOptions(options);
  const entries = checkParameters(options.parameters);
  const data = Object.fromEntries(
    Object.entries(options.data ?? {}).map(([name, value]) => [name, dataTensor(name, value)]),
  ) as unknown as Tensors<D>;
  const constrain = (position: Tensor) => {
    let from = 0;
    return entries.map(([, parameter]) => {
      const free = position.slice(from, from + parameter.free);
      from += parameter.free;
      return parameter.constrain(free);
    });
  };
  const valuesOf = (parts: readonly { readonly value: Tensor }[]): Tensors<P> =>
    Object.fromEntries(entries.map(([name], i) => [name, parts[i].value])) as unknown as Tensors<P>;
  return makeTarget<Tensors<P> & R, Tensors<P>>({
    names: entries.flatMap(([name, { shape, free }]) => {
      const names = elementNames(name, shape);
      return names.length === free ? names : elementNames(`${name}.free`, [free]);
    }),
    periodic: entries.flatMap(([, { free, periodic = false }]) =>
      new Array<boolean>(free).fill(periodic)
    ),
    angles: Object.fromEntries(
      entries.filter(([, { periodic }]) => periodic === true)
        .map(([name, { free }]) => [name, new Array<boolean>(free).fill(true)]),
    ),
    logDensity: (position) => {
      const parts = constrain(position);
      const values = valuesOf(parts);
      const terms = "logDensity" in options
        ? [expectScalar(options.logDensity(values, data), "`logDensity`")]
        : [
          expectScalar(options.logPrior(values, data), "`logPrior`"),
          expectScalar(options.logLikelihood(values, data), "`logLikelihood`"),
        ];
      return withJacobian(terms.reduce((sum, term) => sum.add(term)), parts);
    },
    ..."logPrior" in options && {
      factors: (position: Tensor) => {
        const parts = constrain(position);
        const values = valuesOf(parts);
        return {
          prior: withJacobian(expectScalar(options.logPrior(values, data), "`logPrior`"), parts),
          likelihood: expectScalar(options.logLikelihood(values, data), "`logLikelihood`"),
        };
      },
    },
    constrain: (position) => {
      const values = valuesOf(constrain(position));
      const derived = options.derived === undefined
        ? {}
        : checkDerived(options.derived(values, data));
      const twice = Object.keys(derived).find((name) => Object.hasOwn(values, name));
      if (twice !== undefined) {
        throw new TypeError(`Cannot derive ${twice}: a parameter has that name`);
      }
      const tensors = Object.entries(derived).map(([name, value]) => [name, tensor(value)]);
      return { ...values, ...Object.fromEntries(tensors) };
    },
    unconstrain: (values: GivenValues<Tensors<P>>) =>
      unconstrained(entries, values as Readonly<Record<string, TensorLike>>),
  });
}

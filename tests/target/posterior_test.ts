import assert from "node:assert/strict";
import type { NamedDraws } from "../../src/adaptive/named_draws.ts";
import { interval, ordered, positive, real, simplex } from "../../src/target/parameter.ts";
import { posterior } from "../../src/target/posterior.ts";
import type { Target } from "../../src/target/target.ts";
import { arange } from "../../src/tensor/operations.ts";
import { type Tensor, tensor, type TensorLike } from "../../src/tensor/tensor.ts";
import { eightSchools } from "../../examples/eight_schools.ts";
import { normals } from "../diagnostics/series.ts";

const HALF_LOG_TWO_PI = 0.9189385332046728;

const every = posterior({
  parameters: {
    mu: real(),
    tau: positive(),
    effect: real([2, 2]),
    share: interval(-1, 3, 2),
    weights: simplex(3),
    cut: ordered(2),
  },
  derived: ({ mu, tau, effect }) => ({ theta: effect.mul(tau).add(mu), ratio: mu.div(tau) }),
  logDensity: ({ mu, tau, weights }) => mu.square().add(tau).mul(-0.5).add(weights.log().sum()),
});

Deno.test("coordinates have names, those of a simplex have names of their own", () => {
  assert.equal(every.dimension, 12);
  assert.deepEqual(every.names, [
    ...["mu", "tau"],
    ...["effect[0,0]", "effect[0,1]", "effect[1,0]", "effect[1,1]"],
    ...["share[0]", "share[1]", "weights.free[0]", "weights.free[1]", "cut[0]", "cut[1]"],
  ]);
});

Deno.test("draws hold the parameters in their order, then what is derived", () => {
  assert.deepEqual(every.parameters, [
    { name: "mu", shape: [] },
    { name: "tau", shape: [] },
    { name: "effect", shape: [2, 2] },
    { name: "share", shape: [2] },
    { name: "weights", shape: [3] },
    { name: "cut", shape: [2] },
    { name: "theta", shape: [2, 2] },
    { name: "ratio", shape: [] },
  ]);
});

Deno.test("unconstrain() undoes constrain(), whatever the order of the names", () => {
  for (let i = 0; i < 10; i++) {
    const position = normals([3, i], every.dimension);
    const { theta, ratio, ...values } = every.constrain(position);
    const back = every.unconstrain(
      Object.fromEntries(Object.entries(values).reverse()) as typeof values,
    );
    back.forEach((u, k) => assert.ok(Math.abs(u - position[k]) < 1e-9, every.names[k]));
    const [mu, tau] = [values.mu as number, values.tau as number];
    assert.equal(ratio, mu / tau);
    const effect = values.effect as number[][];
    assert.deepEqual(theta, effect.map((row) => row.map((each) => each * tau + mu)));
  }
});

Deno.test("the density of the coordinates is that of the values with the Jacobian", () => {
  // y ~ N(mu, tau²), flat priors, by hand: ln |d tau / d u| = u, ln |d p / d v| = ln p(1 − p).
  const target = posterior({
    parameters: { mu: real(), tau: positive(), p: interval(0, 1) },
    data: { y: [1, 2, 4] },
    logDensity: ({ mu, tau, p }, { y }) =>
      y.sub(mu).div(tau).square().mul(-0.5).sub(tau.log()).sum().add(p.log().mul(2)),
  });
  for (const [mu, u, v] of [[0, 0, 0], [1, -1, 2], [-2, 0.5, -3]]) {
    const [tau, p] = [Math.exp(u), 1 / (1 + Math.exp(-v))];
    const likelihood = [1, 2, 4].reduce((sum, y) => sum - ((y - mu) / tau) ** 2 / 2 - u, 0);
    const expected = likelihood + 2 * Math.log(p) + u + Math.log(p * (1 - p));
    assert.ok(
      Math.abs(target.logDensity([mu, u, v]) - expected) < 1e-12 * (1 + Math.abs(expected)),
    );
  }
});

Deno.test("a change of variables keeps probabilities: the density integrates to 1", () => {
  // Exponential, uniform and Beta(2, 3): each on unconstrained space.
  const targets = [
    posterior({ parameters: { p: positive() }, logDensity: ({ p }) => p.neg() }),
    posterior({ parameters: { p: interval(2, 5) }, logDensity: () => tensor(-Math.log(3)) }),
    posterior({
      parameters: { w: simplex(2) },
      logDensity: ({ w }) => w.at(0).log().add(w.at(1).log().mul(2)).add(Math.log(12)),
    }),
  ];
  for (const target of targets) {
    let integral = 0;
    for (let u = -60; u < 60; u += 0.01) integral += 0.01 * Math.exp(target.logDensity([u]));
    assert.ok(Math.abs(integral - 1) < 1e-8, `${integral}`);
  }
});

Deno.test("logPrior and logLikelihood add up to logDensity", () => {
  const parameters = { mu: real(), tau: positive() };
  const data = { y: [1, 2, 4], sigma: 0.5 };
  const logPrior = ({ mu, tau }: { mu: Tensor; tau: Tensor }): Tensor => mu.square().add(tau).neg();
  const logLikelihood = (
    { mu, tau }: { mu: Tensor; tau: Tensor },
    { y, sigma }: { y: Tensor; sigma: Tensor },
  ): Tensor => y.sub(mu).div(tau.add(sigma)).square().sum().mul(-0.5);
  const apart = posterior({ parameters, data, logPrior, logLikelihood });
  const whole = posterior({
    parameters,
    data,
    logDensity: (p, d) => logPrior(p).add(logLikelihood(p, d)),
  });
  for (let i = 0; i < 10; i++) {
    const position = normals([4, i], 2);
    assert.equal(apart.logDensity(position), whole.logDensity(position));
    assert.deepEqual(apart.gradient(position), whole.gradient(position));
  }
});

Deno.test("data may be numbers, nested arrays, typed arrays and tensors, and broadcast", () => {
  const target = posterior({
    parameters: { beta: real(2) },
    data: {
      design: [[1, 2], [3, 4], [5, 6]],
      y: Float64Array.of(1, 0, 2),
      sigma: 2,
      index: arange(3),
    },
    logDensity: ({ beta }, { design, y, sigma, index }) => {
      assert.deepEqual([design.shape, y.shape, sigma.shape, index.shape], [[3, 2], [3], [], [3]]);
      return y.sub(design.dot(beta)).div(sigma).square().add(index).sum().mul(-0.5);
    },
  });
  const residuals = [1 - 5, 0 - 11, 2 - 17].map((r) => (r / 2) ** 2);
  const sum = residuals.reduce((a, b) => a + b) + 0 + 1 + 2;
  assert.equal(target.logDensity([1, 2]), -0.5 * sum);
});

Deno.test("data are taken as they were when the posterior was made", () => {
  const y = [1, 2];
  const target = posterior({
    parameters: { mu: real() },
    data: { y },
    logDensity: ({ mu }, { y }) => y.sub(mu).square().sum().neg(),
  });
  const before = target.logDensity([0]);
  y.fill(100);
  assert.equal(target.logDensity([0]), before);
});

Deno.test("names that objects have by themselves are names like others", () => {
  const target = posterior({
    parameters: { constructor: real() },
    derived: () => ({ toString: tensor(1) }),
    logDensity: ({ constructor }) => constructor.square().neg(),
  });
  assert.deepEqual(target.names, ["constructor"]);
  assert.deepEqual({ ...target.constrain([2]) }, { constructor: 2, toString: 1 });
  const odd = posterior({ parameters: { toString: real() }, logDensity: () => tensor(0) });
  assert.throws(
    () => odd.unconstrain({} as { toString: number }),
    /no value for toString is given/,
  );
});

Deno.test("eight schools has the density of its model with all constants", () => {
  const [y, sigma] = [[28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]];
  const position = normals([5, 1], 10);
  const [mu, u, ...effect] = position;
  const tau = Math.exp(u);
  const normal = (x: number, mean: number, sd: number): number =>
    -(((x - mean) / sd) ** 2) / 2 - Math.log(sd) - HALF_LOG_TWO_PI;
  let expected = normal(mu, 0, 5) + Math.log(2 / (Math.PI * 5 * (1 + (tau / 5) ** 2))) + u;
  effect.forEach((each, i) =>
    expected += normal(each, 0, 1) + normal(y[i], mu + tau * each, sigma[i])
  );
  assert.ok(Math.abs(eightSchools.logDensity(position) - expected) < 1e-10);
  const { theta } = eightSchools.constrain(position);
  effect.forEach((each, i) =>
    assert.ok(Math.abs((theta as number[])[i] - (mu + tau * each)) < 1e-12)
  );
});

/** What a user who does not check types may write. */
type Anything = Parameters<typeof posterior>[0];

const mu = { mu: real() };
const zero = (): Tensor => tensor(0);

const refused: readonly (readonly [what: string, options: unknown, message: RegExp])[] = [
  [
    "an unknown option",
    { parameters: mu, logdensity: zero },
    /^TypeError: Cannot make a posterior with the unknown option `logdensity`: the options are para/,
  ],
  [
    "no density",
    { parameters: mu },
    /give either `logDensity`, or `logPrior` and `logLikelihood`$/,
  ],
  ["a prior alone", { parameters: mu, logPrior: zero }, /give either `logDensity`, or/],
  [
    "a density and a prior",
    { parameters: mu, logDensity: zero, logPrior: zero },
    /give either `logDensity`, or/,
  ],
  [
    "a density that is no function",
    { parameters: mu, logDensity: 3 },
    /^TypeError: Cannot make a posterior: `logDensity` must be a function, not 3$/,
  ],
  ["a density that is undefined", { parameters: mu, logDensity: undefined }, /not undefined$/],
  [
    "no parameters",
    { logDensity: zero },
    /^TypeError: Cannot make a posterior without parameters: give `parameters`, as in \{ mu: real\(\) \}$/,
  ],
  ["empty parameters", { parameters: {}, logDensity: zero }, /without parameters/],
  [
    "a parameter that is a function",
    { parameters: { mu: real }, logDensity: zero },
    /the parameter mu is no parameter; use real\(\), positive\(\)/,
  ],
  [
    "a parameter that is null",
    { parameters: { mu: null }, logDensity: zero },
    /mu is no parameter/,
  ],
  [
    "data that are no numbers",
    { parameters: mu, data: { y: ["a"] }, logDensity: zero },
    /^TypeError: Cannot use the data y: .*"a"/,
  ],
  [
    "data with rows of unequal lengths",
    { parameters: mu, data: { y: [[1, 2], [3]] }, logDensity: zero },
    /^TypeError: Cannot use the data y: .*unequal lengths/,
  ],
  ...[undefined, null, 3, [mu]].map((given) =>
    [
      `options that are ${JSON.stringify(given)}`,
      given,
      /^TypeError: Cannot make a posterior with the options .*: give an object with some of parameters, data, /,
    ] as const
  ),
  [
    "data of no elements",
    { parameters: mu, data: { y: [] }, logDensity: zero },
    /^RangeError: Cannot use the data y: there are none, its shape is \[0\]; to sample the prior, leave/,
  ],
  [
    "data of rows without elements",
    { parameters: mu, data: { x: [1], y: [[], []] }, logDensity: zero },
    /^RangeError: Cannot use the data y: there are none, its shape is \[2, 0\]/,
  ],
  [
    "big integers as data",
    { parameters: mu, data: { y: BigInt64Array.of(1n) }, logDensity: zero },
    /^TypeError: Cannot use the data y: Cannot make a tensor of a BigInt64Array: expected numbers/,
  ],
  [
    "a density that is a condition",
    { parameters: mu, logDensity: ({ mu }: { mu: Tensor }) => mu.less(0) },
    /^TypeError: Cannot use `logDensity`: it gave back a truth value instead of a number/,
  ],
  [
    "a density that is no scalar",
    { parameters: { b: real(3) }, logDensity: ({ b }: { b: Tensor }) => b },
    /^TypeError: Cannot use `logDensity`: it gave back a tensor of shape \[3\]/,
  ],
  [
    "a prior that is no scalar",
    { parameters: { b: real(3) }, logPrior: ({ b }: { b: Tensor }) => b, logLikelihood: zero },
    /^TypeError: Cannot use `logPrior`: /,
  ],
  [
    "a likelihood without a return",
    { parameters: mu, logPrior: zero, logLikelihood: () => {} },
    /^TypeError: Cannot use `logLikelihood`: it gave back undefined \(is a `return` missing\?\)/,
  ],
  [
    "an async density",
    { parameters: mu, logDensity: () => Promise.resolve(tensor(0)) },
    /a promise \(a log density cannot be async\)/,
  ],
  [
    "a derived quantity with the name of a parameter",
    { parameters: mu, logDensity: zero, derived: () => ({ mu: tensor(1) }) },
    /^TypeError: Cannot derive mu: a parameter has that name$/,
  ],
  [
    "a derived quantity without a name",
    { parameters: mu, logDensity: zero, derived: ({ mu }: { mu: Tensor }) => mu.square() },
    /^TypeError: Cannot use `derived`: it must give back an object of tensors by name$/,
  ],
  [
    "a derived without a return",
    { parameters: mu, logDensity: zero, derived: () => {} },
    /`derived`/,
  ],
  [
    "an async derived",
    { parameters: mu, logDensity: zero, derived: () => Promise.resolve({}) },
    /`derived`: it must give back/,
  ],
  [
    "parameters that do not fit the data, with the line",
    {
      parameters: { b: real(3) },
      data: { y: [1, 2] },
      logDensity: ({ b }: { b: Tensor }, { y }: { y: Tensor }) => y.sub(b).sum(),
    },
    /sub.*\[2\].*\[3\].*posterior_test\.ts:\d+/s,
  ],
];

for (const [what, options, message] of refused) {
  Deno.test(`posterior() refuses ${what}`, () => {
    assert.throws(() => posterior(options as Anything), message);
  });
}

Deno.test("unconstrain() says which value is missing, unknown or of another shape", () => {
  const target = posterior({
    parameters: { mu: real(), b: real([2, 2]) },
    logDensity: ({ b }) => b.sum(),
  });
  const refuse = (values: object, message: RegExp): void =>
    assert.throws(() => target.unconstrain(values as { mu: number; b: number[][] }), message);
  refuse({ mu: 1 }, /^TypeError: Cannot unconstrain: no value for b is given$/);
  refuse({ mu: 1, b: [[1, 2], [3, 4]], nu: 1 }, /^TypeError: .* nu: the parameters are mu, b$/);
  refuse(
    { mu: [1], b: [[1, 2], [3, 4]] },
    /^TypeError: .* mu: it has the shape \[\], the value \[1\]$/,
  );
  refuse({ mu: 1, b: [1, 2, 3, 4] }, /b: it has the shape \[2, 2\], the value \[4\]$/);
});

Deno.test("names of parameters, data and derived quantities are known to the compiler", () => {
  type Drawn = { readonly mu: Tensor; readonly theta: Tensor };
  const target = posterior({
    parameters: { mu: real() },
    data: { y: [1, 2] },
    derived: ({ mu }) => ({ theta: mu.exp() }),
    logDensity: ({ mu }, { y }) => y.sub(mu).square().sum().neg(),
  });
  const typed: Target<Drawn, { readonly mu: Tensor }> = target;
  const check = (draws: NamedDraws<Drawn>) => {
    // @ts-expect-error: no draws are named so.
    draws.nu;
    // @ts-expect-error: a position does not come from derived quantities.
    typed.unconstrain({ mu: 1, theta: 2 });
    // @ts-expect-error: a value is missing.
    typed.unconstrain({});
    posterior({
      parameters: { mu: real() },
      // @ts-expect-error: no parameter is named so.
      logDensity: ({ nu }) => nu,
    });
    posterior({
      parameters: { mu: real() },
      data: { y: 1 },
      // @ts-expect-error: no data are named so.
      logDensity: (_, { z }) => z,
    });
    return [draws.mu, draws.theta, typed.constrain([0]).theta];
  };
  assert.equal(typeof check, "function");
});

Deno.test("data in typed arrays are data like others", () => {
  const of = (y: TensorLike): number =>
    posterior({
      parameters: { mu: real() },
      data: { y },
      logDensity: ({ mu }, { y }) => y.sub(mu).square().sum().mul(-0.5),
    }).logDensity([0.5]);
  const expected = of([1, 2, 250]);
  const all = [Float32Array, Float64Array, Int16Array, Uint8Array, Uint8ClampedArray, Uint32Array];
  for (const Each of all) assert.equal(of(Each.of(1, 2, 250)), expected, Each.name);
  assert.equal(of([Float32Array.of(1, 2), Float32Array.of(250, 0.5)]), expected);
});

Deno.test("a parameter of each group is taken by the groups in the data", () => {
  const [group, y] = [[0, 2, 2, 1, 0], [1, 2, 3, 4, 5]];
  const grouped = posterior({
    parameters: { alpha: real(3) },
    data: { group, y },
    logDensity: ({ alpha }, { group, y }) => y.sub(alpha.take(group)).square().sum().mul(-0.5),
  });
  const alpha = [0.5, -1, 2];
  const rests = y.map((value, i) => value - alpha[group[i]]);
  const value = rests.reduce((sum, rest) => sum - rest * rest / 2, 0);
  assert.equal(grouped.logDensity(alpha), value);
  const slopes = alpha.map((_, k) =>
    rests.reduce((sum, rest, i) => group[i] === k ? sum + rest : sum, 0)
  );
  assert.deepEqual([...grouped.gradient(alpha)], slopes);
  assert.throws(
    () =>
      posterior({
        parameters: { alpha: real(3) },
        data: { group: [0, 3] },
        logDensity: ({ alpha }, { group }) => alpha.take(group).sum(),
      }),
    /Cannot take index 3 of axis 0 of \[3\] \(at .*posterior_test/,
  );
});

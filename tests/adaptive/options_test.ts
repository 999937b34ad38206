import assert from "node:assert/strict";
import {
  constantRate,
  cosineRate,
  density,
  hmc,
  type Key,
  key,
  mixByQuality,
  planFor,
  plateauRate,
  positive,
  posterior,
  real,
  runAdaptive,
  sample,
  type SampleOptions,
  splineFlow,
  stopTraining,
  stopWhenConverged,
  type Target,
  tensor,
  trainInCycles,
  where,
} from "../../mod.ts";

const plane = density(2, (x) => x.square().sum().mul(-0.5));

/** What a user who does not check types may pass. */
type Anything = SampleOptions & Readonly<Record<string, unknown>>;

const refused: [what: string, options: unknown, message: RegExp][] = [
  ["zero chains", { chains: 0 }, /^Cannot sample 0 chains: `chains` must be a positive integer$/],
  ["fractional chains", { chains: 2.5 }, /^Cannot sample 2\.5 chains: .* positive integer$/],
  ["chains in words", { chains: "ten" }, /^Cannot sample "ten" chains: /],
  [
    "an initial of the wrong dimension",
    { initial: [[1, 2, 3], [4, 5, 6]] },
    /`initial` has the shape \[2, 3\], but must be chains × dimension, here \[chains, 2\]$/,
  ],
  ["an initial that is one position", { initial: [1, 2] }, /has the shape \[2\]/],
  ["an initial with rows of unequal lengths", { initial: [[1, 2], [3]] }, /equal length/],
  [
    "an initial for another number of chains",
    { chains: 3, initial: [[1, 2], [3, 4]] },
    /`chains` is 3, but `initial` holds 2 positions$/,
  ],
  ["an unknown option", { chain: 4 }, /unknown option `chain`: did you mean chains\?$/],
  ["an unknown option unlike any", { foo: 4 }, /unknown option `foo`: the options are chains, /],
  ["an unknown part of the schedule", { schedule: { warmup: [9] } }, /`schedule\.warmup`: did you/],
  ["an unknown part of stop", { stop: { rhat: 1.1 } }, /unknown option `stop\.rhat`: did you mean/],
  ["chains in quotes", { chains: "4" }, /^Cannot sample "4" chains: `chains` must be a positive/],
  [
    "windows that are a number",
    { schedule: { warmupWindows: 100 } },
    /^Cannot sample with `schedule\.warmupWindows` 100: give the steps of each window as an array, as \[50, 100\]$/,
  ],
  ["windows in quotes", { schedule: { warmupWindows: ["50"] } }, /warmupWindows` "50": expected a/],
  [
    "a schedule that is a number",
    { schedule: 3 },
    /`schedule` 3: give an object, as \{ localSteps/,
  ],
  ["a schedule of null", { schedule: null }, /`schedule` null: give an object/],
  ["draws in quotes", { stop: { maxDraws: "9" } }, /`stop\.maxDraws` "9": expected a positive/],
  [
    "an initial by name that is of one chain",
    { initial: { x: 1 } },
    /^Cannot start: `initial` must hold for each parameter the values of all chains, .*; x has the shape \[\]$/,
  ],
  [
    "an initial by name of different numbers of chains",
    { initial: { x: [[1, 2]], y: [1, 2] } },
    /the values of all chains, of equal number; y has the shape \[2\]$/,
  ],
  ["an initial of no names", { initial: {} }, /of equal number; there is no parameter$/],
  [
    "an initial by name of another shape",
    { initial: { x: [[1, 2], [3, 4], [5, 6]], y: [1, 2, 3] } },
    /^Cannot start chain 0 of `initial`: Cannot unconstrain y: the parameters are x$/,
  ],
  [
    "an initial by name that is no numbers",
    { initial: { x: "here" } },
    /^Cannot start: `initial` must hold for each parameter numbers; x is "here"$/,
  ],
  [
    "an initial that is neither",
    { initial: "here" },
    /`initial` must hold for each chain one position, .*, or the values of all parameters, as in \{ mu: 0 \}$/,
  ],
  [
    "an initial without a parameter",
    { initial: [{ x: [1, 2] }, {}] },
    /^Cannot start chain 1 of `initial`: Cannot unconstrain: no value for x is given$/,
  ],
  [
    "an initial of an unknown parameter",
    { initial: [{ y: [1, 2] }] },
    /^Cannot start chain 0 of `initial`: Cannot unconstrain y: the parameters are x$/,
  ],
  [
    "an initial of positions and parameters of other dimensions",
    { initial: [{ x: [1, 2] }, [1]] },
    /equal length/,
  ],
  ["a schedule without steps", { schedule: { localSteps: 0 } }, /`schedule\.localSteps` 0: /],
  ["a warm-up without windows", { schedule: { warmupWindows: [] } }, /warmupWindows\.length` 0/],
  [
    "a replay buffer of one position",
    { schedule: { replayCapacity: 1 } },
    /`schedule\.replayCapacity` 1: expected a whole number of at least 16/,
  ],
  [
    "a density to the power 0",
    { schedule: { hottest: 0 } },
    /schedule\.hottest` 0: expected a power/,
  ],
  [
    "a density to the power 2",
    { schedule: { hottest: 2 } },
    /schedule\.hottest` 2: expected a power/,
  ],
  ["a window of half a step", { schedule: { warmupWindows: [8.5] } }, /warmupWindows` 8\.5: /],
  ["a negative budget", { stop: { maxDraws: -1 } }, /`stop\.maxDraws` -1: expected a positive/],
  [
    "a thinning that keeps nothing",
    { schedule: { localSteps: 4 } },
    /thin` 5 above .*localSteps` 4/,
  ],
  [
    "a thinning that keeps nothing to train by",
    { schedule: { trainLocalSteps: 4, trainThin: 5 } },
    /trainThin` 5 above .*trainLocalSteps` 4: no local state would be kept$/,
  ],
  ["a kernel that was not called", { local: hmc }, /`local`: give a kernel, such as hmc\(\)/],
  ["a progress that is no function", { onProgress: true }, /`onProgress`: give a function$/],
  ["a signal that is none", { signal: new AbortController() }, /`signal`: give the `signal`/],
  ["a global move that is none", { global: 3 }, /`global`: give a function/],
  ["options that are a number", 1000, /the options 1000: give an object, as \{ chains: 50 \}/],
  ["a stop that is a number", { stop: 1000 }, /`stop` 1000: give an object/],
  ["an R-hat that cannot be reached", { stop: { rHat: 0.9 } }, /`stop.rHat` 0\.9: R-hat never/],
  ["bytes in place of a state", { resume: new Uint8Array(9) }, /Cannot resume from this: give the/],
  ["a precision that is none", { precision: "f16" }, /precision "f16": expected one of f64, f32/],
  ["no workers", { workers: 0 }, /`workers` 0: expected a whole number from 1/],
  ["a device that is none", { device: "tpu" }, /device `tpu`: expected auto, interpreter, wasm/],
  ["a flow that is none", { flow: "spline" }, /with this `flow`: give splineFlow\(\)/],
];

for (const [what, options, message] of refused) {
  Deno.test(`sample() refuses ${what}`, async () => {
    await assert.rejects(sample(plane, key(1), options as Anything), (error: Error) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("sample() refuses a target and a key that are none", async () => {
  const plain = ((x: number[]) => -x[0]) as unknown as Target;
  await assert.rejects(sample(plain, key(1)), /make one with density\(dimension, logDensity\)/);
  await assert.rejects(sample(plane, 42 as unknown as Key), /key 42: make one with key\(seed\)/);
});

Deno.test("sample() refuses the flow of a target of another dimension", async () => {
  const state = splineFlow().init(3, [1, 2]);
  const flow = { kind: splineFlow(), state } as unknown as NonNullable<SampleOptions["flow"]>;
  await assert.rejects(sample(plane, key(1), { flow }), /2 coordinates with a flow .* on 3$/);
});

Deno.test("sample() says which chains start where the density is not finite", async () => {
  const half = density(2, (x) => where(x.at(0).greater(0), x.square().sum().mul(-0.5), -Infinity));
  const initial = [[1, 1], [-1, 1], [2, 0], [-3, 0]];
  await assert.rejects(
    sample(half, key(1), { initial }),
    /^RangeError: Cannot start 2 of 4 chains: chain 1: the log density is -Infinity; chain 3: .*initial/,
  );
});

Deno.test("sample() says in which coordinate a gradient is NaN", async () => {
  // The branch that is not taken overflows, and 0 · ∞ is NaN.
  const broken = density(
    2,
    (x) => where(x.at(1).less(1000), 0, x.at(1).exp()).sub(x.at(0).square()),
  );
  await assert.rejects(
    sample(broken, key(1), { initial: [[0, 0], [0, 800]] }),
    /Cannot start 1 of 2 chains: chain 1: the gradient of the log density is NaN in coordinate 1 \(x\[1\]\)/,
  );
});

Deno.test("sample() says so when the density is finite nowhere near the start", async () => {
  const nowhere = density(2, (x) => where(x.at(0).greater(100), 0, -Infinity));
  await assert.rejects(
    sample(nowhere, key(1), { chains: 3 }),
    /Cannot start 3 of 3 chains: .*No start was found in 50 random positions/,
  );
});

Deno.test("sample() finds starts where a density is finite somewhere", async () => {
  const corner = density(2, (x) => where(x.min().greater(0), x.sum().neg(), -Infinity));
  const run = await sample(corner, key(1), {
    chains: 16,
    flow: "none",
    stop: { effectiveSampleSize: 100, maxDraws: 200 },
  });
  assert.ok(run.draws.x.data.every((x) => x > 0));
});

Deno.test("a log density that does not give a scalar is refused when the target is made", () => {
  assert.throws(
    () => density(2, (x) => x),
    /tensor of shape \[2\] instead of a scalar; .*\.sum\(\)/,
  );
  assert.throws(() => density(2, () => undefined as never), /gave back undefined \(is a `return`/);
});

Deno.test("sample() takes initial positions as a tensor or as nested arrays alike", async () => {
  const rows = [[0.5, 1], [1, 0], [-1, 2]];
  const options = { flow: "none", stop: { maxDraws: 20 } } as const;
  const [a, b] = await Promise.all([
    sample(plane, key(3), { ...options, initial: rows }),
    sample(plane, key(3), { ...options, initial: tensor(rows) }),
  ]);
  assert.deepEqual(a.draws.x, b.draws.x);
  assert.equal(a.draws.x.shape[0], 3);
});

Deno.test("sample() takes starts by the names of parameters, in their ranges", async () => {
  const target = posterior({
    parameters: { mu: real(2), tau: positive() },
    logDensity: ({ mu, tau }) => mu.square().sum().mul(-0.5).sub(tau),
  });
  const options = { flow: "none", stop: { maxDraws: 20 } } as const;
  const named = [{ mu: [1, 2], tau: 3 }, { mu: Float32Array.of(-1, 0), tau: 0.5 }];
  const byName = await sample(target, key(1), { ...options, initial: named });
  const rows = named.map((values) => target.unconstrain(values));
  const byPosition = await sample(target, key(1), { ...options, initial: rows });
  assert.deepEqual(byName.draws, byPosition.draws);
  await assert.rejects(
    sample(target, key(1), { ...options, initial: [named[0], { mu: [0, 0], tau: -1 }] }),
    /^RangeError: Cannot start chain 1 of `initial`: Cannot unconstrain tau = -1: expected positive/,
  );
});

Deno.test("runAdaptive() refuses a plan whose schedule makes no sense", () => {
  const plan = planFor(plane);
  const wrong = (schedule: object) => ({ ...plan, schedule: { ...plan.schedule, ...schedule } });
  for (
    const [schedule, message] of [
      [{ warmupWindows: 100 }, /^TypeError: .*`schedule\.warmupWindows` 100: give the steps/],
      [{ trainCycles: NaN }, /^RangeError: .*`schedule\.trainCycles` NaN: expected a whole number/],
      [{ thin: 50 }, /^RangeError: .*`schedule\.thin` 50 above `schedule\.localSteps` 10/],
    ] as const
  ) {
    assert.throws(() => runAdaptive(wrong(schedule)), message);
    assert.throws(() => runAdaptive.cycles(wrong(schedule)), message);
  }
});

Deno.test("parts of a plan refuse unknown options", () => {
  const refuse = (make: (options: never) => unknown, message: RegExp): void => {
    assert.throws(() => make({ much: 3 } as never), message);
    assert.throws(() => make(3 as never), / with the options 3: give an object with some of /);
  };
  refuse(
    stopWhenConverged,
    /^TypeError: Cannot stop a run with the unknown option `much`: .* rHat, /,
  );
  refuse(trainInCycles, /^TypeError: Cannot train with the unknown option `much`: .* updates, /);
  refuse(
    mixByQuality,
    /^TypeError: Cannot mix moves with the unknown option `much`: .* leastFraction/,
  );
  refuse(
    stopTraining,
    /^TypeError: Cannot stop training with the unknown option `much`: .* patience/,
  );
});

Deno.test("parts of a plan refuse numbers that make no sense", () => {
  const refused: [make: () => unknown, message: RegExp][] = [
    [
      () => mixByQuality({ leastFraction: NaN }),
      /^RangeError: Cannot mix moves with `leastFraction` NaN: expected/,
    ],
    [
      () => mixByQuality({ leastFraction: -1 }),
      /`leastFraction` -1: expected a number from 0 to 1$/,
    ],
    [
      () => stopTraining({ acceptance: 0 }),
      /^RangeError: Cannot stop training with `acceptance` 0:/,
    ],
    [() => stopTraining({ patience: 0 }), /`patience` 0: expected a number of at least 1$/],
    // A rate that halves without end.
    [() => plateauRate(1e-2, 0), /^RangeError: .* `patience` 0: expected a positive whole number$/],
    [() => plateauRate(NaN), /^RangeError: .* `rate` NaN: expected a number of at least 0$/],
    [() => constantRate(-1), /`rate` -1: expected a number of at least 0$/],
    [() => cosineRate(1, 0), /`updates` 0: expected a positive number$/],
  ];
  for (const [make, message] of refused) assert.throws(make, message);
});

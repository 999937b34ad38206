/** Flows that users write: what they compute, and what is refused. */
import assert from "node:assert/strict";
import { customFlow, type CustomFlowOptions } from "../../src/flows/custom_flow.ts";
import type { Flow } from "../../src/flows/flow.ts";
import type { ParameterTree } from "../../src/flows/parameter_tree.ts";
import { type Key, key, normal, uniform } from "../../src/tensor/random.ts";
import { normals } from "../diagnostics/series.ts";
import { cubic, customKinds, customState, sinhArcsinh, triangular } from "./custom_kinds.ts";
import { correlated, largestDifference, normalLogDensity, rowsOf, whitened } from "./reference.ts";

const ROWS = 301;

for (const flow of customKinds()) {
  for (const dimension of [1, 2, 5]) {
    const state = customState(flow, dimension);
    const base = normals([dimension, 4], ROWS * dimension).map((z, i) => i % 7 === 0 ? 4 * z : z);

    Deno.test(`inverse() undoes forward(), ${flow.name}, d=${dimension}`, async () => {
      const there = await flow.inverse(state, base);
      const back = await flow.forward(state, there.value);
      assert.ok(largestDifference(back.value, base) < 1e-9);
      assert.ok(largestDifference(back.logDeterminant, there.logDeterminant) < 1e-9);
    });

    Deno.test(`sample() and logDensity() agree, ${flow.name}, d=${dimension}`, async () => {
      const { position, logDensity } = await flow.sample(state, base);
      assert.deepEqual(position, (await flow.inverse(state, base)).value);
      assert.ok(largestDifference(await flow.logDensity(state, position), logDensity) < 1e-9);
      const { value, logDeterminant } = await flow.forward(state, position);
      const expected = rowsOf(value, dimension).map((z, i) =>
        normalLogDensity(z) + logDeterminant[i]
      );
      assert.ok(largestDifference(logDensity, expected) < 1e-9);
    });

    Deno.test(`scores() are the slopes of logDensity(), ${flow.name}, d=${dimension}`, async () => {
      const { position } = await flow.sample(state, base);
      const { score, logDensity } = await flow.scores(state, position);
      assert.deepEqual(logDensity, await flow.logDensity(state, position));
      for (let column = 0; column < dimension; column++) {
        const step = 1e-5 * state.cholesky[column * (dimension + 1)];
        const [up, down] = await Promise.all([1, -1].map((sign) =>
          flow.logDensity(
            state,
            position.map((x, i) => i % dimension === column ? x + sign * step : x),
          )
        ));
        const numerical = up.map((each, row) => (each - down[row]) / (2 * step));
        const own = numerical.map((_, row) => score[row * dimension + column]);
        const scale = 1 + Math.max(...numerical.map(Math.abs));
        assert.ok(largestDifference(own, numerical) < 1e-6 * scale);
      }
    });
  }
}

Deno.test("a flow that is the identity is the whitened normal distribution", async () => {
  for (const dimension of [1, 2, 5]) {
    const flow = customFlow(sinhArcsinh);
    const state = flow.whiten(
      flow.init(dimension, [1, 2]),
      correlated([dimension, 2], 500, dimension),
    );
    const points = correlated([dimension, 5], ROWS, dimension);
    const expected = rowsOf(points, dimension).map((point) => {
      const { white, logDeterminant } = whitened(state, point);
      return normalLogDensity(white) + logDeterminant;
    });
    assert.ok(largestDifference(await flow.logDensity(state, points), expected) < 1e-11);
  }
});

Deno.test("weights are the parameters by their sorted names, each row by row", async () => {
  const flow = customFlow(sinhArcsinh);
  const init = flow.init(2, [1, 2]);
  // skew[0], skew[1], tail[0], tail[1]
  const state = { ...init, weights: Float32Array.of(0.5, -0.25, 0.125, 1) };
  const { value, logDeterminant } = await flow.forward(state, Float64Array.of(0.7, -1.3));
  const inner = [
    Math.exp(0.125) * Math.asinh(0.7) - 0.5,
    Math.E * Math.asinh(-1.3) + 0.25,
  ];
  assert.ok(largestDifference(value, inner.map(Math.sinh)) < 1e-12);
  const determinant = 1.125 + Math.log(Math.cosh(inner[0]) * Math.cosh(inner[1])) -
    Math.log(Math.hypot(1, 0.7) * Math.hypot(1, 1.3));
  assert.ok(Math.abs(logDeterminant[0] - determinant) < 1e-12);
});

Deno.test("the order in which a record is written does not matter", () => {
  const flow = customFlow({
    ...sinhArcsinh,
    init: (d: number, key: Key) => ({ tail: uniform(key, [d]), skew: normal(key, [d]) }),
  });
  const turned = customFlow({
    ...sinhArcsinh,
    init: (d: number, key: Key) => ({ skew: normal(key, [d]), tail: uniform(key, [d]) }),
  });
  assert.deepEqual(flow.init(4, [1, 2]), turned.init(4, [1, 2]));
  assert.notDeepEqual(flow.init(4, [1, 2]).weights, flow.init(4, [1, 3]).weights);
});

Deno.test("a log-determinant of the inverse's own is taken as it is", async () => {
  const [flow, state] = [customFlow(triangular), customState(customFlow(triangular), 3)];
  const { inverse } = triangular;
  assert.ok(inverse !== undefined);
  const without = customFlow({
    ...triangular,
    inverse: (parameters, z) => ({ value: inverse(parameters, z).value }),
  });
  const base = normals([3, 4], 3 * ROWS);
  const [own, found] = [await flow.inverse(state, base), await without.inverse(state, base)];
  assert.deepEqual(own.value, found.value);
  assert.ok(largestDifference(own.logDeterminant, found.logDeterminant) < 1e-12);
});

Deno.test("no rows give no rows", async () => {
  const flow = customFlow(cubic);
  const state = flow.init(3, [1, 2]);
  const none = new Float64Array(0);
  assert.deepEqual(await flow.sample(state, none), { position: none, logDensity: none });
  assert.deepEqual(await flow.forward(state, none), { value: none, logDeterminant: none });
  assert.deepEqual(await flow.scores(state, none), { score: none, logDensity: none });
});

Deno.test("the interpreter and any number of workers give the same bits", async () => {
  const given = [
    { device: "interpreter" },
    { workers: 1 },
    { workers: 2 },
    { workers: 3 },
  ] as const;
  for (const kind of [0, 1, 2]) {
    const found = await Promise.all(given.map(async (where, i) => {
      const flow: Flow = customKinds(where)[kind];
      const state = customState(flow, 3);
      const points = correlated([3, 5], ROWS, 3);
      const rows = Uint32Array.from({ length: 40 }, (_, row) => 3 * row);
      const { state: after, losses } = await flow.updates(state, points, [
        { rows, learningRate: 0.01 },
        { rows: rows.map((row) => row + 1), learningRate: 0.01, weightDecay: 0.1 },
      ]);
      // Enough for workers to be started, at least for those that run compiled.
      const many = i === 0 ? points : correlated([3, 6], 40_000, 3);
      const density = await flow.logDensity(after, many);
      return [after, losses, await flow.sample(after, points), density];
    }));
    assert.deepEqual(found[0].slice(0, 3), found[1].slice(0, 3));
    assert.deepEqual(found[2], found[1]);
    assert.deepEqual(found[3], found[1]);
  }
});

Deno.test("without an inverse a flow is trained and evaluated, but not drawn from", async () => {
  const { inverse: _, ...rest } = sinhArcsinh;
  const flow = customFlow(rest);
  const state = flow.init(2, [1, 2]);
  const points = correlated([2, 5], 50, 2);
  assert.deepEqual(
    await flow.logDensity(state, points),
    await customFlow(sinhArcsinh).logDensity(state, points),
  );
  assert.equal((await flow.update(state, points, { learningRate: 0.1 })).state.updates, 1);
  const refusal = /^TypeError: Cannot draw from the flow sinh-arcsinh: it has no `inverse`\. Give/;
  await assert.rejects(flow.sample(state, points), refusal);
  await assert.rejects(flow.inverse(state, points), refusal);
  assert.throws(() => flow.check?.(2), refusal);
});

type Definition = CustomFlowOptions<ParameterTree>;
const plain: Definition = {
  name: "plain",
  init: () => ({ a: 1 }),
  forward: (_, x) => ({ value: x, logDeterminant: 0 }),
  inverse: (_, z) => ({ value: z }),
};

const definitions: readonly (readonly [object, RegExp])[] = [
  [
    { name: "" },
    /^TypeError: Cannot make a flow with `name` "": give it a name, as "sinh-arcsinh"$/,
  ],
  [{ name: 3 }, /`name` 3/],
  [{ init: { a: 1 } }, /Cannot make the flow plain with `init` an object: give a function$/],
  [{ forward: undefined }, /with `forward` undefined: give a function$/],
  [{ inverse: 3 }, /with `inverse` 3: give a function$/],
  [{ options: 3 }, /with `options` 3: give a record, as \{ layers: 3 \}$/],
  [{ inverze: 3 }, /unknown option `inverze`: the options are name, init, forward, inverse/],
  [{ device: "gpu" }, /^RangeError: Cannot choose the device "gpu"/],
  [{ workers: 0 }, /^RangeError: Cannot run with `workers` 0/],
];

for (const [change, message] of definitions) {
  Deno.test(`customFlow() refuses ${Object.keys(change)} ${Object.values(change)}`, () => {
    assert.throws(() => customFlow({ ...plain, ...change } as Definition), message);
  });
}

const parameters: readonly (readonly [unknown, RegExp])[] = [
  [
    { a: "1" },
    /^TypeError: Cannot use the parameter `a` of the flow plain: it is "1"; give numbers/,
  ],
  [
    { a: { b: [1, undefined] } },
    /the parameter `a\.b\.1` of the flow plain: it is undefined; give/,
  ],
  [{ a: true }, /the parameter `a` of the flow plain: it is true; give numbers/],
  [
    { a: NaN },
    /^RangeError: .* parameter `a` of the flow plain: it holds NaN; give finite numbers/,
  ],
  [{ a: [1, 1e39] }, /it holds 1e\+39; give finite numbers, which fit into single precision$/],
  [undefined, /the parameter tree of the flow plain: it is undefined/],
  [{ a: new Map() }, /it is an object; give/],
  [{ a: uniform(key(1)).less(1) }, /^TypeError: .*it is a tensor of bool; give numbers$/],
];

for (const [given, message] of parameters) {
  Deno.test(`init() refuses parameters that are no numbers: ${message.source}`, () => {
    const flow = customFlow({ ...plain, init: () => given as ParameterTree });
    assert.throws(() => flow.init(2, [1, 2]), message);
  });
}

const results: readonly (readonly [object, RegExp])[] = [
  [
    { forward: () => undefined },
    /^TypeError: Cannot use the flow plain: its `forward` gives back undefined instead of \{ value, l/,
  ],
  [{ forward: (_: unknown, x: unknown) => x }, /its `forward` gives back a tensor instead of/],
  [
    { forward: (_: unknown, x: unknown) => ({ value: x }) },
    /its `forward` gives undefined as `logDeterminant`; it must give back \{ value, logDeterminant \}$/,
  ],
  [
    { forward: (_: unknown, x: unknown) => ({ value: x, logDeterminant: x }) },
    /gives a `logDeterminant` of shape \[2\]: expected a scalar; add up its terms with \.sum\(\)$/,
  ],
  [
    { forward: () => ({ value: [1, 2, 3], logDeterminant: 0 }) },
    /its `forward` turns a point of shape \[2\] into a `value` of shape \[3\]: expected as many coor/,
  ],
  [
    { forward: () => ({ value: true, logDeterminant: 0 }) },
    /its `forward` gives a `value` of bool: expected numbers$/,
  ],
  [
    { inverse: () => ({ value: 1 }) },
    /its `inverse` turns a point of shape \[2\] into a `value` of/,
  ],
];

for (const [change, message] of results) {
  Deno.test(`check() refuses functions that give what they must not: ${message.source}`, () => {
    const flow = customFlow({ ...plain, ...change } as Definition);
    assert.throws(() => flow.check?.(2), message);
  });
}

Deno.test("states and points of another shape are refused", async () => {
  const flow = customFlow(cubic);
  const state = flow.init(2, [1, 2]);
  await assert.rejects(
    flow.logDensity({ ...state, weights: new Float32Array(5) }, new Float64Array(2)),
    /^TypeError: Cannot use a state of 5 weights: the flow cubic has 4; use the definition/,
  );
  await assert.rejects(
    flow.logDensity(state, new Float64Array(3)),
    /^TypeError: Cannot send 3 numbers through a flow: expected 2 for each point$/,
  );
  assert.throws(() => flow.init(0, [1, 2]), /^RangeError: .*`dimension` 0/);
  assert.throws(() => flow.init(2, [1, 2], [false, true]), /^RangeError: .*periodic coordinates/);
  assert.throws(() => flow.check?.(2, [false, true]), /^RangeError: .*periodic coordinates/);
  assert.equal(flow.check?.(2, [false, false]), undefined);
  const restless = customFlow({
    ...plain,
    init: (_, key) => ({ a: key.data[0] === 0 ? 1 : [1, 2] }),
  });
  assert.throws(
    () => restless.init(2, [1, 2]),
    /^TypeError: .*`init` gives the parameters a\[2\], and with another key a\[\]; their form/,
  );
});

import assert from "node:assert/strict";
import { checkFlow } from "../../src/flows/check_flow.ts";
import { customFlow, type CustomFlowOptions } from "../../src/flows/custom_flow.ts";
import type { Flow, FlowState } from "../../src/flows/flow.ts";
import { key } from "../../src/tensor/random.ts";
import { concat } from "../../src/tensor/operations.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { cubic, customKinds, customState, sinhArcsinh } from "./custom_kinds.ts";
import { KINDS, stateOf } from "./kinds.ts";

for (const dimension of [1, 2, 5]) {
  for (const flow of customKinds()) {
    Deno.test(`checkFlow() finds nothing wrong with ${flow.name}, d=${dimension}`, async () => {
      const check = await checkFlow(flow, customState(flow, dimension), key(dimension));
      assert.deepEqual(check.faults, []);
      assert.ok(check.roundTrip < 1e-12 && check.density < 1e-12, JSON.stringify(check));
      assert.ok(check.logDeterminant > 0 && check.logDeterminant < 1e-7, JSON.stringify(check));
    });
  }
  for (const kind of KINDS) {
    Deno.test(`checkFlow() finds nothing wrong with ${kind.name}, d=${dimension}`, async () => {
      const check = await checkFlow(kind.flow, stateOf(kind, dimension), key(dimension));
      assert.deepEqual(check.faults, [], JSON.stringify(check));
    });
  }
}

type Definition = CustomFlowOptions<{ skew: Tensor; tail: Tensor }>;
const { forward, inverse } = sinhArcsinh;
assert.ok(inverse !== undefined);

const mutants: Readonly<Record<string, readonly [Partial<Definition>, readonly RegExp[]]>> = {
  "a wrong sign of the log-determinant": [
    {
      forward: (parameters, x) => {
        const { value, logDeterminant } = forward(parameters, x);
        return { value, logDeterminant: tensor(logDeterminant).neg() };
      },
    },
    [/^the log-determinant is not that of the map: it is up to .* away from that of the Jacobian/],
  ],
  "a log-determinant that lacks a term": [
    {
      forward: (parameters, x) => {
        const { value, logDeterminant } = forward(parameters, x);
        return { value, logDeterminant: tensor(logDeterminant).sub(parameters.tail.sum()) };
      },
    },
    [/^the log-determinant is not/],
  ],
  "an inverse with the wrong sign of a parameter": [
    {
      inverse: ({ skew, tail }, z) => inverse({ skew: skew.neg(), tail }, z),
    },
    [
      /^`inverse` does not undo `forward`: points come back up to .* standard deviations away$/,
      /^the log density of draws is up to .* away from that found at them$/,
    ],
  ],
  "an inverse with a wrong log-determinant": [
    { inverse: (parameters, z) => ({ ...inverse(parameters, z), logDeterminant: 0.5 }) },
    [
      /^the log-determinant is not/,
      /^the log density of draws is up to .* away from that found at/,
    ],
  ],
};

for (const [name, [change, faults]] of Object.entries(mutants)) {
  Deno.test(`checkFlow() finds ${name}`, async () => {
    const flow = customFlow({ ...sinhArcsinh, ...change });
    const check = await checkFlow(flow, customState(flow, 2), key(1));
    assert.equal(check.faults.length, faults.length, check.faults.join("\n"));
    faults.forEach((fault, i) => assert.match(check.faults[i], fault));
  });
}

Deno.test("checkFlow() finds a map that does not reach all of the base", async () => {
  const flow = customFlow({
    name: "tanh",
    init: () => ({ gain: 0.5 }),
    forward: ({ gain }, x) => ({
      value: x.mul(gain).tanh(),
      logDeterminant: gain.mul(x).tanh().square().neg().log1p().add(gain.log()).sum(),
    }),
    inverse: ({ gain }, z) => ({ value: z.add(1).div(z.neg().add(1)).log().mul(0.5).div(gain) }),
  });
  const { faults, roundTrip } = await checkFlow(flow, flow.init(2, [1, 2]), key(1));
  assert.equal(roundTrip, Infinity);
  assert.match(faults[0], /^`inverse` does not undo `forward`/);
});

Deno.test("checkFlow() finds nothing wrong with a flow that swaps coordinates", async () => {
  const flow = customFlow({
    name: "swap",
    init: () => ({}),
    forward: (_, x) => ({ value: concat([x.slice(1), x.slice(0, 1)]), logDeterminant: 0 }),
    inverse: (_, z) => {
      const [d] = z.shape;
      return { value: concat([z.slice(d - 1), z.slice(0, d - 1)]) };
    },
  });
  for (const dimension of [1, 2, 5]) {
    const { faults } = await checkFlow(flow, customState(flow, dimension), key(1));
    assert.deepEqual(faults, []);
  }
});

Deno.test("checkFlow() finds a whitening whose determinant was left out", async () => {
  const flow = customFlow(cubic);
  const state = customState(flow, 3);
  const without: Flow = {
    ...flow,
    forward: async (at: FlowState, position) => {
      const { value, logDeterminant } = await flow.forward(at, position);
      let whitening = 0;
      for (let i = 0; i < 3; i++) whitening -= Math.log(at.cholesky[4 * i]);
      return { value, logDeterminant: logDeterminant.map((each) => each - whitening) };
    },
  };
  const { faults } = await checkFlow(without, state, key(1));
  assert.equal(faults.length, 1);
  assert.match(faults[0], /^the log-determinant is not/);
});

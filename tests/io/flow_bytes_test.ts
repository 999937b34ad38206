import assert from "node:assert/strict";
import { dualMoon } from "../../examples/dual_moon.ts";
import {
  customFlow,
  type Flow,
  flowFromBytes,
  type FlowFromBytesOptions,
  flowToBytes,
  key,
  sample,
  splineFlow,
  stateFromBytes,
  stateToBytes,
} from "../../mod.ts";
import { affineFlow } from "../../src/flows/affine_flow.ts";
import { trainedFlow } from "../../src/adaptive/trained_flow.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { cubic, customState, sinhArcsinh, triangular } from "../flows/custom_kinds.ts";
import { KINDS, stateOf } from "../flows/kinds.ts";
import { correlated } from "../flows/reference.ts";

/** After an update, so that the optimiser remembers something. */
async function trainedOf(flow: Flow, dimension = 3, state = customState(flow, dimension)) {
  const after = await flow.update(state, correlated([1, 2], 60, dimension), { learningRate: 0.01 });
  assert.ok(after.state.firstMoment.some((each) => each !== 0));
  return trainedFlow(flow, after.state, wasmDevice);
}

for (const kind of KINDS) {
  Deno.test(`a flow read from its bytes is the flow, made anew: ${kind.name}`, async () => {
    const flow = await trainedOf(kind.flow, 3, stateOf(kind, 3));
    const bytes = flowToBytes(flow);
    const read = flowFromBytes(bytes);
    assert.deepEqual(read.state, flow.state);
    assert.deepEqual([read.kind.name, read.kind.options], [kind.flow.name, kind.flow.options]);
    assert.deepEqual(flowToBytes(read), bytes);
    const drawn = await flow.sample(key(1), 50);
    assert.deepEqual(await read.sample(key(1), 50), drawn);
    assert.deepEqual(
      await read.logDensity(drawn.position),
      await flow.logDensity(drawn.position),
    );
    // Adam goes on as it would have.
    const data = correlated([1, 3], 60, 3);
    assert.deepEqual(
      await read.kind.update(read.state, data, { learningRate: 0.01 }),
      await flow.kind.update(flow.state, data, { learningRate: 0.01 }),
    );
  });
}

for (const definition of [sinhArcsinh, cubic, triangular]) {
  Deno.test(`a user's flow is read with its kind: ${definition.name}`, async () => {
    const kind = customFlow(definition as typeof sinhArcsinh);
    const flow = await trainedOf(kind);
    const read = flowFromBytes(flowToBytes(flow), { kind, workers: 1 });
    assert.deepEqual(read.state, flow.state);
    assert.deepEqual(await read.sample(key(1), 50), await flow.sample(key(1), 50));
    assert.throws(
      () => flowFromBytes(flowToBytes(flow)),
      /^TypeError: Cannot read a trained flow of the kind ".*" without its functions, .* as `kind`$/,
    );
  });
}

Deno.test("a kind that is not that of the bytes is refused", async () => {
  const kind = customFlow({ ...sinhArcsinh, options: { layers: 2, wide: true } });
  const bytes = flowToBytes(await trainedOf(kind));
  assert.throws(
    () => flowFromBytes(bytes, { kind: splineFlow() }),
    /^TypeError: .* that is "spline", and the bytes are of "sinh-arcsinh"; give the definition that/,
  );
  assert.throws(
    () => flowFromBytes(bytes, { kind: customFlow({ ...sinhArcsinh, options: { layers: 3 } }) }),
    /that is "sinh-arcsinh" with \{ layers: 3 \}, and .* of one with \{ layers: 2, wide: true \};/,
  );
  const longer = customFlow({ ...triangular, name: "sinh-arcsinh", options: kind.options });
  assert.throws(
    () => flowFromBytes(bytes, { kind: longer }),
    /that is one of 37 weights, and the bytes are of one of 6;/,
  );
  // The order of options is not theirs.
  const same = customFlow({ ...sinhArcsinh, options: { wide: true, layers: 2 } });
  assert.equal(flowFromBytes(bytes, { kind: same }).kind, same);
});

Deno.test("bytes keep all options, defaults too", () => {
  const { options } = splineFlow({ bins: 7 });
  const names = ["bins", "components", "degrees", "hidden", "layers", "range"];
  assert.deepEqual(Object.keys(options).sort(), names);
  assert.ok(Object.values(options).every((value) => value !== undefined));
  assert.equal(options["bins"], 7);
  assert.deepEqual(splineFlow(options).options, options);
  assert.deepEqual(affineFlow(affineFlow().options).options, affineFlow().options);
});

Deno.test("bytes that are foreign, cut off or damaged anywhere are refused", async () => {
  const bytes = flowToBytes(await trainedOf(splineFlow({ layers: 2, hidden: [4], bins: 4 })));
  const refusal =
    /^SyntaxError: Cannot read a trained flow: .*; give the bytes that flowToBytes\(\) w/;
  assert.throws(() => flowFromBytes(new Uint8Array(0)), refusal);
  assert.throws(() => flowFromBytes(new TextEncoder().encode('{"weights":[1, 2]}')), refusal);
  assert.throws(() => flowFromBytes("TRIF" as unknown as Uint8Array), /a Uint8Array is needed/);
  for (const end of [1, 8, 100, bytes.length / 2, bytes.length - 1]) {
    assert.throws(() => flowFromBytes(bytes.subarray(0, end)), refusal);
  }
  for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 60)) {
    const damaged = bytes.slice();
    damaged[at] ^= 0x10;
    assert.throws(() => flowFromBytes(damaged), refusal, `byte ${at}`);
  }
  const newer = bytes.slice();
  newer[7] = 2;
  assert.throws(() => flowFromBytes(newer), /has the format 2, and this version reads 1/);
  const middle = new Uint8Array(bytes.length + 11);
  middle.set(bytes, 5);
  const read = flowFromBytes(middle.subarray(5, 5 + bytes.length));
  middle.fill(0);
  assert.deepEqual(read.state, flowFromBytes(bytes).state);
});

Deno.test("bytes of a run and of a flow are told apart", async () => {
  const { state, flow } = await sample(dualMoon, key(1), {
    chains: 8,
    schedule: { warmupWindows: [8], trainCycles: 1 },
    stop: { maxDraws: 12 },
  });
  assert.ok(flow !== undefined);
  assert.throws(
    () => flowFromBytes(stateToBytes(state)),
    /^SyntaxError: .*these bytes are the state of a run, which stateFromBytes\(\) reads; give/,
  );
  assert.throws(
    () => stateFromBytes(flowToBytes(flow)),
    /^SyntaxError: .*these bytes are a trained flow, which flowFromBytes\(\) reads; give/,
  );
  // A run with the flow that was read is the run with the flow itself.
  const options = { chains: 8, schedule: { warmupWindows: [8] }, stop: { maxDraws: 12 } };
  const [own, read] = await Promise.all(
    [flow, flowFromBytes(flowToBytes(flow))]
      .map((each) => sample(dualMoon, key(2), { ...options, flow: each })),
  );
  assert.deepEqual(read.draws, own.draws);
  assert.deepEqual(read.flow?.state, flow.state);
});

Deno.test("what is no trained flow, or no plain data, is not written", () => {
  assert.throws(
    () => flowToBytes(undefined as never),
    /^TypeError: Cannot write this as a trained flow: give the `flow` of a result/,
  );
  const write = (options: Readonly<Record<string, unknown>>): Uint8Array => {
    const kind = customFlow({ ...sinhArcsinh, options });
    return flowToBytes({ kind, state: customState(kind, 2) });
  };
  assert.throws(() => write({ act: () => 1 }), /Cannot write a trained flow that holds a function/);
  assert.throws(() => write({ when: new Date(0) }), /that holds a Date: plain data is needed$/);
  assert.throws(() => write({ list: new Int32Array(2) }), /that holds a Int32Array/);
  assert.throws(() => write({ $: 1 }), /that holds an entry of the name \$/);
});

Deno.test("unknown options are refused", async () => {
  const bytes = flowToBytes(await trainedOf(splineFlow({ layers: 2 })));
  assert.throws(
    () => flowFromBytes(bytes, { kinds: [] } as FlowFromBytesOptions),
    /^TypeError: .*unknown option `kinds`: the options are kind, device, workers$/,
  );
});

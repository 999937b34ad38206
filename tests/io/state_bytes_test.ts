import assert from "node:assert/strict";
import { dualMoon } from "../../examples/dual_moon.ts";
import { key, type RunState, sample, stateFromBytes, stateToBytes, tensor } from "../../mod.ts";

const { state } = await sample(dualMoon, key(1), {
  chains: 8,
  schedule: { warmupWindows: [8], trainCycles: 1 },
  stop: { maxDraws: 12 },
});

Deno.test("a state read from its bytes is the state", () => {
  assert.deepEqual(stateFromBytes(stateToBytes(state)), state);
});

Deno.test("bytes keep what JSON would lose: NaN, infinities, −0, undefined", () => {
  const odd = {
    ...state,
    convergence: {
      chains: 8,
      draws: -0,
      rHat: NaN,
      nestedRHat: NaN,
      bulk: Infinity,
      tail: -Infinity,
    },
    ended: undefined,
  };
  const read = stateFromBytes(stateToBytes(odd));
  assert.deepEqual(read, odd);
  assert.ok(Object.is(read.convergence?.draws, -0) && "ended" in read);
});

Deno.test("bytes in the middle of a larger buffer are read as well", () => {
  const bytes = stateToBytes(state);
  const larger = new Uint8Array(bytes.length + 11);
  larger.set(bytes, 5);
  assert.deepEqual(stateFromBytes(larger.subarray(5, 5 + bytes.length)), state);
});

Deno.test("the read state shares no memory with the bytes", () => {
  const bytes = stateToBytes(state);
  const read = stateFromBytes(bytes);
  bytes.fill(0);
  assert.deepEqual(read, state);
});

Deno.test("bytes that are foreign, cut off or damaged anywhere are refused", () => {
  const bytes = stateToBytes(state);
  const refusal = /^SyntaxError: Cannot read the state of a run: .*; give the bytes that/;
  assert.throws(() => stateFromBytes(new Uint8Array(0)), refusal);
  assert.throws(() => stateFromBytes(new TextEncoder().encode('{"phase":"done"}')), refusal);
  assert.throws(() => stateFromBytes(bytes.subarray(0, bytes.length - 1)), /damaged or cut off/);
  for (let at = 8; at < bytes.length; at += Math.ceil(bytes.length / 50)) {
    const damaged = bytes.slice();
    damaged[at] ^= 0x10;
    assert.throws(() => stateFromBytes(damaged), refusal, `byte ${at}`);
  }
  const newer = bytes.slice();
  newer[7] = 9;
  assert.throws(() => stateFromBytes(newer), /has the format 9, and this version reads 1/);
});

Deno.test("a state that holds a function is refused, and nothing is written", () => {
  const chains = { ...state.chains, extra: (() => 1) as unknown as typeof state.chains.position };
  assert.throws(() => stateToBytes({ ...state, chains } as RunState), /holds a function/);
});

Deno.test("tensors of every element type survive", () => {
  const chains = { ...state.chains, flag: tensor(true), word: key(3) };
  const read = stateFromBytes<typeof chains>(stateToBytes({ ...state, chains } as RunState));
  assert.deepEqual(read.chains, chains);
});

/** A flow that is told where to work passes it on, and is the same flow otherwise. */
import assert from "node:assert/strict";
import type { Flow } from "../../src/flows/flow.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { withWorkers } from "../../src/flows/with_workers.ts";
import { correlated } from "./reference.ts";

const METHODS = [
  "forward",
  "inverse",
  "sample",
  "logDensity",
  "scores",
  "update",
  "updates",
] as const;

Deno.test("withWorkers() tells each method where to work, and a call's own word counts more", async () => {
  const said: unknown[] = [];
  const spy = Object.fromEntries(
    METHODS.map((
      name,
    ) => [name, (...given: unknown[]) => Promise.resolve(said.push(given.at(-1)))]),
  ) as unknown as Flow;
  const { signal } = new AbortController();
  const shared = withWorkers({ ...splineFlow(), ...spy }, { workers: 3, signal });
  const state = shared.init(2, [0, 1]);
  const data = new Float64Array(4);
  await shared.forward(state, data);
  await shared.inverse(state, data);
  await shared.sample(state, data, { precision: "f32" });
  await shared.logDensity(state, data, { workers: 1 });
  await shared.scores(state, data);
  await shared.update(state, data, { learningRate: 1e-3 }, { workers: 2 });
  await shared.updates(state, data, []);
  const where = { workers: 3, signal };
  const expected = [where, where, { ...where, precision: "f32" }, { workers: 1, signal }, where, {
    workers: 2,
    signal,
  }, where];
  assert.deepEqual(said, expected);
});

Deno.test("withWorkers() takes flows whose methods are those of a class", async () => {
  const flow = splineFlow({ layers: 2 });
  const shared = withWorkers(Object.create(flow) as Flow, { workers: 2 });
  const data = correlated([1, 2], 50, 2);
  const state = shared.whiten(shared.init(2, [0, 1]), data);
  assert.equal(shared.name, flow.name);
  assert.equal(shared.normals(state), flow.normals(state));
  assert.deepEqual(await shared.scores(state, data), await flow.scores(state, data));
  const how = { learningRate: 1e-2 };
  assert.deepEqual(await shared.update(state, data, how), await flow.update(state, data, how));
});

Deno.test("an aborted signal ends the work of a flow before it begins", async () => {
  const shared = withWorkers(splineFlow({ layers: 2 }), { signal: AbortSignal.abort("enough") });
  const state = shared.init(2, [0, 1]);
  const data = correlated([1, 2], 50, 2);
  const rows = Uint32Array.of(0, 1);
  const enough = (reason: unknown): boolean => reason === "enough";
  await assert.rejects(shared.sample(state, data), enough);
  await assert.rejects(shared.updates(state, data, [{ rows, learningRate: 1e-3 }]), enough);
});

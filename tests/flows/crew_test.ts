/** Workers of the flow engine: how long they live, and that no call waits for ever. */
import assert from "node:assert/strict";
import { Crew, Deserted } from "../../src/flows/crew.ts";
import type { Answer, Order } from "../../src/flows/crew_script.ts";
import { describe, engineModule, withEngine } from "../../src/flows/engine.ts";
import { splineFlow } from "../../src/flows/spline_flow.ts";
import { withRecordedWorkers } from "../device/recorded_workers.ts";
import { correlated, DEFAULT_FORM, shapeOf } from "./reference.ts";

const state = splineFlow({ layers: 1, hidden: [4] }).init(2, [1, 2]);
const shape = shapeOf(state, { ...DEFAULT_FORM, hidden: [4] });
const module = await engineModule();
const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function order(rows = 4): Promise<Order> {
  const data = correlated([rows, 1], rows, 2);
  const written = await withEngine(shape, (engine) => engine.written(state, data));
  const work = { inverse: false, density: true, single: false };
  return { module, description: describe(shape), written, work };
}

async function answersOf(crew: Crew, orders: readonly Order[]): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  await crew.run(() => orders, (answer, number) => void (answers[number] = answer));
  return answers;
}

Deno.test("each answer comes with the number of its order, however many orders there are", async () => {
  const orders = await Promise.all([5, 1, 9, 3, 7].map(order));
  for (const size of [1, 2, 8]) {
    const answers = await answersOf(new Crew(size), orders);
    assert.deepEqual(
      answers.map((answer) => "log" in answer && answer.log.length),
      [5, 1, 9, 3, 7],
    );
  }
  assert.deepEqual(await answersOf(new Crew(2), []), []);
});

Deno.test("an order is made only when a worker is free for it", async () => {
  const one = await order();
  const [crew, most] = [new Crew(2), 12];
  let [made, taken] = [0, 0];
  function* orders(): Generator<Order> {
    for (; made < most;) {
      made++;
      assert(made - taken <= crew.size, `${made} made, ${taken} taken`);
      yield one;
    }
  }
  await crew.run(orders, () => void taken++);
  assert.deepEqual([made, taken], [most, most]);
});

Deno.test("workers end soon after the last call, unless they are held", async () => {
  const one = await order();
  await withRecordedWorkers(async ({ started }) => {
    const crew = new Crew(2);
    await answersOf(crew, [one]);
    assert(crew.ready);
    await wait(150);
    assert(!crew.ready);
    crew.miss(1000);
    assert.equal(started.length, 2);
    const hold = crew.hold();
    // A little work that they could have shared is not worth their start.
    crew.miss(10);
    assert.equal(started.length, 2);
    crew.miss(1000);
    assert.equal(started.length, 4);
    await answersOf(crew, [one]);
    await wait(150);
    assert(crew.ready);
    assert.equal(started.length, 4);
    hold.release();
    hold.release();
    await wait(150);
    assert(!crew.ready);
  });
});

Deno.test("a signal ends a call that waits for workers or behind another call", async () => {
  const one = await order();
  const crew = new Crew(1);
  const [first, second] = [new AbortController(), new AbortController()];
  const call = (signal: AbortSignal): Promise<void> => crew.run(() => [one], () => {}, { signal });
  const starting = call(first.signal);
  const queued = call(second.signal);
  second.abort(new Error("queued"));
  await assert.rejects(queued, /^Error: queued$/);
  first.abort(new Error("starting"));
  await assert.rejects(starting, /^Error: starting$/);
  // No worker has spoken yet: nothing waited for its start.
  assert(!crew.ready);
  await assert.rejects(call(first.signal), /^Error: starting$/);
  // The crew serves whoever comes after.
  assert.equal((await answersOf(crew, [one])).length, 1);
});

Deno.test("a worker that is silent or dies ends its call, and after three calls none is tried", async () => {
  const one = await order();
  await withRecordedWorkers(async ({ started }) => {
    const crew = new Crew(1, 30);
    for (let failure = 1; failure <= 3; failure++) {
      assert(crew.available);
      await assert.rejects(answersOf(crew, [one]), Deserted);
      assert.equal(started.length, failure);
    }
    assert(!crew.available);
    await assert.rejects(answersOf(crew, [one]), Deserted);
    assert.equal(started.length, 3);
  }, (worker) => {
    // It starts, and takes no order.
    worker.postMessage = () => {};
  });
});

Deno.test("a call that is done makes earlier failures forgotten", async () => {
  const one = await order();
  let mute = true;
  await withRecordedWorkers(async () => {
    const crew = new Crew(1, 200);
    for (const silent of [true, true, false, true, true]) {
      mute = silent;
      const call = answersOf(crew, [one]);
      if (silent) await assert.rejects(call, Deserted);
      else await call;
    }
    assert(crew.available);
  }, (worker) => {
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (order: unknown) => mute ? undefined : post(order, []);
  });
});

Deno.test("what cannot be sent leaves the work to the calling thread", async () => {
  const one = await order();
  const crew = new Crew(2);
  const stray = { ...one, description: (() => {}) as unknown as Order["description"] };
  await assert.rejects(answersOf(crew, [one, one, one, stray]), Deserted);
  assert(!crew.available);
});

Deno.test("a worker that does not start is done without, and waited for only once", async () => {
  const one = await order();
  await withRecordedWorkers(async ({ started }) => {
    const crew = new Crew(3, 20_000, 300);
    assert.equal((await answersOf(crew, [one, one, one])).length, 3);
    assert(crew.ready);
    const asked = performance.now();
    assert.equal((await answersOf(crew, [one, one, one])).length, 3);
    assert(performance.now() - asked < 250);
    assert.equal(started.length, 3);
  }, (worker, number) => number === 1 && worker.terminate());
});

Deno.test("where no worker starts, none is tried again", async () => {
  const one = await order();
  await withRecordedWorkers(async ({ started }) => {
    const crew = new Crew(2, 20_000, 50);
    await assert.rejects(answersOf(crew, [one]), Deserted);
    assert(!crew.available);
    await assert.rejects(answersOf(crew, [one]), Deserted);
    assert.equal(started.length, 2);
  }, (worker) => worker.terminate());
});

import assert from "node:assert/strict";
import { dualMoon } from "../../examples/dual_moon.ts";
import {
  key,
  normal,
  type Plan,
  planFor,
  runAdaptive,
  type RunState,
  sample,
  type SampleOptions,
  stateFromBytes,
  stateToBytes,
} from "../../mod.ts";
import { deadlineAt } from "../../src/adaptive/deadline.ts";
import { meterOf } from "../../src/adaptive/meter.ts";
import { resultOf } from "../../src/adaptive/result.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { type Durations, type FakeClock, fakeClock, slowDevice } from "./fake_clock.ts";

const SHORT: SampleOptions = {
  chains: 16,
  schedule: { settleWindows: [6], warmupWindows: [12, 12], trainCycles: 2 },
  stop: { maxDraws: 200, effectiveSampleSize: 1e9 },
  workers: 1,
};

/** The start of a run by a fake clock: the windows take 60, 120 and 120 ms, a cycle of training 432. */
const QUICK: Durations = { step: 10, point: 0.2 };

function plansFor(
  maxSeconds: number | undefined,
  durations: Durations = QUICK,
): { readonly plan: Plan<never>; readonly clock: FakeClock } {
  const clock = fakeClock();
  const stop = { ...SHORT.stop, ...maxSeconds === undefined ? {} : { maxSeconds } };
  const plan = planFor(dualMoon, { ...SHORT, stop });
  const chainDevice = slowDevice(wasmDevice, clock, durations);
  return { plan: { ...plan, chainDevice, clock } as unknown as Plan<never>, clock };
}

interface Run {
  readonly last: RunState;
  readonly states: readonly RunState[];
  /** From the first cycle to the result, in seconds. */
  readonly seconds: number;
}

const positions = normal(key(4), [16, 5]);

async function runFor(
  maxSeconds: number | undefined,
  durations?: Durations,
  from?: RunState,
): Promise<Run> {
  const { plan, clock } = plansFor(maxSeconds, durations);
  const first = from ?? await runAdaptive.start(plan)(positions);
  const started = clock.now();
  const states: RunState[] = [];
  const cycles = runAdaptive.cycles(plan)(first as RunState<never>, key(5), { started });
  for await (const state of cycles) states.push(state);
  const last = states.at(-1);
  assert.ok(last !== undefined);
  await resultOf(plan, last as RunState<never>, { key: key(6), seconds: () => 0 });
  assert.equal(clock.waiting(), 0);
  return { last, states, seconds: (clock.now() - started) / 1000 };
}

/** Up to where the first window, the second, training and production are under way. */
const TIMES = [0.05, 0.2, 0.3, 0.6, 0.9, 1.1, 1.3, 1.7, 2.2, 2.9, 3.1, 3.3];

/** The run without an end by the clock. */
const whole = await runFor(undefined);

Deno.test("maxSeconds holds for the whole run, whatever is under way", async () => {
  const cut = new Set<string>();
  for (const maxSeconds of TIMES) {
    const { last, seconds } = await runFor(maxSeconds);
    const share = seconds / maxSeconds;
    // 5 ms and 1 % are left for what cannot be foreseen, and what is no whole step of 10 ms.
    assert.ok(share <= 1 && seconds > 0.85 * maxSeconds - 0.015, `${maxSeconds}: ${share}`);
    assert.equal(last.ended, "budget");
    assert.ok(last.draws.length > 0 && last.convergence !== undefined);
    cut.add(last.interrupted?.phase ?? "nothing");
  }
  assert.ok(["warmup", "train", "production"].every((phase) => cut.has(phase)), [...cut].join());
});

Deno.test("a run that is out of time has the states of one that is not, up to there", async () => {
  for (const maxSeconds of TIMES) {
    const { states } = await runFor(maxSeconds);
    const complete = states.filter(({ interrupted, phase }) =>
      interrupted === undefined && phase !== "done"
    );
    complete.forEach((state, i) => {
      assert.deepEqual(stateToBytes(state), stateToBytes(whole.states[i]));
    });
  }
});

Deno.test("a run that was cut off goes on as if it had not been, and a cycle under way left no trace", async () => {
  for (const maxSeconds of [0.2, 0.9, 1.7, 2.9]) {
    const { last } = await runFor(maxSeconds);
    const { last: resumed } = await runFor(
      undefined,
      QUICK,
      stateFromBytes(stateToBytes(
        last.interrupted ?? { ...last, phase: "production", ended: undefined },
      )),
    );
    assert.deepEqual(stateToBytes(resumed), stateToBytes(whole.last));
  }
});

Deno.test("the last cycle of production is the first part of a whole one", async () => {
  let parts = 0;
  for (let maxSeconds = 2.1; maxSeconds < 3.6; maxSeconds += 0.07) {
    const { last } = await runFor(maxSeconds);
    if (last.interrupted?.phase !== "production") continue;
    const done = last.interrupted.draws.length;
    parts++;
    const part = last.draws[done].position;
    const all = whole.last.draws[done].position;
    assert.ok(part.shape[1] > 0 && part.shape[1] <= all.shape[1]);
    assert.deepEqual(part.toArray(), all.slice(0, part.shape[1], { axis: 1 }).toArray());
  }
  assert.ok(parts > 2, `${parts}`);
});

Deno.test("where not one step fits, a draw of each chain is where it is", async () => {
  const { last, seconds } = await runFor(1, { step: 3000, point: 0.2 });
  assert.ok(seconds <= 1.01, `${seconds}`);
  assert.deepEqual(last.draws[0].position.toArray(), positions.reshape([16, 1, 5]).toArray());
  assert.equal(last.interrupted?.phase, "warmup");
});

Deno.test("the time of a run counts from when it started", async () => {
  const { plan, clock } = plansFor(1);
  const first = await runAdaptive.start(plan)(positions);
  const started = clock.now() - 700;
  for await (const _ of runAdaptive.cycles(plan)(first as never, key(5), { started }));
  assert.ok(clock.now() - started <= 1000, `${clock.now() - started}`);
});

Deno.test("sample() counts its time from the call, to the return", async () => {
  const start = performance.now();
  const run = await sample(dualMoon, key(1), {
    stop: { maxSeconds: 1, effectiveSampleSize: 1e9, maxDraws: 1e6 },
  });
  const seconds = (performance.now() - start) / 1000;
  // 1 within 5 % where nothing else runs; this bound is for a machine with other work.
  assert.ok(seconds < 3, `${seconds}`);
  assert.ok(run.seconds <= seconds);
  assert.ok(run.draws.x.shape[1] > 0);
});

Deno.test("another error than that of the deadline, and the user's signal, end the run", async () => {
  const { plan } = plansFor(1);
  const first = await runAdaptive.start(plan)(positions);
  const adaptation = {
    ...plan.adaptation,
    afterStep: () => {
      throw new RangeError("broken");
    },
  };
  const broken = { ...plan, adaptation };
  await assert.rejects(runAdaptive(broken)(first as never, key(1)), /^RangeError: broken/);
  const controller = new AbortController();
  const stopped = { ...plan, signal: controller.signal };
  const cycles = runAdaptive.cycles(stopped)(first as never, key(1));
  await cycles.next();
  controller.abort(new Error("enough"));
  await assert.rejects(cycles.next(), /enough/);
});

Deno.test("a deadline cuts off when what comes after needs the time that is left", () => {
  const clock = fakeClock();
  const deadline = deadlineAt(clock.now() + 1000, clock);
  let rest = 100;
  const first = deadline.watch(() => rest);
  clock.advance(890);
  assert.ok(!deadline.signal.aborted);
  first.end();
  clock.advance(50);
  assert.ok(!deadline.signal.aborted && clock.waiting() === 0);
  first.look();
  assert.ok(!deadline.signal.aborted && clock.waiting() === 0);
  rest = 10;
  const second = deadline.watch(() => rest);
  assert.equal(deadline.left(), 60);
  rest = 61;
  second.look();
  assert.ok(deadline.signal.aborted);
  assert.ok(deadline.isCut(deadline.signal.reason) && !deadline.isCut(new Error("other")));
  const never = deadlineAt(Infinity, clock).watch(() => 1e9);
  assert.equal(clock.waiting(), 0);
  never.end();
});

Deno.test("a deadline looks at the clock of itself, closer as the end comes", () => {
  const clock = fakeClock();
  const deadline = deadlineAt(clock.now() + 1000, clock);
  const watch = deadline.watch(() => 200);
  clock.advance(799);
  assert.ok(!deadline.signal.aborted);
  clock.advance(4);
  assert.ok(deadline.signal.aborted);
  watch.end();
});

Deno.test("a meter expects of work what the last of its kind took", async () => {
  const clock = fakeClock();
  const meter = meterOf(clock);
  const take = (amount: number, milliseconds: number): Promise<void> =>
    meter.measure("density", amount, () => Promise.resolve(clock.advance(milliseconds)));
  assert.equal(meter.expect("density", 5), 0);
  await take(10, 20);
  assert.equal(meter.expect("density", 5), 10);
  assert.equal(meter.expect("start", 5), 0);
  let calls = 0;
  meter.onMeasured = () => calls++;
  for (const milliseconds of [50, 50, 5000, 50, 7000]) await take(100, milliseconds);
  // Not that one or two of the last five took long.
  assert.equal(meter.expect("density", 3), 1.5);
  assert.equal(calls, 5);
  for (let i = 0; i < 3; i++) await take(100, 30);
  assert.equal(meter.expect("density", 1), 0.3);
  await assert.rejects(meter.measure("start", 1, () => Promise.reject(new Error("no"))));
  assert.equal(meter.expect("start", 1), 0);
});

import assert from "node:assert/strict";
import { compileStep } from "../../src/compile/ensemble.ts";
import { groupOf } from "../../src/compile/layout.ts";
import { WasmStep } from "../../src/device/wasm_step.ts";
import { NoWorkers, WorkerPool } from "../../src/device/worker_pool.ts";
import type { Program } from "../../src/tensor/program.ts";
import { key, normal } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { repeatLoop, trace } from "../../src/tensor/trace.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { type Recorded, withRecordedWorkers } from "./recorded_workers.ts";

const TURNS = 2000;

/** A step that takes some 30 µs a chain, with a large leaf and a small one. */
const STEP: Program = trace((few, many, _key) => {
  const next = repeatLoop(TURNS, (x: Tensor) => x.mul(1.25).sin().add(0.1), few);
  return [next, many.mul(0.5).add(next.sum())];
}, [
  { dtype: "f64", shape: [3] },
  { dtype: "f64", shape: [70] },
  { dtype: "u32", shape: [2] },
]);
const CHAINS = 100;
const STATE = [normal(key(1), [CHAINS, 3]), normal(key(2), [CHAINS, 70])];
const OPTIONS = { steps: 30, thin: 4, firstStep: 2 };

/** Long enough to be shared out in more parts than there are workers. */
const LONG = { ...OPTIONS, steps: 200 };

async function inThread(options = OPTIONS): Promise<readonly Tensor[]> {
  const { state, draws } = await new WasmStep(STEP, 2, [0, 1]).run(STATE, [], key(3), options);
  return [...state, ...draws];
}

async function inPool(pool: WorkerPool, options = OPTIONS): Promise<readonly Tensor[]> {
  const step = new WasmStep(STEP, 2, [0, 1], { pool });
  const { state, draws } = await step.run(STATE, [], key(3), options);
  return [...state, ...draws];
}

function assertSame(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => assertSameBits(actual[i], value, `array ${i}`));
}

const died = (): Event => new ErrorEvent("error", { cancelable: true });

for (const workers of [2, 3, 8]) {
  Deno.test(`${workers} workers give the bits of one thread`, async () => {
    await withRecordedWorkers(async ({ started }: Recorded) => {
      assertSame(await inPool(new WorkerPool(workers)), await inThread());
      assert.equal(started.length, workers);
    });
  });
}

Deno.test("a worker that dies with a sign is replaced, and its chains are computed again", async () => {
  await withRecordedWorkers(
    async ({ started }) => {
      assertSame(await inPool(new WorkerPool(2)), await inThread());
      assert.equal(started.length, 3);
    },
    (worker, number) => {
      if (number !== 1) return;
      // Once it is at work.
      worker.addEventListener("message", ({ data }) => {
        if (data.kind !== "ready") return;
        setTimeout(() => {
          worker.terminate();
          worker.dispatchEvent(died());
        }, 3);
      });
    },
  );
});

Deno.test("the chains of a worker that dies in silence are computed again after a while", async () => {
  let killed = false;
  await withRecordedWorkers(
    async () => {
      const begin = performance.now();
      assertSame(await inPool(new WorkerPool(2, 400)), await inThread());
      assert.ok(killed && performance.now() - begin > 400);
    },
    (worker, number) => {
      if (number > 0) return;
      worker.addEventListener("message", ({ data }) => {
        if (data.kind !== "ready") return;
        setTimeout(() => {
          killed = true;
          worker.terminate();
        }, 3);
      });
    },
  );
});

Deno.test("workers that die again and again over the same chains end the run with an error", async () => {
  await withRecordedWorkers(
    async () => {
      await assert.rejects(inPool(new WorkerPool(2)), /3 workers died one after the other/);
    },
    (worker) => {
      worker.addEventListener("message", ({ data }) => {
        if (data.kind === "ready") setTimeout(() => worker.dispatchEvent(died()), 0);
      });
    },
  );
});

Deno.test("without workers the run stays in its thread", async () => {
  const original = globalThis.Worker;
  globalThis.Worker = class {
    constructor() {
      throw new DOMException("forbidden", "SecurityError");
    }
  } as unknown as typeof Worker;
  try {
    const pool = new WorkerPool(2);
    assertSame(await inPool(pool), await inThread());
    assert.equal(pool.available, false);
    await assert.rejects(
      pool.run({} as WebAssembly.Module, { placed: [], memoryBytes: 0 } as never),
      NoWorkers,
    );
  } finally {
    globalThis.Worker = original;
  }
});

Deno.test("where modules cannot be sent to workers the run stays in its thread", async () => {
  await withRecordedWorkers(
    async () => {
      const pool = new WorkerPool(2);
      assertSame(await inPool(pool), await inThread());
      assert.equal(pool.available, false);
    },
    (worker) => {
      worker.postMessage = () => {
        throw new DOMException("a module", "DataCloneError");
      };
    },
  );
});

Deno.test("workers that never come to life leave the run in its thread", async () => {
  await withRecordedWorkers(
    async () => {
      const pool = new WorkerPool(2);
      assertSame(await inPool(pool), await inThread());
      assert.equal(pool.available, false);
    },
    (worker) => {
      worker.addEventListener("message", (event) => event.stopImmediatePropagation());
      setTimeout(() => worker.dispatchEvent(died()), 0);
    },
  );
});

Deno.test("a worker that fails to start after another one's work was done loses nothing", async () => {
  await withRecordedWorkers(
    async () => {
      const pool = new WorkerPool(2);
      assertSame(await inPool(pool), await inThread());
      assert.equal(pool.available, true);
    },
    (worker, number) => {
      if (number !== 1) return;
      worker.addEventListener("message", (event) => event.stopImmediatePropagation());
      setTimeout(() => worker.dispatchEvent(died()), 60);
    },
  );
});

Deno.test("work that is given up when a part of it was done is done again from its start", async () => {
  const { promise: partDone, resolve } = Promise.withResolvers<void>();
  await withRecordedWorkers(
    async () => {
      const pool = new WorkerPool(2);
      assertSame(await inPool(pool, LONG), await inThread(LONG));
      assert.equal(pool.available, false);
    },
    (worker, number) => {
      if (number === 0) {
        worker.addEventListener("message", ({ data }) => {
          if (data.kind === "done") setTimeout(resolve, 0);
        });
        return;
      }
      // It comes to life when the other one has done a part, and then no module can be sent to it.
      const hold = (event: Event): void => event.stopImmediatePropagation();
      worker.addEventListener("message", hold);
      worker.postMessage = () => {
        throw new DOMException("a module", "DataCloneError");
      };
      partDone.then(() => {
        worker.removeEventListener("message", hold);
        worker.dispatchEvent(new MessageEvent("message", { data: { kind: "ready" } }));
      });
    },
  );
});

Deno.test("an abort stops workers at once, and the next run is sound", async () => {
  const step = new WasmStep(STEP, 2, [0, 1], { pool: new WorkerPool(2) });
  const controller = new AbortController();
  let aborted = 0;
  setTimeout(() => {
    aborted = performance.now();
    controller.abort(new Error("enough"));
  }, 60);
  const long = step.run(STATE, [], key(3), { steps: 1e6, signal: controller.signal });
  await assert.rejects(long, /enough/);
  // The promise of 100 ms, with room for a machine with other work.
  assert.ok(performance.now() - aborted < 1000);
  const { state, draws } = await step.run(STATE, [], key(3), OPTIONS);
  assertSame([...state, ...draws], await inThread());
});

Deno.test("a signal that is aborted while the module is made stops the run as well", async () => {
  const step = new WasmStep(STEP, 2, [0, 1], { pool: new WorkerPool(2) });
  const controller = new AbortController();
  await withRecordedWorkers(async ({ started }) => {
    const run = step.run(STATE, [], key(3), { steps: 300, signal: controller.signal });
    // The module is asked for by then, and takes some milliseconds.
    await Promise.resolve();
    await Promise.resolve();
    controller.abort(new Error("enough"));
    await assert.rejects(run, /enough/);
    assert.equal(started.length, 0);
  });
});

Deno.test("an abort starts no workers for what it ends", async () => {
  const step = new WasmStep(STEP, 2, [0, 1], { pool: new WorkerPool(4) });
  const controller = new AbortController();
  await withRecordedWorkers(async ({ started }) => {
    const run = step.run(STATE, [], key(3), { steps: 3000, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 500);
    await assert.rejects(run, /enough/);
    assert.equal(started.length, 4);
  });
});

Deno.test("a process ends soon after an abort, whatever its workers were at", async () => {
  const library = new URL("../../mod.ts", import.meta.url);
  const program = `
    import { key, repeatLoop, vectorize, zeros } from ${JSON.stringify(library)};
    const step = ({ x }) => ({ x: repeatLoop(1e4, (y) => y.mul(1.25).sin().add(0.1), x) });
    const controller = new AbortController();
    const advance = vectorize(step, { workers: 2 });
    setTimeout(() => controller.abort(new Error("enough")), 1000);
    await advance({ x: zeros([64, 1]) }, key(1), { steps: 1e7, signal: controller.signal })
      .catch(({ message }) => console.log(message));
  `;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  // Its workers had work for a day.
  const late = setTimeout(() => process.kill("SIGKILL"), 60_000);
  const { success, stdout } = await process.output();
  clearTimeout(late);
  assert.equal(new TextDecoder().decode(stdout), "enough\n");
  assert.ok(success, "it did not end by itself");
});

Deno.test("a task that fails gives its reason and leaves the worker alive", async () => {
  const pool = new WorkerPool(1);
  const hold = pool.hold();
  const { bytes, block, free } = compileStep(STEP, 2, []);
  const module = new WebAssembly.Module(bytes);
  const plan = {
    blocks: free,
    blockBytes: block.bytes,
    groups: Math.ceil(CHAINS / groupOf("f64")),
    draws: 0,
    drawBytes: 0,
    mostKept: 1,
    firstStep: 0,
    steps: 1,
    thin: 2,
    milliseconds: 4,
    perSlice: 1,
  };
  await withRecordedWorkers(async ({ started }) => {
    const beyond = { placed: [], memoryBytes: 2 ** 40, plan };
    await assert.rejects(pool.run(module, beyond), /Cannot run the compiled program in a worker/);
    await pool.run(module, { ...beyond, memoryBytes: free + plan.groups * block.bytes });
    assert.equal(started.length, 1);
  });
  hold.release();
});

Deno.test("workers end when there is nothing to do, unless they are held", async () => {
  const wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));
  const pool = new WorkerPool(2);
  const hold = pool.hold();
  await inPool(pool);
  await wait(120);
  assert.equal(pool.ready, true);
  hold.release();
  hold.release();
  await wait(120);
  assert.equal(pool.ready, false);
  assertSame(await inPool(pool), await inThread());
});

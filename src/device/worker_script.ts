/**
 * What runs in a worker: it gets modules and blocks of chains, and gives the blocks back after the
 * steps. It knows nothing of layouts or programs, and its text stands alone, so that a worker can be
 * made from it wherever the library was loaded from, and without a permission.
 *
 * @module
 */
import { type Run, type SlicePlan, slices } from "./slices.ts";

/** Bytes for a place in memory. */
export interface Placed {
  /** Where they go. */
  readonly address: number;
  /** The bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A function applied to groups, one after the other. */
export interface MapPlan {
  /** Address of the first group's inputs. */
  readonly inputs: number;
  /** Bytes of a group's inputs. */
  readonly inputBytes: number;
  /** Address of the first group's outputs. */
  readonly outputs: number;
  /** Bytes of a group's outputs. */
  readonly outputBytes: number;
  /** How many groups. */
  readonly groups: number;
}

/** Work for a worker. */
export interface Task {
  /** The module's number. */
  readonly module: number;
  /** What is written to memory before. */
  readonly placed: readonly Placed[];
  /** How much memory is needed. */
  readonly memoryBytes: number;
  /** Steps to run, or a function to apply. */
  readonly plan: SlicePlan | MapPlan;
}

/** What a worker is told: a task, with the module at its first time, or a module to forget. */
export type Order =
  | {
    readonly kind: "task";
    readonly task: Task;
    readonly source: WebAssembly.Module | undefined;
  }
  | { readonly kind: "forget"; readonly module: number };

/** What a worker gives back. */
export interface Answer {
  /** The blocks of the state after the steps, or the outputs of the function. */
  readonly blocks: Uint8Array<ArrayBuffer>;
  /** All kept draws, one after the other. */
  readonly draws: Uint8Array<ArrayBuffer>;
  /** How many milliseconds the calls took. */
  readonly milliseconds: number;
}

/** What a worker says. */
export type Report =
  /** It can take orders. */
  | { readonly kind: "ready" }
  /** It is at work. */
  | { readonly kind: "alive" }
  | { readonly kind: "done"; readonly answer: Answer }
  /** The task cannot be done: not for want of the worker's life. */
  | { readonly kind: "failed"; readonly message: string };

/** The part of a worker's global scope that is used. */
interface Scope {
  onmessage: ((event: { readonly data: Order }) => void) | null;
  postMessage(report: Report, transfer?: ArrayBuffer[]): void;
}

/** Serves orders. It uses nothing but its arguments and globals: its text is what a worker is made of. */
function serve(scope: Scope, slicesOf: typeof slices): void {
  const aliveMilliseconds = 200;
  const pageBytes = 65536;
  const instances = new Map<number, WebAssembly.Instance>();
  const instanceOf = async (
    task: Task,
    source: WebAssembly.Module | undefined,
  ): Promise<WebAssembly.Instance> => {
    const known = instances.get(task.module);
    if (known !== undefined) return known;
    const made = await WebAssembly.instantiate(source as WebAssembly.Module);
    instances.set(task.module, made);
    return made;
  };
  const perform = async (memory: WebAssembly.Memory, run: Run, task: Task): Promise<Answer> => {
    const missing = task.memoryBytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    for (const { address, bytes } of task.placed) new Uint8Array(memory.buffer).set(bytes, address);
    const copy = (address: number, bytes: number): Uint8Array<ArrayBuffer> =>
      new Uint8Array(memory.buffer, address, bytes).slice();
    const begin = performance.now();
    let said = begin;
    const due = (): boolean => performance.now() - said >= aliveMilliseconds;
    // Deno ends a worker only when it waits for something.
    const tell = async (): Promise<void> => {
      scope.postMessage({ kind: "alive" });
      await new Promise((resolve) => setTimeout(resolve, 0));
      said = performance.now();
    };
    const { plan } = task;
    if ("inputs" in plan) {
      for (let group = 0; group < plan.groups; group++) {
        run(plan.inputs + group * plan.inputBytes, plan.outputs + group * plan.outputBytes);
        if (due()) await tell();
      }
      return {
        blocks: copy(plan.outputs, plan.groups * plan.outputBytes),
        draws: new Uint8Array(),
        milliseconds: performance.now() - begin,
      };
    }
    const stride = plan.groups * plan.drawBytes;
    const out = new Uint8Array(Math.floor(plan.steps / plan.thin) * stride);
    let kept = 0;
    const turns = slicesOf(plan);
    for (let turn = turns.next(0); !turn.done;) {
      const slice = turn.value;
      const start = performance.now();
      if ("call" in slice) run(...slice.call);
      else if (slice.draws > 0 && stride > 0) {
        out.set(new Uint8Array(memory.buffer, plan.draws, slice.draws * stride), kept * stride);
        kept += slice.draws;
      }
      turn = turns.next(performance.now() - start);
      if (due()) await tell();
    }
    return {
      blocks: copy(plan.blocks, plan.groups * plan.blockBytes),
      draws: out,
      milliseconds: performance.now() - begin,
    };
  };
  scope.onmessage = async ({ data: order }) => {
    if (order.kind === "forget") {
      instances.delete(order.module);
      return;
    }
    try {
      const { exports } = await instanceOf(order.task, order.source);
      const answer = await perform(
        exports["memory"] as WebAssembly.Memory,
        exports["run"] as Run,
        order.task,
      );
      scope.postMessage({ kind: "done", answer }, [answer.blocks.buffer, answer.draws.buffer]);
    } catch (error) {
      scope.postMessage({ kind: "failed", message: String(error) });
    }
  };
  scope.postMessage({ kind: "ready" });
}

/** The text of a worker. */
export const WORKER_SCRIPT: string = `(${serve})(globalThis, ${slices});`;

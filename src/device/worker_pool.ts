/**
 * Workers that run compiled modules: started when there is work, ended when there is none.
 *
 * A task's answer depends on the task alone, so that any worker can take it, and another one can take
 * it again when the first died.
 *
 * @module
 */
import { type Answer, type Order, type Report, type Task, WORKER_SCRIPT } from "./worker_script.ts";

/** Without work and without a hold, workers end after so long: in Deno they keep the process alive. */
const IDLE_MILLISECONDS = 50;
/** A worker that has not said anything for so long while at work is taken for dead. */
const SILENCE_MILLISECONDS = 20_000;
/** So many workers may die over one task. */
const MOST_DEATHS = 3;

/** Thrown where no worker can be had, as in a page whose security policy forbids them. */
export class NoWorkers extends Error {
  /** The class's name. */
  override readonly name = "NoWorkers";
}

/** What else is known of a task. */
export interface TaskOptions {
  /** Ends the worker that is at it. */
  readonly signal?: AbortSignal | undefined;
  /** How long one call may take: no sign comes from a worker before its end. */
  readonly callMilliseconds?: number;
}

interface Job {
  readonly task: Task;
  readonly source: WebAssembly.Module;
  readonly patience: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
  deaths: number;
}

interface Member {
  readonly worker: Worker;
  /** Numbers of the modules that it has. */
  readonly modules: Set<number>;
  ready: boolean;
  job: Job | undefined;
  watch: ReturnType<typeof setTimeout> | undefined;
}

let scriptUrl: string | undefined;

function startWorker(): Worker {
  scriptUrl ??= URL.createObjectURL(new Blob([WORKER_SCRIPT], { type: "text/javascript" }));
  return new Worker(scriptUrl, { type: "module", name: "tributary" });
}

/** Workers that share their work. */
export class WorkerPool {
  /** The most workers at a time. */
  readonly size: number;
  readonly #silence: number;
  readonly #queue: Job[] = [];
  readonly #numbers = new WeakMap<WebAssembly.Module, number>();
  readonly #unused: FinalizationRegistry<number>;
  #members: Member[] = [];
  #modules = 0;
  #holds = 0;
  #available = true;
  /** The most workers that could be started so far, if fewer than wanted. */
  #limit: number;
  #idle: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param size The most workers at a time.
   * @param silence After so many milliseconds without a sign, a worker at work is taken for dead.
   */
  constructor(size: number, silence: number = SILENCE_MILLISECONDS) {
    this.size = size;
    this.#limit = size;
    this.#silence = silence;
    this.#unused = new FinalizationRegistry((module) => {
      for (const { worker, modules } of this.#members) {
        if (modules.delete(module)) worker.postMessage({ kind: "forget", module } satisfies Order);
      }
    });
  }

  /** Whether workers can be had, as far as known. */
  get available(): boolean {
    return this.#available;
  }

  /** Whether a worker waits for work. */
  get ready(): boolean {
    return this.#members.some(({ ready }) => ready);
  }

  /** Starts workers that nothing waits for yet, if somebody holds them. */
  startIfHeld(): void {
    if (this.#holds === 0) return;
    while (this.#available && this.#members.length < this.#limit) this.#add();
  }

  /** Keeps workers alive while there is no work. */
  hold(): { release(): void } {
    this.#holds++;
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#holds--;
        this.#rest();
      },
    };
  }

  /**
   * Gives a task to a worker.
   *
   * @param source The module.
   * @param task What to do with it; its number of the module is set here.
   * @param options A signal, and how long its calls take.
   * @returns What the worker gives.
   * @throws {NoWorkers} If there cannot be any.
   * @throws {Error} If the task fails, or workers die over it again and again.
   * @throws The reason of the signal, if it was aborted.
   */
  run(
    source: WebAssembly.Module,
    task: Omit<Task, "module">,
    { signal, callMilliseconds = 0 }: TaskOptions = {},
  ): Promise<Answer> {
    // The event of a signal comes once.
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const job: Job = {
      task: { ...task, module: this.#numberOf(source) },
      source,
      // Calls of baseline code, on a machine with other work.
      patience: this.#silence + 20 * callMilliseconds,
      resolve,
      reject,
      deaths: 0,
    };
    this.#queue.push(job);
    const stop = (): void => this.#cancel(job, signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    this.#dispatch();
    return promise.finally(() => signal?.removeEventListener("abort", stop));
  }

  #numberOf(module: WebAssembly.Module): number {
    const known = this.#numbers.get(module);
    if (known !== undefined) return known;
    const number = this.#modules++;
    this.#numbers.set(module, number);
    this.#unused.register(module, number);
    return number;
  }

  #add(): void {
    let worker: Worker;
    try {
      worker = startWorker();
    } catch {
      this.#giveUp();
      return;
    }
    const member: Member = {
      worker,
      modules: new Set(),
      ready: false,
      job: undefined,
      watch: undefined,
    };
    this.#members.push(member);
    worker.onmessage = ({ data }: MessageEvent<Report>) => this.#hear(member, data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (member.ready) this.#bury(member);
      else this.#doWithout(member);
    };
  }

  #hear(member: Member, report: Report): void {
    const { job } = member;
    clearTimeout(member.watch);
    switch (report.kind) {
      case "ready":
        member.ready = true;
        this.#dispatch();
        return;
      case "alive":
        this.#watch(member);
        return;
      case "done":
        member.job = undefined;
        job?.resolve(report.answer);
        this.#dispatch();
        return;
      case "failed":
        member.job = undefined;
        job?.reject(new Error(`Cannot run the compiled program in a worker: ${report.message}`));
        this.#dispatch();
    }
  }

  /** Gives waiting jobs to waiting workers, and starts workers for the others. */
  #dispatch(): void {
    if (!this.#available) {
      this.#giveUp();
      return;
    }
    clearTimeout(this.#idle);
    for (const member of this.#members) {
      if (!member.ready || member.job !== undefined) continue;
      const job = this.#queue.shift();
      if (job === undefined) break;
      const { module } = job.task;
      const known = member.modules.has(module);
      member.job = job;
      member.modules.add(module);
      this.#watch(member);
      try {
        const source = known ? undefined : job.source;
        member.worker.postMessage({ kind: "task", task: job.task, source } satisfies Order);
      } catch {
        // A module that cannot be sent: each thread of this host has to do without.
        this.#queue.unshift(job);
        this.#giveUp();
        return;
      }
    }
    const starting = this.#members.filter(({ ready }) => !ready).length;
    for (let i = starting; i < this.#queue.length && this.#members.length < this.#limit; i++) {
      this.#add();
    }
    this.#rest();
  }

  #quiet(): boolean {
    return this.#queue.length === 0 && this.#members.every(({ job }) => job === undefined);
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#holds > 0 || this.#members.length === 0 || !this.#quiet()) return;
    this.#idle = setTimeout(() => this.#end(), IDLE_MILLISECONDS);
  }

  #end(): void {
    clearTimeout(this.#idle);
    for (const { worker } of this.#members) worker.terminate();
    this.#members = [];
  }

  #watch(member: Member): void {
    clearTimeout(member.watch);
    member.watch = setTimeout(() => this.#bury(member), member.job?.patience);
  }

  #remove(member: Member): Job | undefined {
    clearTimeout(member.watch);
    member.worker.terminate();
    this.#members = this.#members.filter((other) => other !== member);
    const { job } = member;
    member.job = undefined;
    return job;
  }

  /** A worker died: another one does its work again. */
  #bury(member: Member): void {
    const job = this.#remove(member);
    if (job !== undefined) {
      job.deaths++;
      if (job.deaths < MOST_DEATHS) this.#queue.unshift(job);
      else {
        job.reject(
          new Error(
            `Cannot go on: ${job.deaths} workers died one after the other over the same chains, ` +
              "perhaps for want of memory; fewer chains or `workers: 1` may help",
          ),
        );
      }
    }
    this.#dispatch();
  }

  #cancel(job: Job, reason: unknown): void {
    const waiting = this.#queue.indexOf(job);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    const member = this.#members.find((other) => other.job === job);
    if (member !== undefined) this.#remove(member);
    job.reject(reason);
    // One signal ends many jobs: those that still wait for it need no new workers.
    queueMicrotask(() => this.#dispatch());
  }

  /** A worker cannot be started: the others do its work, if there are any. */
  #doWithout(member: Member): void {
    this.#remove(member);
    this.#limit = this.#members.length;
    if (this.#limit === 0) this.#giveUp();
    else this.#dispatch();
  }

  /** Leaves all work to the thread that asked for it. */
  #giveUp(): void {
    this.#available = false;
    const running = this.#members.flatMap((member) => this.#remove(member) ?? []);
    this.#end();
    for (const job of [...running, ...this.#queue.splice(0)]) {
      job.reject(new NoWorkers("Cannot start a worker"));
    }
  }
}

const pools = new Map<number, WorkerPool>();

/**
 * The workers of this thread.
 *
 * @param size How many there are at most.
 * @returns The pool, the same one for the same size.
 */
export function workerPool(size: number): WorkerPool {
  const known = pools.get(size);
  if (known !== undefined) return known;
  const made = new WorkerPool(size);
  pools.set(size, made);
  return made;
}

/** How many workers there are by default: one for each core that the host admits to, 16 at most. */
export function defaultWorkers(): number {
  const { navigator, Worker: made } = globalThis as {
    readonly navigator?: { readonly hardwareConcurrency?: number };
    readonly Worker?: unknown;
  };
  if (made === undefined) return 1;
  return Math.min(navigator?.hardwareConcurrency ?? 1, 16);
}

/**
 * Workers of the flow engine: started when there is work, ended soon after there is none.
 *
 * What a call gives does not depend on who computes it. So a call in which anything goes wrong is given
 * up as a whole, with its workers, and the calling thread does it itself.
 *
 * @module
 */
import { type Answer, CREW_SCRIPT, type Order, type Report } from "./crew_script.ts";

/** Without work, workers end after so long: in Deno they keep the process alive. */
const IDLE_MILLISECONDS = 50;
/** A worker that has not answered for so long is taken for dead. */
const SILENCE_MILLISECONDS = 20_000;
/** A start takes the calling thread some 20 ms for each worker: after so much work that they would have shared. */
const START_AFTER_MILLISECONDS = 60;
/** Workers that take longer to start are not waited for. */
const START_MILLISECONDS = 5_000;
/** After so many calls in a row that workers could not do, none is given to them any more. */
const MOST_FAILURES = 3;

/** Thrown where workers could not do a call: the calling thread can. */
export class Deserted extends Error {
  /** The class's name. */
  override readonly name = "Deserted";
}

/** How a call is made. */
export interface CallOptions {
  /** Ends the workers that are at it. */
  readonly signal?: AbortSignal | undefined;
  /** What it would take one thread. */
  readonly milliseconds?: number;
  /** Where workers of the call wait for each other, told to stop if one is lost. */
  readonly control?: SharedArrayBuffer | undefined;
}

interface Member {
  readonly worker: Worker;
  ready: boolean;
  hear: ((report: Report | undefined) => void) | undefined;
}

let scriptUrl: string | undefined;

function startWorker(): Worker {
  scriptUrl ??= URL.createObjectURL(new Blob([CREW_SCRIPT], { type: "text/javascript" }));
  return new Worker(scriptUrl, { type: "module", name: "tributary flow" });
}

/** Workers of the flow engine. */
export class Crew {
  /** The most workers at a time. */
  readonly size: number;
  readonly #silence: number;
  readonly #patience: number;
  /** The most workers that could be started so far, if fewer than wanted. */
  #limit: number;
  #members: Member[] = [];
  #available = true;
  #calls = 0;
  #holds = 0;
  /** Milliseconds of work that others did. */
  #missed = 0;
  #failures = 0;
  #busy: Promise<unknown> = Promise.resolve();
  #idle: ReturnType<typeof setTimeout> | undefined;
  #started: (() => void) | undefined;

  /**
   * @param size The most workers at a time.
   * @param silence After so many milliseconds without an answer, a worker is taken for dead.
   * @param patience Workers that take more milliseconds to start are not waited for.
   */
  constructor(
    size: number,
    silence: number = SILENCE_MILLISECONDS,
    patience: number = START_MILLISECONDS,
  ) {
    this.size = size;
    this.#limit = size;
    this.#silence = silence;
    this.#patience = patience;
  }

  /** Whether workers can be had, as far as known. */
  get available(): boolean {
    return this.#available;
  }

  /** Whether all workers wait for work. */
  get ready(): boolean {
    return this.#members.length === this.#limit && this.#members.every(({ ready }) => ready);
  }

  /**
   * Tells of work that the calling thread does itself since there are no workers yet. If somebody holds them, and
   * it was much, they are started to be there for what follows.
   *
   * @param milliseconds What it takes there.
   */
  miss(milliseconds: number): void {
    if (this.#holds === 0) return;
    this.#missed += milliseconds;
    if (this.#missed > START_AFTER_MILLISECONDS) this.#start();
  }

  #start(): void {
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
   * Makes a call, after those before it.
   *
   * @param ordersFor The orders, given how many workers there are: each is made when a worker is free for
   * it, so that few are in memory at a time. As many orders as workers run together.
   * @param take Gets each answer with the number of its order, in any order. If the call fails, it may
   * have got some of them.
   * @param options Signal, expected time, and the barrier's control if there is one.
   * @throws {Deserted} If workers could not do it.
   * @throws The reason of the signal, if it was aborted.
   */
  run(
    ordersFor: (members: number) => Iterable<Order>,
    take: (answer: Answer, number: number) => void,
    options: CallOptions = {},
  ): Promise<void> {
    const { signal } = options;
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    this.#calls++;
    const call = this.#busy.then(() => this.#call(ordersFor, take, options)).finally(() => {
      this.#calls--;
      this.#rest();
    });
    this.#busy = call.catch(() => {});
    // Also while it waits for another call or for workers to start.
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    return Promise.race([call, aborted]).finally(() => signal?.removeEventListener("abort", stop));
  }

  async #call(
    ordersFor: (members: number) => Iterable<Order>,
    take: (answer: Answer, number: number) => void,
    { signal, milliseconds = 0, control }: CallOptions,
  ): Promise<void> {
    signal?.throwIfAborted();
    clearTimeout(this.#idle);
    this.#start();
    if (!this.ready && this.#available) await this.#begun();
    signal?.throwIfAborted();
    const members = [...this.#members];
    if (members.length === 0) throw new Deserted("Cannot start a worker");
    const orders = ordersFor(members.length)[Symbol.iterator]();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    const watches = new Set<ReturnType<typeof setTimeout>>();
    let [next, done] = [0, 0];
    let ended = false;
    const lost = (why: string): void => reject(new Deserted(`Cannot go on in workers: ${why}`));
    const give = (member: Member): void => {
      member.hear = undefined;
      if (ended) return;
      const { value: order, done: none } = orders.next();
      if (none === true) {
        ended = true;
        if (done === next) resolve();
        return;
      }
      const number = next++;
      const watch = setTimeout(() => lost("one is silent"), this.#silence + 20 * milliseconds);
      watches.add(watch);
      member.hear = (report) => {
        clearTimeout(watch);
        if (report?.kind !== "done") {
          lost(report?.kind === "failed" ? report.message : "one died");
          return;
        }
        take(report.answer, number);
        done++;
        give(member);
        if (ended && done === next) resolve();
      };
      try {
        member.worker.postMessage(order);
      } catch (error) {
        // What cannot be sent now can never be sent.
        this.#available = false;
        lost(`work cannot be sent to one: ${error}`);
      }
    };
    try {
      members.forEach(give);
      await promise;
      this.#failures = 0;
    } catch (error) {
      if (error instanceof Deserted && ++this.#failures >= MOST_FAILURES) this.#available = false;
      // Those that wait at the barrier, then all: none may speak into a later call.
      if (control !== undefined) {
        const words = new Int32Array(control);
        Atomics.store(words, 2, 1);
        Atomics.notify(words, 1);
      }
      this.#end();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      watches.forEach((watch) => clearTimeout(watch));
      for (const member of members) member.hear = undefined;
    }
  }

  /** Waits until all workers that are starting are there, but not for ever. */
  async #begun(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#started = resolve;
    const late = setTimeout(resolve, this.#patience);
    await promise;
    clearTimeout(late);
    this.#started = undefined;
    for (const member of this.#members) if (!member.ready) this.#doWithout(member);
  }

  /** A worker cannot be started: the others do its work, if there are any. */
  #doWithout(member: Member): void {
    member.worker.terminate();
    this.#members = this.#members.filter((other) => other !== member);
    this.#limit = this.#members.length;
    if (this.#limit === 0) this.#giveUp();
    else if (this.ready) this.#started?.();
  }

  #add(): void {
    let worker: Worker;
    try {
      worker = startWorker();
    } catch {
      this.#giveUp();
      return;
    }
    const member: Member = { worker, ready: false, hear: undefined };
    this.#members.push(member);
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if (data.kind !== "ready") {
        member.hear?.(data);
        return;
      }
      member.ready = true;
      if (!this.ready) return;
      this.#started?.();
      this.#rest();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (!member.ready) {
        this.#doWithout(member);
        return;
      }
      this.#members = this.#members.filter((other) => other !== member);
      worker.terminate();
      member.hear?.(undefined);
    };
  }

  #giveUp(): void {
    this.#available = false;
    const members = this.#members;
    this.#end();
    for (const { hear } of members) hear?.(undefined);
    this.#started?.();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#calls === 0 && this.#holds === 0 && this.#members.length > 0) {
      // Those that are still starting get their time: somebody just asked for them.
      const patience = this.ready ? IDLE_MILLISECONDS : this.#patience;
      this.#idle = setTimeout(() => this.#end(), patience);
    }
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#missed = 0;
    for (const { worker } of this.#members) worker.terminate();
    this.#members = [];
  }
}

const crews = new Map<number, Crew>();

/**
 * The workers of this thread for flows.
 *
 * @param size How many there are at most.
 * @returns The crew, the same one for the same size.
 */
export function crewOf(size: number): Crew {
  const crew = crews.get(size) ?? new Crew(size);
  crews.set(size, crew);
  return crew;
}

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
/** Workers that take longer to start are not waited for. */
const START_MILLISECONDS = 5_000;

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
  #members: Member[] = [];
  #available = true;
  #calls = 0;
  #busy: Promise<unknown> = Promise.resolve();
  #idle: ReturnType<typeof setTimeout> | undefined;
  #started: (() => void) | undefined;

  /**
   * @param size The most workers at a time.
   * @param silence After so many milliseconds without an answer, a worker is taken for dead.
   */
  constructor(size: number, silence: number = SILENCE_MILLISECONDS) {
    this.size = size;
    this.#silence = silence;
  }

  /** Whether workers can be had, as far as known. */
  get available(): boolean {
    return this.#available;
  }

  /** Whether all workers wait for work. */
  get ready(): boolean {
    return this.#members.length === this.size && this.#members.every(({ ready }) => ready);
  }

  /** Starts workers that nothing waits for yet. */
  start(): void {
    while (this.#available && this.#members.length < this.size) this.#add();
    this.#rest();
  }

  /**
   * Makes a call, after those before it.
   *
   * @param ordersFor The orders, given how many workers there are. They are begun in their order, each by
   * the next free worker: as many orders as workers run together.
   * @param options Signal, expected time, and the barrier's control if there is one.
   * @returns An answer for each order.
   * @throws {Deserted} If workers could not do it.
   * @throws The reason of the signal, if it was aborted.
   */
  run(
    ordersFor: (members: number) => readonly Order[],
    options: CallOptions = {},
  ): Promise<readonly Answer[]> {
    this.#calls++;
    const result = this.#busy.then(() => this.#call(ordersFor, options)).finally(() => {
      this.#calls--;
      this.#rest();
    });
    this.#busy = result.catch(() => {});
    return result;
  }

  async #call(
    ordersFor: (members: number) => readonly Order[],
    { signal, milliseconds = 0, control }: CallOptions,
  ): Promise<readonly Answer[]> {
    signal?.throwIfAborted();
    clearTimeout(this.#idle);
    this.start();
    if (!this.ready && this.#available) await this.#begun();
    signal?.throwIfAborted();
    const members = this.#members.filter(({ ready }) => ready);
    if (members.length === 0) throw new Deserted("Cannot start a worker");
    const orders = ordersFor(members.length);
    const answers = new Array<Answer>(orders.length);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    const watches = new Set<ReturnType<typeof setTimeout>>();
    let [next, done] = [0, 0];
    const give = (member: Member): void => {
      const number = next++;
      if (number >= orders.length) return;
      const lost = (why: string): void => reject(new Deserted(`Cannot go on in workers: ${why}`));
      const watch = setTimeout(() => lost("one is silent"), this.#silence + 20 * milliseconds);
      watches.add(watch);
      member.hear = (report) => {
        clearTimeout(watch);
        if (report?.kind !== "done") {
          lost(report?.kind === "failed" ? report.message : "one died");
          return;
        }
        answers[number] = report.answer;
        if (++done === orders.length) resolve();
        else give(member);
      };
      member.worker.postMessage(orders[number]);
    };
    try {
      if (orders.length === 0) return [];
      try {
        members.forEach(give);
      } catch (error) {
        // What cannot be sent now can never be sent.
        this.#available = false;
        throw new Deserted(`Cannot send work to a worker: ${error}`);
      }
      await promise;
      return answers;
    } catch (error) {
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
    const late = setTimeout(resolve, START_MILLISECONDS);
    await promise;
    clearTimeout(late);
    this.#started = undefined;
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
        this.#giveUp();
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
    if (this.#calls === 0 && this.#members.length > 0) {
      // Those that are still starting get their time: somebody just asked for them.
      const patience = this.ready ? IDLE_MILLISECONDS : START_MILLISECONDS;
      this.#idle = setTimeout(() => this.#end(), patience);
    }
  }

  #end(): void {
    clearTimeout(this.#idle);
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

/**
 * How much work goes to a GPU at a time, where the time that it takes is known only after waiting for it.
 *
 * No result depends on it: work that is cut elsewhere gives the same.
 *
 * @module
 */

/** A dispatch should take so long: other programs draw on the screen between them. */
const DISPATCH_MILLISECONDS = 50;
/** Work that is on its way at once: waiting costs some 10 ms, and what is on its way cannot be stopped. */
const WAITED_FOR_MILLISECONDS = 200;
/** Waiting by itself costs no more: 10 ms in Deno, less in browsers. */
const MOST_WAITING_MILLISECONDS = 15;
/** A dispatch is at most so many times as long as the last, since a clock may be coarse. */
const MOST_GROWTH = 8;
/** Less than this is not seen beside what waiting costs. */
const LEAST_MILLISECONDS = 0.5;
/** Work fits 32 bits with room to spare. */
const MOST_UNITS = 2 ** 24;

/** Paces work that is counted in units: steps, or groups of points. */
export class Pacing {
  readonly #clock: () => number;
  /** How many units a dispatch takes. */
  #units = 1;
  /** Whether that follows from the time that units take, and not from how little was tried. */
  #known = false;
  /** The shortest time that waiting took: what it costs by itself, at most. */
  #waiting = MOST_WAITING_MILLISECONDS;
  #since: number | undefined;
  #taken = 0;
  #dispatches = 0;

  /** @param clock Milliseconds from some time on. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** How many units the next dispatch should take at most. */
  get units(): number {
    return this.#units;
  }

  /** Whether it is time to wait for what is on its way. */
  get due(): boolean {
    const milliseconds = this.#dispatches * DISPATCH_MILLISECONDS;
    return this.#dispatches > 0 && (!this.#known || milliseconds >= WAITED_FOR_MILLISECONDS);
  }

  /** Says that a dispatch of so many units is on its way. */
  sent(units: number): void {
    this.#since ??= this.#clock();
    this.#taken += units;
    this.#dispatches++;
  }

  /** Says that all that was on its way is done. */
  done(): void {
    if (this.#since === undefined) return;
    const spent = this.#clock() - this.#since;
    this.#waiting = Math.min(this.#waiting, spent);
    const alone = Math.max(spent - this.#waiting, LEAST_MILLISECONDS);
    const fitting = Math.floor(DISPATCH_MILLISECONDS * this.#taken / alone);
    const most = MOST_GROWTH * this.#taken / this.#dispatches;
    this.#known = fitting <= most;
    this.#units = Math.max(1, Math.floor(Math.min(fitting, most, MOST_UNITS)));
    this.#since = undefined;
    this.#taken = 0;
    this.#dispatches = 0;
  }

  /** Forgets what was on its way, and how long units take. */
  reset(): void {
    this.#since = undefined;
    this.#taken = 0;
    this.#dispatches = 0;
    this.#units = 1;
    this.#known = false;
  }
}

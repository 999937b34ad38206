/** A clock that goes on only when work is done, and a device whose work takes its time. */
import type { Clock } from "../../src/adaptive/clock.ts";
import type { Device } from "../../src/device/device.ts";

/** A clock that is moved by hand. */
export interface FakeClock extends Clock {
  /** Lets time pass; what was to be called by then is called when it is time. */
  advance(milliseconds: number): void;
  /** How many calls wait. */
  waiting(): number;
}

export function fakeClock(): FakeClock {
  let now = 1000;
  const calls = new Set<{ readonly at: number; readonly call: () => void }>();
  return {
    now: () => now,
    after(milliseconds, call) {
      const entry = { at: now + milliseconds, call };
      calls.add(entry);
      return () => calls.delete(entry);
    },
    advance(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        const [next] = [...calls].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        calls.delete(next);
        now = Math.max(now, next.at);
        next.call();
      }
      now = end;
    },
    waiting: () => calls.size,
  };
}

/** What work takes, in milliseconds. */
export interface Durations {
  /** A step of all chains. */
  readonly step: number;
  /** A point of a function. */
  readonly point: number;
}

/** Work is cut into slices of so many milliseconds. */
const SLICE = 2;

/** The same device, whose work takes its time by a clock, and is cut off between slices. */
export function slowDevice(device: Device, clock: FakeClock, { step, point }: Durations): Device {
  const pass = (milliseconds: number, signal: AbortSignal | undefined): void => {
    for (let left = milliseconds; left > 0; left -= SLICE) {
      signal?.throwIfAborted();
      clock.advance(Math.min(left, SLICE));
    }
    signal?.throwIfAborted();
  };
  return {
    ...device,
    step(...given) {
      const runner = device.step(...given);
      return {
        async run(state, shared, key, options) {
          pass(step * options.steps, options.signal);
          const { signal: _, ...rest } = options;
          return await runner.run(state, shared, key, rest);
        },
      };
    },
    map(...given) {
      const runner = device.map(...given);
      return {
        async run(own, shared, options = {}) {
          pass(point * own[0].shape[0], options.signal);
          return await runner.run(own, shared);
        },
      };
    },
  };
}

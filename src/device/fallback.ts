/**
 * A device that goes on elsewhere: what one cannot do, the next one does.
 *
 * @module
 */
import { type Either, either } from "../deps.ts";
import type { Precision } from "../tensor/functions/precision.ts";
import type { Device, MapRunner, StepRunner } from "./device.ts";
import { deviceFailure, type Failure } from "./failures.ts";

/** That work moved from a device to the next, and why. */
export interface Fallback extends Failure {
  /** The device before. */
  readonly from: Device["name"];
  /** The device after. */
  readonly to: Device["name"];
}

/** A device that is the first of several that does not fail. */
export interface FallbackDevice extends Device {
  /** Where work moved so far, in order. */
  readonly fallbacks: readonly Fallback[];
  /**
   * What takes its place where only some devices will do.
   *
   * @param fits Which will.
   * @returns Those of them that come after the one in use, as a device of their own; none if there are none.
   * Nothing changes for what runs here.
   */
  instead(fits: (device: Device) => boolean): Device | undefined;
}

/**
 * That a device was given up in the midst of steps, to be done again from where their caller wants to: the
 * device goes on with the next one.
 */
export class FellBack extends Error {
  /** Its name. */
  override readonly name = "FellBack";
  /** What happened. */
  readonly fallback: Fallback;

  /** @param fallback What happened. */
  constructor(fallback: Fallback) {
    super(`Cannot go on with the device "${fallback.from}": ${fallback.reason}`);
    this.fallback = fallback;
  }
}

/** Options of {@linkcode fallbackDevice}. */
export interface FallbackOptions {
  /**
   * What happens to steps in whose midst a device fails: they are taken again on the next, from the state and
   * with the key that they were given (`"retry"`, the default), or rejected with a {@linkcode FellBack}
   * (`"throw"`), so that their caller may look at the state before. What is only applied to points is
   * always applied again.
   */
  readonly steps?: "retry" | "throw";
  /** Devices that were given up before; none by default. */
  readonly before?: readonly Fallback[];
}

/** Work that a device may fail at: a task of either, done when it is called. */
type Attempt<Result> = () => Promise<Either<Failure & { readonly error: unknown }, Result>>;

/** Work, whose errors that are the device's own are on the left; others are thrown. */
function attempt<Result>(work: () => Promise<Result>): Attempt<Result> {
  return async () => {
    try {
      return either.right(await work());
    } catch (error) {
      const failure = deviceFailure(error);
      if (failure === undefined) throw error;
      return either.left({ ...failure, error });
    }
  };
}

/** The first attempt, or what follows from its failure. */
function orElse<Result>(
  first: Attempt<Result>,
  next: (failure: Failure & { readonly error: unknown }) => Attempt<Result>,
): Attempt<Result> {
  return async () => {
    const outcome = await first();
    return either.isLeft(outcome) ? await next(outcome.left)() : outcome;
  };
}

/** The devices, and which is in use. */
class Chain {
  readonly fallbacks: Fallback[];
  readonly #devices: readonly Device[];
  #at = 0;

  constructor(devices: readonly Device[], before: readonly Fallback[]) {
    this.#devices = devices;
    this.fallbacks = [...before];
  }

  get current(): Device {
    return this.#devices[this.#at];
  }

  /** Those that are left after the one in use. */
  get others(): readonly Device[] {
    return this.#devices.slice(this.#at + 1);
  }

  /** Goes on to the next device, if there is one. */
  fallBack({ kind, reason }: Failure): boolean {
    const [next] = this.others;
    if (next === undefined) return false;
    this.fallbacks.push({ from: this.current.name, to: next.name, kind, reason });
    this.#at++;
    return true;
  }

  /** Works on the device of now, and if that fails on the next ones; the last one's error is thrown. */
  run<Runner, Result>(
    runnerOf: (device: Device) => Runner,
    work: (runner: Runner) => Promise<Result>,
    retry: boolean,
  ): Attempt<Result> {
    const device = this.current;
    return orElse(
      attempt(async () => await work(runnerOf(device))),
      ({ error, ...failure }) => {
        // Other work may have found the same before.
        const moved = device !== this.current || this.fallBack(failure);
        if (!moved) throw error;
        if (!retry) throw new FellBack(this.fallbacks[this.fallbacks.length - 1]);
        return this.run(runnerOf, work, retry);
      },
    );
  }
}

async function resultOf<Result>(attempt: Attempt<Result>): Promise<Result> {
  const outcome = await attempt();
  if (either.isLeft(outcome)) throw outcome.left.error;
  return outcome.right;
}

/** Makes a runner for each device when that is first in use. */
function forEachDevice<Runner>(make: (device: Device) => Runner): (device: Device) => Runner {
  const made = new Map<Device, Runner>();
  return (device) => {
    const runner = made.get(device) ?? make(device);
    made.set(device, runner);
    return runner;
  };
}

/**
 * Joins devices to one. All that runs on it runs on the first of them, until that fails at anything: then all
 * of it moves to the next, so that what belongs together stays in one precision. What was given is never
 * changed by a device that fails, so that nothing is lost. An error that would be the same everywhere, or that
 * stops the work, is thrown as ever; if the last device fails, its error is.
 *
 * The order of attempts is a chain of `TaskEither`s, each `orElse` the next.
 *
 * @param devices The devices, the one to prefer first.
 * @param options What happens to steps in whose midst a device fails.
 * @returns The device; its name and precision are those of the one in use.
 */
export function fallbackDevice(
  devices: readonly [Device, ...Device[]],
  { steps = "retry", before = [] }: FallbackOptions = {},
): FallbackDevice {
  const chain = new Chain(devices, before);
  return {
    get name() {
      return chain.current.name;
    },
    get precision() {
      return chain.current.precision;
    },
    get workers() {
      return chain.current.workers ?? 1;
    },
    get fallbacks() {
      return [...chain.fallbacks];
    },
    instead: (fits) => {
      const [first, ...rest] = chain.others.filter(fits);
      return first === undefined ? undefined : fallbackDevice([first, ...rest], { steps });
    },
    step: (program, leaves, record) => {
      const runnerOf = forEachDevice((device) => device.step(program, leaves, record));
      return {
        run: (...given) =>
          resultOf(
            chain.run(
              runnerOf,
              (runner: StepRunner) => runner.run(...given),
              steps === "retry",
            ),
          ),
      };
    },
    map: (program, own) => {
      const runnerOf = forEachDevice((device) => device.map(program, own));
      return {
        run: (...given) =>
          resultOf(chain.run(runnerOf, (runner: MapRunner) => runner.run(...given), true)),
      };
    },
    hold: () => chain.current.hold(),
  };
}

/** Whether a device can go on elsewhere. */
export function canFallBack(device: Device): device is FallbackDevice {
  return "instead" in device;
}

/** Where something runs, and where it does not any more. */
export interface DeviceInUse {
  /** The device. */
  readonly name: Device["name"];
  /** What floats of programs are there. */
  readonly precision: Precision;
  /** Devices that were given up, in order, each with what took its place and why. */
  readonly fallbacks: readonly Fallback[];
}

/**
 * What is in use of a device.
 *
 * @param device The device.
 * @returns Its name and precision by now, and what was given up for it.
 */
export function deviceInUse(device: Device): DeviceInUse {
  const { name, precision } = device;
  return { name, precision, fallbacks: canFallBack(device) ? device.fallbacks : [] };
}

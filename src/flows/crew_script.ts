/**
 * What runs in a worker of the flow engine. Its text stands alone, so that a worker can be made from it
 * wherever the library was loaded from, and without a permission.
 *
 * @module
 */
import {
  type Description,
  type Earlier,
  type Exports,
  instantiateEngine,
  makeEngine,
  type Step,
  type Team,
  train,
  type Trained,
  writeNumbers,
  type Written,
} from "./engine_calls.ts";

/** Work for a worker. */
export interface Order {
  /** The engine's module. */
  readonly module: WebAssembly.Module;
  /** The shape of the flow. */
  readonly description: Description;
  /** Its state and rows. */
  readonly written: Written;
  /** What to do: send the rows through the flow, find their slopes, or update together with others. */
  readonly work:
    | { readonly inverse: boolean; readonly density: boolean; readonly single: boolean }
    | { readonly scores: true }
    | {
      readonly steps: readonly Step[];
      readonly updates: number;
      readonly count: number;
      readonly earlier?: Earlier | undefined;
      readonly team: Team;
    };
}

/** What a worker gives back: rows with their numbers, or weights and moments after updates. */
export type Answer =
  | { readonly value: Float64Array<ArrayBuffer>; readonly log: Float64Array<ArrayBuffer> }
  | {
    readonly trained: Trained;
    /** Weights, first and second moments; from the first member alone. */
    readonly numbers: readonly Float32Array<ArrayBuffer>[];
  };

/** What a worker says. */
export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly message: string };

interface Scope {
  onmessage: ((event: { readonly data: Order }) => void) | null;
  postMessage(report: Report): void;
}

/** The functions that an engine is used by. */
interface Calls {
  readonly instantiateEngine: (module: WebAssembly.Module) => Promise<Exports>;
  readonly makeEngine: typeof makeEngine;
  readonly writeNumbers: typeof writeNumbers;
  readonly train: typeof train;
}

/** Serves orders. It uses nothing but its arguments and globals: its text is what a worker is made of. */
function serve(scope: Scope, calls: Calls): void {
  const kept = 4;
  const engines = new Map<string, number>();
  let loading: Promise<Exports> | undefined;
  const engineFor = (e: Exports, description: Description): number => {
    const name = JSON.stringify(description);
    const engine = engines.get(name) ?? calls.makeEngine(e, description);
    engines.delete(name);
    engines.set(name, engine);
    for (const [oldest, unused] of engines) {
      if (engines.size <= kept) break;
      engines.delete(oldest);
      e.engineFree(unused);
    }
    return engine;
  };
  const perform = (e: Exports, { description, written, work }: Order): Answer => {
    const engine = engineFor(e, description);
    const at = calls.writeNumbers(e, engine, written);
    if ("team" in work) {
      e.engineWhiten(engine);
      const trained = calls.train(e, engine, work, work.team);
      if (trained === undefined) throw new Error("A member of the team is missing");
      const numbers = (address: number): Float32Array<ArrayBuffer> =>
        new Float32Array(e.memory.buffer, address, work.count).slice();
      if (work.team.member > 0) return { trained, numbers: [] };
      const at = [
        e.engineWeights(engine),
        e.engineFirstMoment(engine),
        e.engineSecondMoment(engine),
      ];
      return { trained, numbers: at.map(numbers) };
    }
    if ("scores" in work) e.engineScores(engine);
    else e.engineMap(engine, Number(work.inverse), Number(work.density), Number(work.single));
    const doubles = (address: number, length: number): Float64Array<ArrayBuffer> =>
      new Float64Array(e.memory.buffer, address, length).slice();
    const { length } = written.data;
    const log = doubles(e.engineLog(engine), length / written.mean.length);
    return { value: doubles(at, length), log };
  };
  scope.onmessage = async ({ data: order }) => {
    try {
      loading ??= calls.instantiateEngine(order.module);
      scope.postMessage({ kind: "done", answer: perform(await loading, order) });
    } catch (error) {
      scope.postMessage({ kind: "failed", message: String(error) });
    }
  };
  scope.postMessage({ kind: "ready" });
}

/** The text of a worker. */
export const CREW_SCRIPT: string = `(${serve})(globalThis, {
  instantiateEngine: ${instantiateEngine},
  makeEngine: ${makeEngine},
  writeNumbers: ${writeNumbers},
  train: ${train},
});`;

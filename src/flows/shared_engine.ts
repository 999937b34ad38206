/**
 * Work of the flow engine, in this thread or shared among workers: the bits are the same.
 *
 * @module
 */
import { type Pauses, pausesOf } from "../device/pause.ts";
import { isWorth } from "../device/share.ts";
import { completeBatches, namedRows } from "./batch.ts";
import { type Crew, crewOf, Deserted } from "./crew.ts";
import type { Answer, Order } from "./crew_script.ts";
import {
  type Batch,
  describe,
  engineModule,
  type EngineShape,
  type EngineUpdates,
  type MapOptions,
  type Mapped,
  type Numbers,
  type Weights,
  withEngine,
} from "./engine.ts";
import type { Step, Written } from "./engine_calls.ts";

/** Where the work of a flow is done. It has no influence on results. */
export interface FlowRunOptions {
  /** How many workers share long work at most; 1 by default, which is this thread alone. */
  readonly workers?: number | undefined;
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Rows that this thread sends through the flow between two looks at the clock: some milliseconds. */
const ROWS_AT_ONCE = 512;
/** Rows that a worker takes at most, which bounds the engine's memory. */
const MOST_ROWS = 4096;
/** Most chunks of a batch; see `train`. */
const MOST_CHUNKS = 8;

/** The workers that are worth it for work that takes so long here; none for this thread alone. */
function crewFor(workers: number, milliseconds: number, crews = crewOf): Crew | undefined {
  if (workers <= 1) return undefined;
  const crew = crews(workers);
  if (isWorth(crew, milliseconds)) return crew;
  // Too little to wait for their start; but more of it may follow.
  if (isWorth({ available: crew.available, ready: true }, milliseconds)) crew.start();
  return undefined;
}

/** Gives what workers give, or nothing where this thread has to do it. */
async function orNothing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deserted) return undefined;
    throw error;
  }
}

/**
 * Sends rows through a flow: each row's bits are those it has alone, however the rows are cut.
 *
 * @param shape What the flow is made of.
 * @param state Weights and whitening.
 * @param data n × d.
 * @param options Which way, what is wanted of each row, and where.
 * @returns The rows and their numbers.
 */
export async function mapRows(
  shape: EngineShape,
  state: Numbers,
  data: Float64Array,
  { workers = 1, signal, ...how }: MapOptions & FlowRunOptions,
): Promise<Mapped> {
  const { dimension } = shape;
  const rows = data.length / dimension;
  const pauses: Pauses = pausesOf(signal);
  const written = await withEngine(shape, (engine) => engine.written(state, data));
  const all = { value: new Float64Array(data.length), log: new Float64Array(rows) };
  const keep = (first: number, { value, log }: Mapped): void => {
    all.value.set(value, first * dimension);
    all.log.set(log, first);
  };
  let milliseconds = 0;
  for (let first = 0; first < rows;) {
    const end = Math.min(first + ROWS_AT_ONCE, rows);
    const piece = data.subarray(first * dimension, end * dimension);
    await withEngine(shape, (engine) => {
      const start = performance.now();
      keep(first, engine.map(state, piece, how));
      milliseconds += performance.now() - start;
    });
    first = end;
    const expected = milliseconds / first * (rows - first);
    const crew = crewFor(workers, expected);
    if (crew !== undefined) {
      const size = Math.ceil((rows - first) / workers / ROWS_AT_ONCE) * ROWS_AT_ONCE;
      const piece = Math.min(size, MOST_ROWS);
      const description = describe(shape);
      const module = await engineModule();
      const orders: Order[] = [];
      for (let from = first; from < rows; from += piece) {
        const part = data.slice(from * dimension, (from + piece) * dimension);
        const work = { inverse: how.inverse, density: how.density, single: how.single ?? false };
        orders.push({ module, description, written: { ...written, data: part }, work });
      }
      const answers = await orNothing(
        crew.run(() => orders, { signal, milliseconds: expected }),
      );
      answers?.forEach((answer, i) => keep(first + i * piece, answer as Mapped));
      if (answers !== undefined) break;
    }
    if (pauses.due()) await pauses.take();
  }
  return all;
}

/** How long a row takes in training, for shapes that have been trained in this thread. */
const pace = new Map<string, number>();

/**
 * Updates weights by batches.
 *
 * @param shape What the flow is made of.
 * @param state The weights before, and the whitening.
 * @param data n × d, from which the batches choose rows.
 * @param batches What each update is made from, and how.
 * @param options Where.
 * @returns The weights after, their mean, and the losses.
 * @throws {RangeError} If a batch is empty, names rows that are not there, or its options are out of
 * range.
 */
export async function updateWeights(
  shape: EngineShape,
  state: Numbers & Weights,
  data: Float64Array,
  batches: readonly Batch[],
  { workers = 1, signal }: FlowRunOptions = {},
): Promise<EngineUpdates> {
  signal?.throwIfAborted();
  const complete = completeBatches(batches, data.length / shape.dimension);
  await withEngine(shape, (engine) => engine.written(state, data));
  const { data: rows, steps } = namedRows(data, shape.dimension, complete);
  const examples = steps.reduce((sum, step) => sum + step.rows.length, 0);
  const name = JSON.stringify(shape);
  const expected = (pace.get(name) ?? 0) * examples;
  const crew = typeof SharedArrayBuffer === "function" ? crewFor(workers, expected) : undefined;
  if (crew !== undefined) {
    const written = await withEngine(shape, (engine) => engine.written(state, rows));
    const work = { shape, state, written, steps };
    const trained = await orNothing(trainTogether(crew, work, { signal, expected }));
    if (trained !== undefined) return trained;
  }
  return await withEngine(shape, (engine) => {
    const start = performance.now();
    const updated = engine.update(state, rows, steps);
    if (examples > 0) pace.set(name, (performance.now() - start) / examples);
    return updated;
  });
}

/** What a team trains. */
export interface TeamWork {
  /** What the flow is made of. */
  readonly shape: EngineShape;
  /** The weights before. */
  readonly state: Weights;
  /** What is written to each member's engine, but for the moments. */
  readonly written: Written;
  /** The updates. */
  readonly steps: readonly Step[];
}

/**
 * Trains in all workers of a crew together.
 *
 * @param crew The workers.
 * @param work What is trained.
 * @param options Signal, expected time in one thread, and how long members wait for each other.
 * @returns The weights after, their mean, and the losses.
 * @throws {Deserted} If workers could not do it.
 */
export async function trainTogether(
  crew: Crew,
  { shape, state, written, steps }: TeamWork,
  { signal, expected = 0, patience = 20_000 }: {
    readonly signal?: AbortSignal | undefined;
    readonly expected?: number;
    readonly patience?: number;
  } = {},
): Promise<EngineUpdates> {
  const module = await engineModule();
  const count = state.weights.length;
  const stride = Math.ceil(count / 4) * 4;
  const shared = {
    control: new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT),
    losses: new SharedArrayBuffer(2 * MOST_CHUNKS * Float64Array.BYTES_PER_ELEMENT),
    slopes: new SharedArrayBuffer(2 * MOST_CHUNKS * stride * Float32Array.BYTES_PER_ELEMENT),
  };
  const moments = { first: state.firstMoment, second: state.secondMoment };
  const orders = (members: number): readonly Order[] =>
    Array.from({ length: members }, (_, member) => ({
      module,
      description: describe(shape),
      written: { ...written, moments },
      work: {
        steps,
        updates: state.updates,
        count,
        team: { member, members, patience: patience + 20 * expected, ...shared },
      },
    }));
  const options = { signal, milliseconds: expected, control: shared.control };
  const [first] = await crew.run(orders, options);
  const { trained: { losses, average, updates }, numbers } = first as Extract<
    Answer,
    { readonly trained: unknown }
  >;
  const [weights, firstMoment, secondMoment] = numbers;
  return { weights: { weights, firstMoment, secondMoment, updates }, average, losses };
}

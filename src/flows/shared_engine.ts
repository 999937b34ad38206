/**
 * Work of the flow engine, in this thread or shared among workers: the bits are the same.
 *
 * @module
 */
import { type Pauses, pausesOf } from "../device/pause.ts";
import { isWorth } from "../device/share.ts";
import { type Batch, completeBatches, namedRows } from "./batch.ts";
import { type Crew, crewOf, Deserted } from "./crew.ts";
import type { Answer, Order } from "./crew_script.ts";
import {
  describe,
  type Engine,
  engineModule,
  type EngineShape,
  type EngineUpdates,
  type MapOptions,
  type Mapped,
  type Numbers,
  type Weights,
  withEngine,
} from "./engine.ts";
import type { Earlier, Step, Written } from "./engine_calls.ts";

/** Where the work of a flow is done. It has no influence on results. */
export interface FlowRunOptions {
  /** How many workers share long work at most; 1 by default, which is this thread alone. */
  readonly workers?: number | undefined;
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Rows that this thread sends through the flow between two looks at the clock: some milliseconds. */
const ROWS_AT_ONCE = 512;
/** Rows that the engine takes together. */
const BLOCK_ROWS = 64;
/** Rows that a worker takes at most, which bounds the engine's memory. */
const MOST_ROWS = 4096;
/** Updates of this thread between two looks at the clock take about so long. */
const SLICE_MILLISECONDS = 8;
/** What would take one thread longer is given to a team in parts: a lost worker costs no more than one. */
const TEAM_MILLISECONDS = 1000;
/** Most chunks of a batch; see `train`. */
const MOST_CHUNKS = 8;

/** How long a row takes in this thread, by the shape of the flow and what is done; 0 if unknown. */
const paces = new Map<string, number>();
/** So many are remembered. */
const MOST_PACES = 32;

function rememberPace(name: string, milliseconds: number): void {
  // Put in again as the newest; the oldest goes.
  paces.delete(name);
  paces.set(name, milliseconds);
  const [oldest] = paces.keys();
  if (paces.size > MOST_PACES) paces.delete(oldest);
}

/** The workers that are worth it for work that takes so long here; none for this thread alone. */
function crewFor(workers: number, milliseconds: number): Crew | undefined {
  if (workers <= 1) return undefined;
  const crew = crewOf(workers);
  if (isWorth(crew, milliseconds)) return crew;
  // Too little to wait for their start; but more of it may follow where they are held.
  if (isWorth({ available: crew.available, ready: true }, milliseconds)) crew.miss(milliseconds);
  return undefined;
}

/** Whether workers did it; if not, this thread has to. */
async function isDone(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Deserted) return false;
    throw error;
  }
}

/** What is wanted of rows: their images and densities, or the slopes of the log density in them. */
export type RowWork = MapOptions | { readonly scores: true };

/**
 * Sends rows through a flow: each row's bits are those it has alone, however the rows are cut.
 *
 * @param shape What the flow is made of.
 * @param state Weights and whitening.
 * @param data n × d.
 * @param how What is wanted of each row.
 * @param where How many workers, and a signal.
 * @returns The rows and their numbers.
 */
export async function mapRows(
  shape: EngineShape,
  state: Numbers,
  data: Float64Array,
  how: RowWork,
  { workers = 1, signal }: FlowRunOptions = {},
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
  const here = (engine: Engine, piece: Float64Array): Mapped =>
    "scores" in how ? engine.scores(state, piece) : engine.map(state, piece, how);
  const name = JSON.stringify([shape, how]);
  let deserted = false;
  for (let first = 0; first < rows;) {
    const expected = (paces.get(name) ?? 0) * (rows - first);
    const crew = deserted ? undefined : crewFor(workers, expected);
    if (crew !== undefined) {
      const orders = { shape, written, how, first };
      if (await isDone(mapTogether(crew, orders, keep, { signal, expected }))) break;
      deserted = true;
    }
    const from = first;
    const end = Math.min(from + ROWS_AT_ONCE, rows);
    await withEngine(shape, (engine) => {
      const start = performance.now();
      keep(from, here(engine, data.subarray(from * dimension, end * dimension)));
      rememberPace(name, (performance.now() - start) / (end - from));
    });
    first = end;
    if (pauses.due()) await pauses.take();
  }
  return all;
}

/** Sends the rows from `first` on through a flow in workers, in pieces. */
async function mapTogether(
  crew: Crew,
  { shape, written, how, first }: {
    readonly shape: EngineShape;
    readonly written: Written;
    readonly how: RowWork;
    readonly first: number;
  },
  keep: (first: number, part: Mapped) => void,
  { signal, expected }: { readonly signal: AbortSignal | undefined; readonly expected: number },
): Promise<void> {
  const { data } = written;
  const { dimension } = shape;
  const rest = data.length / dimension - first;
  const size = Math.ceil(rest / crew.size / BLOCK_ROWS) * BLOCK_ROWS;
  const piece = Math.min(size, MOST_ROWS);
  const module = await engineModule();
  const description = describe(shape);
  const work = "scores" in how ? how : { ...how, single: how.single ?? false };
  function* orders(): Generator<Order> {
    for (let at = first * dimension; at < data.length; at += piece * dimension) {
      const part = data.slice(at, at + piece * dimension);
      yield { module, description, written: { ...written, data: part }, work };
    }
  }
  const take = (answer: Answer, number: number): void =>
    keep(first + number * piece, answer as Mapped);
  await crew.run(orders, take, { signal, milliseconds: expected });
}

/** How many steps from one on have at most so many examples; at least one. */
function stepsWithin(steps: readonly Step[], from: number, examples: number): readonly Step[] {
  let end = from;
  let sum = 0;
  while (end < steps.length) {
    sum += steps[end].rows.length;
    if (sum > examples && end > from) break;
    end++;
  }
  return steps.slice(from, end);
}

const examplesOf = (steps: readonly Step[]): number =>
  steps.reduce((sum, { rows }) => sum + rows.length, 0);

/**
 * Updates weights by batches, in this thread in slices between which other tasks have their turn.
 *
 * @param shape What the flow is made of.
 * @param state The weights before, and the whitening.
 * @param data n × d, from which the batches choose rows.
 * @param batches What each update is made from, and how.
 * @param where How many workers, and a signal.
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
): Promise<Omit<EngineUpdates, "sum">> {
  const pauses = pausesOf(signal);
  await withEngine(shape, (engine) => engine.written(state, data));
  const steps = completeBatches(batches, data.length / shape.dimension);
  const name = JSON.stringify(shape);
  const { weights, firstMoment, secondMoment, updates } = state;
  let now: Weights = { weights, firstMoment, secondMoment, updates };
  let average = state.weights;
  let earlier: Earlier | undefined;
  const losses: number[] = [];
  const keep = (updated: EngineUpdates): void => {
    now = updated.weights;
    average = updated.average;
    for (const loss of updated.losses) losses.push(loss);
    earlier = { steps: losses.length, sum: updated.sum };
  };
  // Without shared memory no team can be had.
  let alone = typeof SharedArrayBuffer !== "function";
  while (losses.length < steps.length) {
    const each = paces.get(name);
    // As long as nothing is known, one update.
    const within = (milliseconds: number): readonly Step[] =>
      stepsWithin(steps, losses.length, each === undefined ? 1 : milliseconds / each);
    const part = within(TEAM_MILLISECONDS);
    const expected = (each ?? 0) * examplesOf(part);
    const crew = alone ? undefined : crewFor(workers, expected);
    if (crew !== undefined) {
      const named = namedRows(data, shape.dimension, part);
      const written = await withEngine(
        shape,
        (engine) => engine.written({ ...state, ...now }, named.data),
      );
      const work = { shape, state: now, written, steps: named.steps, earlier };
      const together = trainTogether(crew, work, { signal, expected }).then(keep);
      if (await isDone(together)) continue;
      alone = true;
    }
    const named = namedRows(data, shape.dimension, within(SLICE_MILLISECONDS));
    await withEngine(shape, (engine) => {
      const start = performance.now();
      keep(engine.update({ ...state, ...now }, named.data, named.steps, earlier));
      rememberPace(name, (performance.now() - start) / examplesOf(named.steps));
    });
    if (pauses.due()) await pauses.take();
  }
  return { weights: now, average, losses };
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
  /** Updates of the same call before them. */
  readonly earlier?: Earlier | undefined;
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
  { shape, state, written, steps, earlier }: TeamWork,
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
        earlier,
        team: { member, members, patience: patience + 20 * expected, ...shared },
      },
    }));
  const answers: Answer[] = [];
  const take = (answer: Answer, member: number): void => void (answers[member] = answer);
  await crew.run(orders, take, { signal, milliseconds: expected, control: shared.control });
  const { trained: { losses, average, sum, updates }, numbers } = answers[0] as Extract<
    Answer,
    { readonly trained: unknown }
  >;
  const [weights, firstMoment, secondMoment] = numbers;
  return { weights: { weights, firstMoment, secondMoment, updates }, average, sum, losses };
}

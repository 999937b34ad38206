/**
 * Training of flows on a WebGPU device.
 *
 * @module
 */
import { pausesOf } from "../device/pause.ts";
import { logDensityAtOrigin } from "./base.ts";
import type { EngineShape, EngineUpdates, Numbers, Weights } from "./engine.ts";
import type { Step } from "./engine_calls.ts";
import {
  GROUP,
  PRODUCTS_AT_ONCE,
  rowsWithin,
  type StateBuffers,
  SUBMISSIONS_AHEAD,
  writeState,
} from "./webgpu_map.ts";
import { type FlowPlan, packed, unpacked } from "./webgpu_plan.ts";
import { type Lease, ShaderProgram, TOLD_STRIDE, type WatchedDevice } from "./webgpu_program.ts";
import { programText } from "./webgpu_shaders.ts";
import { logDeterminantOf } from "./webgpu_white.ts";

/** What the rows of a pass leave has at most so many numbers: 64 MiB. */
const MOST_KEPT = 16_777_216;
/** What a row costs beside the products of its way forward: those of the way back. */
const WAYS = 3;
const BETA1 = 0.9;
const BETA2 = 0.999;
const LARGEST = 3.4028234663852886e38;

/** One pass: some rows of one update. */
interface Pass {
  readonly update: number;
  readonly first: number;
  readonly rows: number;
  readonly begins: boolean;
  readonly ends: boolean;
}

/** What training starts from. */
export interface TrainingStart {
  /** The weights before, and the whitening. */
  readonly state: Numbers & Weights;
  /** White rows, n × d. */
  readonly white: Float32Array<ArrayBuffer>;
  /** The updates, whose rows are among these. */
  readonly steps: readonly Step[];
}

/** How training is run. */
export interface TrainingRun {
  /** Rows of a pass at most, a multiple of 64; as many as are good for it by default. */
  readonly rowsAtOnce?: number | undefined;
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** 1/(1 − β₁ⁿ) and 1/(1 − β₂ⁿ) for each of the next updates. */
function corrections(updates: number, count: number): Float32Array<ArrayBuffer> {
  // By repeated multiplication, which is the same on every machine.
  let [first, second] = [1, 1];
  for (let n = 0; n < updates; n++) [first, second] = [first * BETA1, second * BETA2];
  const all = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    [first, second] = [first * BETA1, second * BETA2];
    all.set([1 / (1 - first), 1 / (1 - second)], 2 * i);
  }
  return all;
}

function passesOf(steps: readonly Step[], rowsAtOnce: number): Pass[] {
  const passes: Pass[] = [];
  let start = 0;
  steps.forEach(({ rows: { length } }, update) => {
    for (let first = 0; first < length; first += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, length - first);
      const ends = first + rows === length;
      passes.push({ update, first: start + first, rows, begins: first === 0, ends });
    }
    start += length;
  });
  return passes;
}

/** `Pass` in `shaders/flow_pass.wgsl`. */
function record({ update, first, rows, begins }: Pass, step: Step, broken: boolean): ArrayBuffer {
  const bytes = new ArrayBuffer(48);
  new Uint32Array(bytes).set([update, first, rows, Number(begins), Number(broken)]);
  const { learningRate, clip, weightDecay } = step;
  const shrink = 1 - learningRate * weightDecay;
  const floats = [1 / step.rows.length, learningRate, Math.min(clip, LARGEST), shrink];
  new Float32Array(bytes).set(floats, 5);
  return bytes;
}

/** `Chosen` in `shaders/flow_train.wgsl`, for the rows of all batches. */
function chosenRows(steps: readonly Step[]): Uint32Array<ArrayBuffer> {
  const count = steps.reduce((sum, { rows }) => sum + rows.length, 0);
  const words = new Uint32Array(2 * count);
  const floats = new Float32Array(words.buffer);
  let at = 0;
  for (const { rows, weights } of steps) {
    rows.forEach((row, i) => {
      words[at] = row;
      floats[at + 1] = weights?.[i] ?? 1;
      at += 2;
    });
  }
  return words;
}

/** For each step, whether it reads numbers that are not finite: shaders need not notice. */
function brokenSteps({ white, steps }: TrainingStart, d: number): boolean[] {
  const bad = new Set<number>();
  white.forEach((each, i) => {
    if (!Number.isFinite(each)) bad.add(Math.floor(i / d));
  });
  return steps.map(({ rows, weights }) =>
    rows.some((row) => bad.has(row)) || (weights?.some((each) => !Number.isFinite(each)) ?? false)
  );
}

/** Buffers of one training. */
interface Buffers extends StateBuffers {
  readonly kept: GPUBufferBinding;
  readonly losses: GPUBufferBinding;
  readonly parts: GPUBufferBinding;
  readonly slopes: GPUBufferBinding;
  readonly report: GPUBufferBinding;
  readonly progress: GPUBufferBinding & { readonly buffer: GPUBuffer };
  readonly moments: GPUBufferBinding & { readonly buffer: GPUBuffer };
}

/** The programs' bind groups and pipelines. */
interface Stage {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: (pass: Pass) => readonly [number, number];
  /** Left out in passes that do not end an update. */
  readonly atEnd: boolean;
}

/** Trains one flow. */
export class WebGpuTraining {
  readonly #watched: WatchedDevice;
  readonly #shape: EngineShape;
  readonly #plan: FlowPlan;
  readonly #train: ShaderProgram;
  readonly #slopes: ShaderProgram;
  readonly #adam: ShaderProgram;

  /**
   * @param watched The device.
   * @param shape What the flow is made of.
   * @param plan How it is laid out.
   * @param changed Changes the shaders' text.
   */
  constructor(
    watched: WatchedDevice,
    shape: EngineShape,
    plan: FlowPlan,
    changed = (text: string): string => text,
  ) {
    this.#watched = watched;
    this.#shape = shape;
    this.#plan = plan;
    const text = (name: "train" | "slopes" | "adam"): string =>
      changed(programText(name, plan.constants));
    const { device } = watched;
    const [read, written, told] = ["read", "written", "told"] as const;
    const layers = [read, read, read];
    this.#train = new ShaderProgram(device, text("train"), [
      ...[...layers, written, told, read, read, written],
    ]);
    this.#slopes = new ShaderProgram(device, text("slopes"), [
      ...[told, read, read, written, written, written, written],
    ]);
    this.#adam = new ShaderProgram(device, text("adam"), [
      ...[told, read, read, read, written, written, written],
    ]);
  }

  /**
   * Updates weights, one batch after the other: the bits do not depend on how rows are split into passes
   * and passes into submissions.
   *
   * @param start What it starts from.
   * @param run How it is run.
   * @returns The weights after, their mean, and the losses.
   */
  async run(start: TrainingStart, run: TrainingRun = {}): Promise<Omit<EngineUpdates, "sum">> {
    const { state, steps } = start;
    if (steps.length === 0) {
      const { weights, firstMoment, secondMoment, updates } = state;
      return {
        weights: { weights, firstMoment, secondMoment, updates },
        average: weights,
        losses: [],
      };
    }
    return await this.#watched.run((lease) => this.#leased(lease, start, run), run.signal);
  }

  async #leased(
    lease: Lease,
    start: TrainingStart,
    { signal, rowsAtOnce = this.#rowsAtOnce() }: TrainingRun,
  ): Promise<Omit<EngineUpdates, "sum">> {
    const { state, steps } = start;
    const plan = this.#plan;
    const broken = brokenSteps(start, this.#shape.dimension);
    const passes = passesOf(steps, rowsAtOnce);
    const most = passes.reduce((rows, pass) => Math.max(rows, pass.rows), 0);
    const records = passes.map((pass) => record(pass, steps[pass.update], broken[pass.update]));
    const buffers = this.#write(lease, state, most, steps.length);
    const stages = await this.#stages(lease, buffers, start, records);
    await this.#submit(passes, broken, stages, signal);
    const bytes = await lease.read([
      buffers.weights,
      buffers.moments,
      buffers.report,
      buffers.progress,
    ]);
    const [weights, moments, report] = bytes.map((each) => new Float32Array(each));
    const part = (i: number): Float32Array =>
      unpacked(plan, moments.subarray(4 * plan.vectors * i, 4 * plan.vectors * (i + 1)));
    const [changes] = new Uint32Array(bytes[3]);
    return {
      weights: {
        weights: unpacked(plan, weights),
        firstMoment: part(0),
        secondMoment: part(1),
        updates: state.updates + changes,
      },
      average: part(2).map((sum) => sum / steps.length),
      losses: steps.map((step, i) => broken[i] ? NaN : this.#loss(state, step, report[i])),
    };
  }

  /** With the constants that all rows share. */
  #loss(state: Numbers, { rows, weights }: Step, loss: number): number {
    const constant = logDensityAtOrigin(this.#shape.base) + logDeterminantOf(state);
    const total = weights?.reduce((sum, each) => sum + each, 0) ?? rows.length;
    return loss - (total / rows.length) * constant;
  }

  #rowsAtOnce(): number {
    const most = Math.floor(MOST_KEPT / (4 * this.#plan.rowVectors * GROUP)) * GROUP;
    const parts = Math.floor(MOST_KEPT / (4 * this.#plan.vectors)) * GROUP;
    const good = rowsWithin(PRODUCTS_AT_ONCE / WAYS, this.#plan);
    return Math.max(GROUP, Math.min(most, parts, good));
  }

  #write(lease: Lease, state: Numbers & Weights, rows: number, updates: number): Buffers {
    const { queue } = this.#watched.device;
    const plan = this.#plan;
    const groups = Math.ceil(rows / GROUP);
    const bytes = 16 * plan.vectors;
    const moments = lease.room(3 * bytes);
    queue.writeBuffer(moments.buffer, 0, packed(plan, state.firstMoment));
    queue.writeBuffer(moments.buffer, bytes, packed(plan, state.secondMoment));
    const progress = lease.room(20);
    queue.writeBuffer(progress.buffer, 0, new Uint32Array(5));
    return {
      ...writeState(lease, plan, state),
      kept: lease.room(groups * GROUP * plan.rowVectors * 16),
      losses: lease.room(4 * groups),
      // Where a map has fewer rows than others no slopes are written, and none may be read.
      parts: lease.zeros(groups * bytes),
      slopes: lease.room(bytes),
      report: lease.room(4 * updates),
      progress,
      moments,
    };
  }

  async #stages(
    lease: Lease,
    buffers: Buffers,
    { state, white, steps }: TrainingStart,
    records: readonly ArrayBuffer[],
  ): Promise<Stage[]> {
    const { plan, weights, rotations, kept, losses, parts, slopes, report, progress, moments } =
      buffers;
    const told = lease.tell(records);
    const points = lease.upload(white);
    const chosen = lease.upload(chosenRows(steps));
    const tiles = lease.upload(this.#plan.tiles);
    const table = lease.upload(corrections(state.updates, steps.length));
    const train = [plan, weights, rotations, kept, told, points, chosen, losses];
    const sums = this.#slopes.bind([told, kept, tiles, parts, losses, slopes, report]);
    const adam = this.#adam.bind([told, slopes, table, report, progress, moments, weights]);
    const groups = ({ rows }: Pass): number => Math.ceil(rows / GROUP);
    const vectors = Math.ceil(this.#plan.vectors / GROUP);
    const squares = Math.ceil(this.#plan.tiles.length / 4 / GROUP);
    return [
      {
        pipeline: await this.#train.pipeline("train"),
        group: this.#train.bind(train),
        workgroups: (pass) => [groups(pass), 1],
        atEnd: false,
      },
      {
        pipeline: await this.#slopes.pipeline("sum_rows"),
        group: sums,
        workgroups: (pass) => [squares, groups(pass)],
        atEnd: false,
      },
      {
        pipeline: await this.#slopes.pipeline("sum_groups"),
        group: sums,
        workgroups: () => [vectors, 1],
        atEnd: false,
      },
      {
        pipeline: await this.#adam.pipeline("settle"),
        group: adam,
        workgroups: () => [1, 1],
        atEnd: true,
      },
      {
        pipeline: await this.#adam.pipeline("update"),
        group: adam,
        workgroups: () => [vectors, 1],
        atEnd: true,
      },
    ];
  }

  async #submit(
    passes: readonly Pass[],
    broken: readonly boolean[],
    stages: readonly Stage[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { device } = this.#watched;
    const pauses = pausesOf(signal);
    const rows = rowsWithin(PRODUCTS_AT_ONCE / WAYS, this.#plan);
    let submissions = 0;
    for (let next = 0; next < passes.length;) {
      const encoder = device.createCommandEncoder();
      const compute = encoder.beginComputePass();
      let here = 0;
      do {
        const pass = passes[next];
        for (const { pipeline, group, workgroups, atEnd } of stages) {
          if (atEnd ? !pass.ends : broken[pass.update]) continue;
          compute.setPipeline(pipeline);
          compute.setBindGroup(0, group, [next * TOLD_STRIDE]);
          compute.dispatchWorkgroups(...workgroups(pass));
        }
        here += pass.rows;
        next++;
      } while (next < passes.length && here + passes[next].rows <= rows);
      compute.end();
      device.queue.submit([encoder.finish()]);
      submissions++;
      if (submissions % SUBMISSIONS_AHEAD === 0) {
        await device.queue.onSubmittedWorkDone();
        if (pauses.due()) await pauses.take();
      }
    }
  }
}

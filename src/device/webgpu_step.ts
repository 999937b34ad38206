/**
 * A step on a GPU: all chains at once, many steps a dispatch, and the state stays there between runs.
 *
 * @module
 */
import { type StepShader, stepShader } from "../compile/wgsl/shader.ts";
import { inputTypes, type Program, type ValueType } from "../tensor/program.ts";
import type { Key } from "../tensor/random.ts";
import type { ArrayData } from "../tensor/program.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor, words } from "../tensor/tensor.ts";
import { groupsOf, readBlocks, readSlot, writeBlocks } from "./blocks.ts";
import { chainsOf, checkRun, checkStep } from "./checks.ts";
import type { RunOptions, StepResult, StepRunner } from "./device.ts";
import { TooLarge } from "./failures.ts";
import { Pacing } from "./pacing.ts";
import { type Connection, connection } from "./webgpu_connection.ts";
import { type Given, LEAST_GROUPS, type WebgpuHow, WebgpuProgram } from "./webgpu_program.ts";

const DRAW_BYTES = 2 ** 26;

/** One run: what it needs to know of itself. */
interface Job {
  readonly chains: number;
  readonly groups: number;
  readonly steps: number;
  readonly thin: number;
  readonly firstStep: number;
  readonly signal: AbortSignal | undefined;
  /** For how many draws of all chains there is room on the GPU. */
  readonly room: number;
  /** The draws of each recorded leaf, chains × kept × shape. */
  readonly out: readonly ArrayData[];
}

/** A step of one chain, compiled for a GPU. */
export class WebgpuStep implements StepRunner {
  readonly #shader: StepShader;
  readonly #types: readonly ValueType[];
  readonly #connect: () => Promise<Connection>;
  readonly #drawBytes: number;
  readonly #scratchBytes: number | undefined;
  #program: Promise<WebgpuProgram> | undefined;
  /** What the blocks on the GPU hold, so that it need not be written again. */
  #resident: readonly Tensor[] = [];
  #firstChain = 0;
  #busy: Promise<unknown> = Promise.resolve();
  /** Counts steps of a group. */
  readonly #pacing = new Pacing();
  #groups = 0;

  /**
   * @param program The step.
   * @param leaves How many of its inputs are the state.
   * @param record Which leaves make a draw.
   * @param how How it is printed, and where it runs.
   * @throws {UnsupportedProgram} If the step calls functions of the host.
   */
  constructor(
    program: Program,
    leaves: number,
    record: readonly number[],
    { connect = connection, exact, drawBytes = DRAW_BYTES, scratchBytes }: WebgpuHow = {},
  ) {
    checkStep(program, leaves);
    this.#types = inputTypes(program).slice(0, -1);
    this.#shader = stepShader(program, leaves, record, { exact });
    this.#connect = connect;
    this.#drawBytes = drawBytes;
    this.#scratchBytes = scratchBytes;
  }

  run(
    state: readonly Tensor[],
    shared: readonly Tensor[],
    key: Key,
    options: RunOptions,
  ): Promise<StepResult> {
    // One at a time: the memory is shared by all runs of this runner.
    const result = this.#busy.then(() => this.#run(state, shared, key, options));
    this.#busy = result.catch(() => {});
    return result;
  }

  /** Gives its memory on the GPU back once its work is done; it can run again. */
  release(): void {
    this.#busy = this.#busy.then(async () => {
      const program = this.#program;
      this.#program = undefined;
      this.#resident = [];
      (await program?.catch(() => undefined))?.destroy();
    });
  }

  async #run(
    state: readonly Tensor[],
    shared: readonly Tensor[],
    key: Key,
    options: RunOptions,
  ): Promise<StepResult> {
    checkRun(options);
    const { steps, thin = steps + 1, firstStep = 0, firstChain = 0, signal } = options;
    const { block, draws: layout } = this.#shader;
    const chains = chainsOf(this.#types, state, shared);
    signal?.throwIfAborted();
    const program = await this.#ready();
    const groups = groupsOf(chains, block);
    const { mostBytes } = program.connection;
    expectRoom(chains, groups * Math.max(block.bytes, layout.bytes), mostBytes);
    const kept = Math.floor(steps / thin);
    const stride = Math.max(groups * layout.bytes, 4);
    const room = Math.max(
      1,
      Math.min(kept, Math.floor(Math.min(this.#drawBytes, mostBytes) / stride)),
    );
    const ownBytes = groups * block.bytes;
    const fresh = await program.reserve({
      own: ownBytes,
      results: room * stride,
      scratch: Math.min(groups, program.mostGroups) * this.#shader.scratchBytes,
      readable: ownBytes + room * stride,
    });
    if (fresh.has("own")) this.#resident = [];
    this.#write(program, { chains, groups, firstChain }, state, shared, key);
    const out = layout.slots.map(({ dtype, shape }) =>
      allocate(dtype, chains * kept * sizeOf(shape))
    );
    const next = await this.#advance(program, {
      ...{ chains, groups, steps, thin, firstStep, signal, room, out },
    });
    this.#resident = next;
    return {
      state: next,
      draws: layout.slots.map(({ dtype, shape }, k) =>
        fromArray({ dtype, shape: [chains, kept, ...shape], data: out[k] })
      ),
    };
  }

  /** The program on the connection of now: on a new one after the last was lost. */
  async #ready(): Promise<WebgpuProgram> {
    const open = await this.#connect();
    const known = await this.#program?.catch(() => undefined);
    if (known?.connection === open) return known;
    this.#resident = [];
    this.#program = WebgpuProgram.of(open, this.#shader, this.#scratchBytes);
    return await this.#program;
  }

  #write(
    program: WebgpuProgram,
    { chains, groups, firstChain }: {
      readonly chains: number;
      readonly groups: number;
      readonly firstChain: number;
    },
    state: readonly Tensor[],
    shared: readonly Tensor[],
    key: Key,
  ): void {
    const { block, key: keyAddress } = this.#shader;
    program.share(shared, (image) => new Uint32Array(image, keyAddress, 2).set(key.data));
    const there = firstChain === this.#firstChain &&
      state.length === this.#resident.length &&
      state.every((leaf, i) => leaf === this.#resident[i]);
    if (!there) {
      const buffer = new ArrayBuffer(groups * block.bytes);
      const numbers = words(Uint32Array.from({ length: chains }, (_, i) => firstChain + i));
      writeBlocks({ buffer }, 0, block, [numbers, ...state]);
      program.writeOwn(buffer);
    }
    this.#resident = [];
    this.#firstChain = firstChain;
    if (groups !== this.#groups) this.#pacing.reset();
    this.#groups = groups;
  }

  /** Takes all steps, and reads the draws and the last state. */
  async #advance(program: WebgpuProgram, job: Job): Promise<readonly Tensor[]> {
    const { chains, groups, steps, thin, firstStep, signal, room } = job;
    const { block, draws: layout } = this.#shader;
    const stride = groups * layout.bytes;
    const pacing = this.#pacing;
    // Draws that were read, and those that lie on the GPU.
    let [read, there] = [0, 0];
    for (let at = 0; at < steps;) {
      const missing = thin - at % thin;
      const most = Math.max(1, Math.floor(pacing.units / groups));
      const whole = missing === thin && most >= thin && at + thin <= steps;
      // Either some draws, each after `thin` steps, or a part of the steps to the next draw.
      const kept = whole
        ? Math.min(Math.floor(most / thin), Math.floor((steps - at) / thin), room - there)
        : 1;
      const apart = whole ? thin : Math.min(most, missing, steps - at);
      await this.#dispatch(program, job, kept * apart, {
        firstStep: firstStep + at,
        kept,
        thin: apart,
        drawStride: stride,
        drawsFrom: there * stride,
      });
      at += kept * apart;
      if (at % thin === 0) there += kept;
      if (at === steps) break;
      if (there === room) {
        await program.read(
          [{ of: "results", bytes: there * stride }],
          (buffer) => this.#keep(buffer, { from: read, count: there }, job),
        );
        read += there;
        there = 0;
      } else if (pacing.due) await program.wait();
      else continue;
      pacing.done();
      signal?.throwIfAborted();
    }
    const blockBytes = groups * block.bytes;
    let next: readonly Tensor[] = [];
    await program.read(
      [{ of: "own", bytes: blockBytes }, { of: "results", bytes: there * stride }],
      (buffer) => {
        [, ...next] = readBlocks({ buffer }, 0, block, chains);
        this.#keep(buffer, { from: read, count: there, at: blockBytes }, job);
      },
    );
    pacing.done();
    signal?.throwIfAborted();
    return next;
  }

  /** Takes some steps of all groups: at once, or of some groups after others where that takes long. */
  async #dispatch(
    program: WebgpuProgram,
    { groups, signal }: Job,
    steps: number,
    given: Given,
  ): Promise<void> {
    const pacing = this.#pacing;
    for (let from = 0; from < groups;) {
      const fitting = Math.max(LEAST_GROUPS, Math.floor(pacing.units / steps));
      const count = Math.min(groups - from, fitting);
      program.dispatch(count, given, from);
      pacing.sent(count * steps);
      from += count;
      if (from === groups || !pacing.due) continue;
      await program.wait();
      pacing.done();
      signal?.throwIfAborted();
    }
  }

  /** Takes draws out of memory. */
  #keep(
    buffer: ArrayBuffer,
    { from, count, at = 0 }: {
      readonly from: number;
      readonly count: number;
      readonly at?: number;
    },
    { chains, groups, steps, thin, out }: Job,
  ): void {
    const { draws: layout } = this.#shader;
    const kept = Math.floor(steps / thin);
    for (let d = 0; d < count; d++) {
      layout.slots.forEach((slot, k) => {
        const size = sizeOf(slot.shape);
        const base = at + d * groups * layout.bytes;
        readSlot({ buffer }, base, layout, slot, chains, out[k], kept * size, (from + d) * size);
      });
    }
  }
}

/** Checks that what chains have for themselves fits a buffer. */
function expectRoom(chains: number, bytes: number, mostBytes: number): void {
  if (bytes <= mostBytes) return;
  const most = Math.floor(chains * mostBytes / bytes);
  throw new TooLarge(
    `Cannot run ${chains} chains on the device "webgpu": they take ${bytes} bytes, and a buffer of ` +
      `this GPU has ${mostBytes} at most. Run up to ${most} chains, or the device "wasm"`,
    `${chains} chains take ${bytes} bytes, and a buffer of this GPU has ${mostBytes} at most`,
  );
}

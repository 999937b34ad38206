/**
 * A function of one point on a GPU, applied to many.
 *
 * @module
 */
import { type MapShader, mapShader } from "../compile/wgsl/shader.ts";
import { type ArrayData, inputTypes, type Program, type ValueType } from "../tensor/program.ts";
import { allocate, sizeOf } from "../tensor/shape.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import { groupsOf, readSlot, writeBlocks } from "./blocks.ts";
import { chainsOf } from "./checks.ts";
import type { MapOptions, MapRunner } from "./device.ts";
import { Pacing } from "./pacing.ts";
import { type Connection, connection } from "./webgpu_connection.ts";
import { LEAST_GROUPS, type WebgpuHow, WebgpuProgram } from "./webgpu_program.ts";

/** Points go to the GPU and come back in parts of so many bytes. */
const PART_BYTES = 2 ** 26;

/** A function of one point, compiled for a GPU. */
export class WebgpuMap implements MapRunner {
  readonly #shader: MapShader;
  readonly #types: readonly ValueType[];
  readonly #connect: () => Promise<Connection>;
  readonly #partBytes: number;
  readonly #scratchBytes: number | undefined;
  readonly #pacing = new Pacing();
  #program: Promise<WebgpuProgram> | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  /**
   * @param program The function.
   * @param own How many of its inputs each point has for itself.
   * @param how How it is printed, and where it runs.
   * @throws {UnsupportedProgram} If the function calls functions of the host.
   */
  constructor(
    program: Program,
    own: number,
    { connect = connection, exact, drawBytes = PART_BYTES, scratchBytes }: WebgpuHow = {},
  ) {
    this.#shader = mapShader(program, own, { exact });
    this.#types = inputTypes(program);
    this.#connect = connect;
    this.#partBytes = drawBytes;
    this.#scratchBytes = scratchBytes;
  }

  run(
    own: readonly Tensor[],
    shared: readonly Tensor[],
    options: MapOptions = {},
  ): Promise<readonly Tensor[]> {
    // One at a time: the memory is shared by all.
    const result = this.#busy.then(() => this.#run(own, shared, options));
    this.#busy = result.catch(() => {});
    return result;
  }

  /** Gives its memory on the GPU back once its work is done; it can run again. */
  release(): void {
    this.#busy = this.#busy.then(async () => {
      const program = this.#program;
      this.#program = undefined;
      (await program?.catch(() => undefined))?.destroy();
    });
  }

  async #run(
    own: readonly Tensor[],
    shared: readonly Tensor[],
    { signal }: MapOptions,
  ): Promise<readonly Tensor[]> {
    const points = chainsOf(this.#types, own, shared);
    signal?.throwIfAborted();
    const program = await this.#ready();
    const { inputs, outputs } = this.#shader;
    const groups = groupsOf(points, inputs);
    const bytes = Math.max(inputs.bytes, outputs.bytes, 4);
    const most = Math.max(
      1,
      Math.floor(Math.min(this.#partBytes, program.connection.mostBytes) / bytes),
    );
    const atOnce = Math.min(groups, most);
    await program.reserve({
      own: atOnce * inputs.bytes,
      results: atOnce * outputs.bytes,
      scratch: Math.min(atOnce, program.mostGroups) * this.#shader.scratchBytes,
      readable: atOnce * outputs.bytes,
    });
    program.share(shared);
    const out = outputs.slots.map(({ dtype, shape }) => allocate(dtype, points * sizeOf(shape)));
    for (let first = 0; first < groups; first += atOnce) {
      const count = Math.min(atOnce, groups - first);
      const from = first * inputs.group;
      const to = Math.min(points, from + count * inputs.group);
      const whole = from === 0 && to === points;
      const buffer = new ArrayBuffer(count * inputs.bytes);
      writeBlocks({ buffer }, 0, inputs, whole ? own : own.map((leaf) => partOf(leaf, from, to)));
      program.writeOwn(buffer);
      await this.#apply(program, count, signal);
      await program.read([{ of: "results", bytes: count * outputs.bytes }], (memory) => {
        this.#take(memory, { from, to }, out);
      });
      this.#pacing.done();
      signal?.throwIfAborted();
    }
    return outputs.slots.map(({ dtype, shape }, k) =>
      fromArray({ dtype, shape: [points, ...shape], data: out[k] })
    );
  }

  /** The program on the connection of now: on a new one after the last was lost. */
  async #ready(): Promise<WebgpuProgram> {
    const open = await this.#connect();
    const known = await this.#program?.catch(() => undefined);
    if (known?.connection === open) return known;
    this.#program = WebgpuProgram.of(open, this.#shader, this.#scratchBytes);
    return await this.#program;
  }

  /** Applies the function to the points that are there, some groups at a time. */
  async #apply(
    program: WebgpuProgram,
    groups: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (let at = 0; at < groups;) {
      const count = Math.min(groups - at, Math.max(this.#pacing.units, LEAST_GROUPS));
      program.dispatch(count, {}, at);
      at += count;
      this.#pacing.sent(count);
      if (at === groups || !this.#pacing.due) continue;
      await program.wait();
      this.#pacing.done();
      signal?.throwIfAborted();
    }
  }

  #take(
    buffer: ArrayBuffer,
    { from, to }: { readonly from: number; readonly to: number },
    out: readonly ArrayData[],
  ): void {
    const { outputs } = this.#shader;
    outputs.slots.forEach((slot, k) => {
      const size = sizeOf(slot.shape);
      readSlot({ buffer }, 0, outputs, slot, to - from, out[k], size, from * size);
    });
  }
}

function partOf({ dtype, shape, data }: Tensor, from: number, to: number): Tensor {
  const size = sizeOf(shape.slice(1));
  return fromArray({
    dtype,
    shape: [to - from, ...shape.slice(1)],
    data: data.subarray(from * size, to * size) as ArrayData,
  });
}

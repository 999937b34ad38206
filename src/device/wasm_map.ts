/**
 * A compiled function of one point, applied to many: in this thread, with pauses, or in workers.
 *
 * @module
 */
import { type CompiledMap, compileMap } from "../compile/ensemble.ts";
import { groupOf } from "../compile/layout.ts";
import { inputTypes, type Program, type ValueType } from "../tensor/program.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  copyOf,
  copyShared,
  ensureMemory,
  groupsOf,
  readBlocks,
  writeBlocks,
  writeShared,
} from "./blocks.ts";
import { chainsOf } from "./checks.ts";
import type { MapOptions, MapRunner } from "./device.ts";
import { type Instance, instantiate } from "./instance.ts";
import { pausesOf } from "./pause.ts";
import { isWorth, type Share, sharesOf } from "./share.ts";
import { NoWorkers, type WorkerPool } from "./worker_pool.ts";
import type { WasmHow } from "./share.ts";

/** A function of one point, compiled for many. */
export class WasmMap implements MapRunner {
  readonly #compiled: CompiledMap;
  readonly #types: readonly ValueType[];
  readonly #pool: WorkerPool | undefined;
  #instance: Promise<Instance> | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  /** What one group takes, as far as known. */
  #groupMilliseconds: number | undefined;

  /**
   * @param program The function.
   * @param own How many of its inputs each point has for itself.
   * @param how What floats are, and workers to share the points among.
   */
  constructor(program: Program, own: number, { precision, pool }: WasmHow = {}) {
    this.#compiled = compileMap(program, own, precision);
    this.#types = inputTypes(program);
    // Functions of the host are in this thread alone.
    this.#pool = this.#compiled.callees.length === 0 ? pool : undefined;
  }

  run(
    inputs: readonly Tensor[],
    shared: readonly Tensor[],
    options: MapOptions = {},
  ): Promise<readonly Tensor[]> {
    // One at a time: the memory is shared by all, and pauses let others have their turn.
    const result = this.#busy.then(() => this.#run(inputs, shared, options));
    this.#busy = result.catch(() => {});
    return result;
  }

  async #run(
    inputs: readonly Tensor[],
    shared: readonly Tensor[],
    { signal }: MapOptions,
  ): Promise<readonly Tensor[]> {
    const points = chainsOf(this.#types, inputs, shared);
    this.#instance ??= instantiate(this.#compiled);
    const instance = await this.#instance;
    const { memory, run, host } = instance;
    const { free, inputs: from, outputs: to } = this.#compiled;
    const groups = groupsOf(points, this.#compiled.inputs);
    const outputs = free + groups * from.bytes;
    ensureMemory(memory, outputs + groups * to.bytes);
    writeShared(memory, this.#compiled, shared);
    writeBlocks(memory, free, from, inputs);
    const pauses = pausesOf(signal);
    let here = 0;
    const restInWorkers = async (): Promise<boolean> =>
      this.#groupMilliseconds !== undefined &&
      await this.#inWorkers(
        instance,
        { first: here, end: groups },
        this.#groupMilliseconds,
        outputs,
        signal,
      );
    let done = await restInWorkers();
    const start = performance.now();
    while (here < groups && !done) {
      const apply = (): void => run(free + here * from.bytes, outputs + here * to.bytes);
      if (host === undefined) apply();
      else {await host.run(apply, {
          chains: points - here * groupOf(this.#compiled.precision),
          pauses,
          signal,
        });}
      here++;
      if (here < groups && !pauses.due()) continue;
      this.#groupMilliseconds = (performance.now() - start) / here;
      done = await restInWorkers();
      if (here < groups && !done) await pauses.take();
    }
    return readBlocks(memory, outputs, to, points);
  }

  /** Gives the groups that are left to workers, if that is worth it and there are any. */
  async #inWorkers(
    instance: Instance,
    { first, end }: Share,
    each: number,
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const pool = this.#pool;
    const expected = each * (end - first);
    if (pool === undefined || !isWorth(pool, expected)) return false;
    const shares = sharesOf(end - first, pool.size, expected);
    try {
      await Promise.all(
        shares.map((share) =>
          this.#share(
            pool,
            instance,
            { first: share.first + first, end: share.end + first },
            outputs,
            signal,
          )
        ),
      );
      return true;
    } catch (error) {
      if (error instanceof NoWorkers) return false;
      throw error;
    }
  }

  async #share(
    pool: WorkerPool,
    { module, memory }: Instance,
    { first, end }: Share,
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { free, inputs: from, outputs: to } = this.#compiled;
    const groups = end - first;
    const own = free + groups * from.bytes;
    const { blocks } = await pool.run(module, {
      placed: [
        ...copyShared(memory, this.#compiled),
        { address: free, bytes: copyOf(memory, free + first * from.bytes, groups * from.bytes) },
      ],
      memoryBytes: own + groups * to.bytes,
      plan: {
        inputs: free,
        inputBytes: from.bytes,
        outputs: own,
        outputBytes: to.bytes,
        groups,
      },
    }, { signal });
    new Uint8Array(memory.buffer).set(blocks, outputs + first * to.bytes);
  }
}

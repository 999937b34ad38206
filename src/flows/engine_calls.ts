/**
 * What the flow engine is asked, in this thread and in workers. Each function stands alone, using only
 * its arguments and globals: the text of a worker is made from them, so that all threads do the same.
 *
 * @module
 */

/** What the engine's module exports. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  engineInterface(): number;
  wordsNew(count: number): number;
  wordsAt(words: number): number;
  engineNew(words: number, range: number, baseConstant: number): number;
  engineFree(engine: number): void;
  engineCount(engine: number): number;
  engineWeights(engine: number): number;
  engineFirstMoment(engine: number): number;
  engineSecondMoment(engine: number): number;
  engineMean(engine: number): number;
  engineFactor(engine: number): number;
  engineRotations(engine: number): number;
  engineReserve(engine: number, rows: number): number;
  engineLog(engine: number): number;
  engineOrder(engine: number, count: number): number;
  engineRowWeights(engine: number): number;
  engineMap(engine: number, inverse: number, density: number, single: number): void;
  engineScores(engine: number): void;
  engineWhiten(engine: number): void;
  engineWhiteningLogDeterminant(engine: number): number;
  engineChunks(engine: number, chunks: number): number;
  engineChunkLoss(
    engine: number,
    chunk: number,
    first: number,
    count: number,
    rows: number,
  ): number;
  engineGather(engine: number, chunks: number): void;
  engineUpdate(
    engine: number,
    update: number,
    rate: number,
    clip: number,
    weightDecay: number,
  ): number;
  engineSumWeights(engine: number, begin: number): number;
  engineExactLoss(engine: number): number;
  engineExactSlopes(engine: number): number;
}

/**
 * Makes an instance of the engine's module.
 *
 * @param module The module.
 * @returns Its exports.
 */
export async function instantiateEngine(module: WebAssembly.Module): Promise<Exports> {
  // wasm-bindgen asks for set-up functions of its table; the plain exports used here need none.
  const imports: Record<string, Record<string, () => void>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {};
  }
  const instance = await WebAssembly.instantiate(module, imports);
  return instance.exports as unknown as Exports;
}

/** A shape of flow in the engine's words. */
export interface Description {
  /** See `engineNew` in the engine. */
  readonly words: readonly number[];
  /** Splines act on [−range, range]. */
  readonly range: number;
  /** Log density of the base at the origin. */
  readonly baseConstant: number;
}

/**
 * Makes an engine.
 *
 * @param e The module's exports.
 * @param description The shape of the flow.
 * @returns Its address.
 */
export function makeEngine(e: Exports, { words, range, baseConstant }: Description): number {
  const at = e.wordsNew(words.length);
  new Uint32Array(e.memory.buffer, e.wordsAt(at), words.length).set(words);
  return e.engineNew(at, range, baseConstant);
}

/** Numbers of a state and rows, as an engine needs them. */
export interface Written {
  /** The weights. */
  readonly weights: Float32Array;
  /** Mean of the whitening, [d]. */
  readonly mean: Float64Array;
  /** Factor of the whitening, d × d. */
  readonly cholesky: Float64Array;
  /** The rotations, d × d each, without those that are none. */
  readonly rotations: readonly Float64Array[];
  /** Rows, n × d. */
  readonly data: Float64Array;
  /** Adam's moments, where weights are updated. */
  readonly moments?: {
    /** Running mean of the slopes. */
    readonly first: Float32Array;
    /** Running mean of their squares. */
    readonly second: Float32Array;
  };
}

/**
 * Writes numbers to an engine's memory.
 *
 * @param e The module's exports.
 * @param engine The engine's address.
 * @param written What is written.
 * @returns Where the rows are.
 */
export function writeNumbers(e: Exports, engine: number, written: Written): number {
  const { weights, mean, cholesky, rotations, data, moments } = written;
  const d = mean.length;
  // What grows comes first: views of a memory end when it grows.
  const at = e.engineReserve(engine, data.length / d);
  const { buffer } = e.memory;
  const singles = (to: number, from: Float32Array): void =>
    new Float32Array(buffer, to, from.length).set(from);
  const doubles = (to: number, from: Float64Array): void =>
    new Float64Array(buffer, to, from.length).set(from);
  doubles(at, data);
  singles(e.engineWeights(engine), weights);
  doubles(e.engineMean(engine), mean);
  doubles(e.engineFactor(engine), cholesky);
  // After each matrix the engine keeps d zeros.
  const stride = (d + 1) * d * 8;
  const first = e.engineRotations(engine);
  rotations.forEach((rotation, i) => doubles(first + i * stride, rotation));
  if (moments !== undefined) {
    singles(e.engineFirstMoment(engine), moments.first);
    singles(e.engineSecondMoment(engine), moments.second);
  }
  return at;
}

/** One update with all its options. */
export interface Step {
  /** Numbers of the rows. */
  readonly rows: Uint32Array;
  /** How much each counts; 1 where there are none. */
  readonly weights?: Float32Array;
  /** Adam's step. */
  readonly learningRate: number;
  /** Largest norm of the slopes. */
  readonly clip: number;
  /** Decoupled decay. */
  readonly weightDecay: number;
}

/** What the members of a team that trains together share. */
export interface Team {
  /** Which member this is, from 0. */
  readonly member: number;
  /** How many there are. */
  readonly members: number;
  /** Int32: members at the barrier, its generation, 1 if all must stop. */
  readonly control: SharedArrayBuffer;
  /** Two halves, used in turn, of 8 losses (float64) each. */
  readonly losses: SharedArrayBuffer;
  /** Two halves of 8 chunks' slopes (float32), each filled up to whole vectors of 4. */
  readonly slopes: SharedArrayBuffer;
  /** A member waits so long for the others. */
  readonly patience: number;
}

/** Updates of the same call before those of a part. */
export interface Earlier {
  /** How many. */
  readonly steps: number;
  /** Sum of the weights after each: going on from it has the bits of one part. */
  readonly sum: Float32Array;
}

/** What training gives. */
export interface Trained {
  /** Loss before each update. */
  readonly losses: number[];
  /** Mean of the weights after each update. */
  readonly average: Float32Array<ArrayBuffer>;
  /** Their sum. */
  readonly sum: Float32Array<ArrayBuffer>;
  /** Updates so far. */
  readonly updates: number;
}

/**
 * Makes updates one after the other. A batch is cut into chunks by its size alone, and the chunks' slopes
 * are added in their order, whoever computed them: the bits are the same for a team of any size. All
 * members hold all weights and make all updates, so that only slopes travel. One barrier an update is
 * enough, since the shared room has two halves: nobody writes a half again before all have read it.
 *
 * @param e The module's exports.
 * @param engine The engine's address; its numbers and moments are written, and its rows white.
 * @param work The updates, how many came before, and the number of weights.
 * @param team With whom; alone by default.
 * @returns Losses and updates, or nothing if the team had to stop.
 */
export function train(
  e: Exports,
  engine: number,
  work: {
    readonly steps: readonly Step[];
    readonly updates: number;
    readonly count: number;
    readonly earlier?: Earlier | undefined;
  },
  team?: Team,
): Trained | undefined {
  const most = 8;
  const least = 64;
  const stride = Math.ceil(work.count / 4) * 4;
  const member = team?.member ?? 0;
  const members = team?.members ?? 1;
  const control = team && new Int32Array(team.control);
  const sharedLosses = team && new Float64Array(team.losses);
  const sharedSlopes = team && new Float32Array(team.slopes);
  const meet = (c: Int32Array, patience: number): boolean => {
    const generation = Atomics.load(c, 1);
    if (Atomics.add(c, 0, 1) === members - 1) {
      Atomics.store(c, 0, 0);
      Atomics.add(c, 1, 1);
      Atomics.notify(c, 1);
    } else {
      // The others are nearly done as a rule: to sleep and wake takes longer than to look again.
      for (let i = 0; i < 2000 && Atomics.load(c, 1) === generation; i++);
      const end = performance.now() + patience;
      while (Atomics.load(c, 1) === generation && Atomics.load(c, 2) === 0) {
        Atomics.wait(c, 1, generation, 50);
        if (performance.now() > end) Atomics.store(c, 2, 1);
      }
    }
    return Atomics.load(c, 2) === 0;
  };
  const constant = e.engineWhiteningLogDeterminant(engine);
  const parts = new Float64Array(most);
  const losses: number[] = [];
  let { updates } = work;
  // Room for the sum, and where it is.
  let sum = e.engineSumWeights(engine, 1);
  const { earlier } = work;
  if (earlier) new Float32Array(e.memory.buffer, sum, work.count).set(earlier.sum);
  for (let number = 0; number < work.steps.length; number++) {
    const { rows, weights, learningRate, clip, weightDecay } = work.steps[number];
    const size = least * Math.ceil(rows.length / (least * most));
    const chunks = Math.ceil(rows.length / size);
    const order = e.engineOrder(engine, rows.length);
    const slopesAt = e.engineChunks(engine, chunks);
    new Uint32Array(e.memory.buffer, order, rows.length).set(rows);
    const counts = new Float32Array(e.memory.buffer, e.engineRowWeights(engine), rows.length);
    if (weights === undefined) counts.fill(1);
    else counts.set(weights);
    let total = 0;
    for (let row = 0; row < rows.length; row++) total += counts[row];
    for (let chunk = member; chunk < chunks; chunk += members) {
      const first = chunk * size;
      const here = Math.min(size, rows.length - first);
      parts[chunk] = e.engineChunkLoss(engine, chunk, first, here, rows.length);
    }
    if (team && control && sharedLosses && sharedSlopes) {
      const half = (number % 2) * most;
      const slopes = new Float32Array(e.memory.buffer, slopesAt, chunks * stride);
      for (let chunk = member; chunk < chunks; chunk += members) {
        sharedLosses[half + chunk] = parts[chunk];
        const own = slopes.subarray(chunk * stride, (chunk + 1) * stride);
        sharedSlopes.set(own, (half + chunk) * stride);
      }
      if (!meet(control, team.patience)) return undefined;
      for (let chunk = 0; chunk < chunks; chunk++) {
        if (chunk % members === member) continue;
        parts[chunk] = sharedLosses[half + chunk];
        const at = (half + chunk) * stride;
        slopes.set(sharedSlopes.subarray(at, at + stride), chunk * stride);
      }
    }
    e.engineGather(engine, chunks);
    let loss = 0;
    for (let chunk = 0; chunk < chunks; chunk++) loss += parts[chunk];
    loss -= (total / rows.length) * constant;
    if (Number.isFinite(loss)) {
      updates += e.engineUpdate(engine, updates + 1, learningRate, clip, weightDecay);
    }
    losses.push(loss);
    sum = e.engineSumWeights(engine, Number(number === 0 && !earlier));
  }
  const over = Math.max(1, work.steps.length + (earlier?.steps ?? 0));
  const all = new Float32Array(e.memory.buffer, sum, work.count).slice();
  return { losses, average: all.map((each) => each / over), sum: all, updates };
}

/**
 * Where chains start.
 *
 * @module
 */
import { type Either, either } from "../deps.ts";
import { foldIn, type Key, uniform } from "../tensor/random.ts";
import { shapeText } from "../tensor/shape.ts";
import type { Target } from "../target/target.ts";
import { fromArray, type Tensor } from "../tensor/tensor.ts";
import { valueText } from "../tensor/value_text.ts";
import { givenPositions, type Initial, type Starts } from "./given_positions.ts";

/** How many chains run, and where they start if that was given. */
export interface Start {
  /** How many chains. */
  readonly chains: number;
  /** Their positions, chains × d. */
  readonly initial: Tensor | undefined;
  /** What draws their positions. */
  readonly draw?: ((key: Key) => Promise<Tensor>) | undefined;
}

/** Chains when nothing is said. */
const DEFAULT_CHAINS = 100;
/** How often chains are started anew where the density is not finite, before that is an error. */
const ATTEMPTS = 50;
/** Half width of the default starts: Stan's convention for unconstrained parameters. */
const HALF_WIDTH = 2;

/**
 * Checks the number of chains and their starts.
 *
 * @param target What is sampled.
 * @param chains How many chains, if that was said.
 * @param initial Where they start, if that was said.
 * @returns Both, or an error.
 */
export function initialPositions(
  target: Target,
  chains: number | undefined,
  initial: Initial | undefined,
): Either<Error, Start> {
  const count = chains ?? DEFAULT_CHAINS;
  if (!Number.isInteger(count) || count < 1) {
    return either.left(
      new RangeError(
        `Cannot sample ${valueText(count)} chains: \`chains\` must be a positive integer`,
      ),
    );
  }
  if (initial === undefined) return either.right({ chains: count, initial });
  if (typeof initial === "function") {
    const draw = async (key: Key): Promise<Tensor> => {
      const drawn = positionsOf(target, count, await initial(key, count));
      if (either.isLeft(drawn)) throw drawn.left;
      return drawn.right;
    };
    return either.right({ chains: count, initial: undefined, draw });
  }
  return either.map((given: Tensor) => ({ chains: given.shape[0], initial: given }))(
    positionsOf(target, chains, initial),
  );
}

/** Positions of so many chains, if that was said, in the right shape. */
function positionsOf(
  target: Target,
  chains: number | undefined,
  initial: Starts,
): Either<Error, Tensor> {
  const { dimension } = target;
  const positions = givenPositions(target, initial);
  if (either.isLeft(positions)) return positions;
  const given = positions.right;
  const rows = given.shape[0];
  if (given.shape.length !== 2 || given.shape[1] !== dimension) {
    return either.left(
      new TypeError(
        `Cannot start: \`initial\` has the shape ${shapeText(given.shape)}, but must be chains × ` +
          `dimension, here [${chains ?? "chains"}, ${dimension}]`,
      ),
    );
  }
  if (chains !== undefined && chains !== rows) {
    return either.left(
      new RangeError(
        `Cannot start: \`chains\` is ${chains}, but \`initial\` holds ${rows} positions`,
      ),
    );
  }
  return either.right(given);
}

/** What is known of chains at their starts: each leaf has the chain as first axis. */
export interface Started {
  readonly position: Tensor;
  readonly logDensity: Tensor;
  readonly gradient?: Tensor;
}

/** The chains that cannot start, with the reason. */
function unfit({ logDensity, gradient }: Started): Map<number, string> {
  const reasons = new Map<number, string>();
  const dimension = gradient?.shape[1] ?? 0;
  gradient?.data.forEach((value, i) => {
    const chain = Math.floor(i / dimension);
    if (!Number.isFinite(value) && !reasons.has(chain)) {
      reasons.set(
        chain,
        `the gradient of the log density is ${value} in coordinate ${i % dimension}`,
      );
    }
  });
  logDensity.data.forEach((value, chain) => {
    if (!Number.isFinite(value)) reasons.set(chain, `the log density is ${value}`);
  });
  return reasons;
}

/** The error for starts that are not fit. */
function unfitError(
  reasons: ReadonlyMap<number, string>,
  chains: number,
  names: readonly string[],
  advice: string,
): RangeError {
  const shown = [...reasons].slice(0, 3).map(([chain, reason]) => {
    const coordinate = /coordinate (\d+)$/.exec(reason)?.[1];
    const name = coordinate === undefined ? undefined : names[Number(coordinate)];
    return `chain ${chain}: ${reason}${name === undefined ? "" : ` (${name})`}`;
  });
  const more = reasons.size > shown.length ? `; and ${reasons.size - shown.length} more` : "";
  return new RangeError(
    `Cannot start ${reasons.size} of ${chains} chains: ${shown.join("; ")}${more}. ${advice}`,
  );
}

/**
 * Positions uniform in (−2, 2) on each coordinate, all around where one is periodic.
 *
 * @param key The key.
 * @param chains How many.
 * @param target Their coordinates.
 * @returns chains × d.
 */
function dispersed(
  key: Key,
  chains: number,
  { dimension, periodic }: Pick<Target, "dimension" | "periodic">,
): Tensor {
  const halfWidths = periodic.map((each) => each ? Math.PI : HALF_WIDTH);
  return uniform(key, [chains, dimension]).sub(0.5).mul(2).mul(halfWidths);
}

/**
 * Starts chains where density and gradient are finite: at the given positions, or at ones drawn by the given
 * function or at random, drawn again for the chains that fail; those that fail every time start where
 * others do. Draw i uses foldIn(key, i).
 *
 * @param start Evaluates chains at positions.
 * @param where How many chains, and where or how they are drawn if that was given.
 * @param target Whose coordinates they have.
 * @param key For random positions.
 * @returns Positions at which all chains can start.
 * @throws {RangeError} If chains cannot start: which ones and why.
 */
export async function findStart(
  start: (position: Tensor) => Promise<Started>,
  { chains, initial, draw }: Start,
  target: Pick<Target, "dimension" | "periodic" | "names">,
  key: Key,
): Promise<Tensor> {
  const { dimension, names } = target;
  if (initial !== undefined) {
    const reasons = unfit(await start(initial));
    if (reasons.size === 0) return initial;
    throw unfitError(
      reasons,
      chains,
      names,
      "Give an `initial` where the log density and its gradient are finite",
    );
  }
  const drawn = (attempt: number): Tensor | Promise<Tensor> =>
    draw?.(foldIn(key, attempt)) ?? dispersed(foldIn(key, attempt), chains, target);
  let position = await drawn(0);
  let reasons = unfit(await start(position));
  for (let attempt = 1; attempt < ATTEMPTS && reasons.size > 0; attempt++) {
    const fresh = await drawn(attempt);
    const data = Float64Array.from(position.data);
    for (const chain of reasons.keys()) {
      const [from, to] = [chain * dimension, (chain + 1) * dimension];
      data.set(fresh.data.subarray(from, to) as Float64Array, from);
    }
    position = fromArray({ dtype: "f64", shape: [chains, dimension], data });
    reasons = unfit(await start(position));
  }
  if (reasons.size === 0) return position;
  if (reasons.size < chains) return besideOthers(position, reasons, foldIn(key, ATTEMPTS));
  throw unfitError(
    reasons,
    chains,
    names,
    draw === undefined
      ? `No start was found in ${ATTEMPTS} random positions with coordinates in (−2, 2): give ` +
        "`initial`, or look whether the log density is finite anywhere"
      : `No start was found in ${ATTEMPTS} draws of each chain from \`initial\`: look whether the log ` +
        "density is finite at what it gives",
  );
}

/** Puts the chains that cannot start where others can, each beside one at random. */
function besideOthers(
  position: Tensor,
  reasons: ReadonlyMap<number, string>,
  key: Key,
): Tensor {
  const { shape: [chains, dimension] } = position;
  const data = Float64Array.from(position.data);
  const fit = Array.from({ length: chains }, (_, chain) => chain).filter((i) => !reasons.has(i));
  const choice = uniform(key, [chains]).data;
  for (const chain of reasons.keys()) {
    const from = fit[Math.floor(choice[chain] * fit.length)] * dimension;
    data.copyWithin(chain * dimension, from, from + dimension);
  }
  return fromArray({ dtype: "f64", shape: position.shape, data });
}

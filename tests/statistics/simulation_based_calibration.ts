/**
 * Simulation-based calibration (Talts et al. 2018): of parameters from the prior, data given them and draws
 * from the posterior given the data, the rank of the parameters among the draws is uniform, whatever the
 * model. Beside the parameters the log likelihood of the data is a quantity whose rank is looked at: the
 * parameters' own ranks are uniform, too, for draws from the prior, and for others that take in less than
 * the data say (Modrák et al. 2023).
 *
 * The draws are the last ones of many chains, one of each: these are independent from where they started
 * and from each other, but for a step size and a metric in common, so that nothing has to be thinned.
 */
import { foldIn, type Key, sample, type SampleOptions, split, uniform } from "../../mod.ts";
import type { FlatValues, JointModel } from "./joint_models.ts";
import { normalScores, shiftProbability, spreadProbability } from "./normal_scores.ts";
import { uniformityProbability } from "./uniformity.ts";

/** A posterior that `sample` samples, and what the ranks are of. */
export interface Calibration {
  /** Parameters and data, drawn exactly. */
  readonly model: JointModel;
  /** The model whose posterior is sampled; the same one, if nothing is wrong. */
  readonly sampled?: JointModel;
  /** Of the runs. */
  readonly options: SampleOptions;
}

/** What a replication gives. */
export interface Replication {
  readonly y: readonly number[];
  /** Values of the parameters, by name, at the last draw of each chain. */
  readonly draws: readonly FlatValues[];
  /** Ranks of all quantities as uniform numbers: where in its cell a rank lies is left to chance. */
  readonly ranks: readonly number[];
}

/** Scalars of all parameters, then the log likelihood. */
function quantities(model: JointModel, values: FlatValues, y: readonly number[]): number[] {
  return [...Object.values(values).flat(), model.logLikelihood(values, y)];
}

/** The last draw of each chain. */
function lastDraws(
  draws: Readonly<
    Record<string, { readonly data: Float64Array; readonly shape: readonly number[] }>
  >,
): FlatValues[] {
  const entries = Object.entries(draws);
  const [chains, count] = entries[0][1].shape;
  return Array.from(
    { length: chains },
    (_, chain) =>
      Object.fromEntries(entries.map(([name, { data }]) => {
        const size = data.length / (chains * count);
        const end = (chain + 1) * count * size;
        return [name, [...data.subarray(end - size, end)]];
      })),
  );
}

/** One replication: parameters and data of the model, and a run of `sample` on the posterior. */
async function replicate(
  { model, sampled = model, options }: Calibration,
  key: Key,
): Promise<Replication> {
  const [forModel, forRun, forCells] = split(key, 3);
  const joint = [...model.sample(forModel, 1).data];
  const [theta, y] = [joint.slice(0, model.free), joint.slice(model.free)];
  const run = await sample(sampled.given(y), forRun, { workers: 1, ...options });
  const draws = lastDraws(run.draws as never);
  const truth = quantities(model, model.values(theta), y);
  const drawn = draws.map((values) => quantities(model, values, y));
  const within = uniform(forCells, [truth.length]).data;
  const ranks = truth.map((value, q) => {
    const below = drawn.filter((each) => each[q] < value).length;
    return (below + within[q] + 2 ** -54) / (drawn.length + 1);
  });
  return { y, draws, ranks };
}

/** Replications by the keys foldIn(key, 0), foldIn(key, 1) … */
export async function calibrate(
  calibration: Calibration,
  key: Key,
  replications: number,
): Promise<Replication[]> {
  const all: Replication[] = [];
  for (let i = 0; i < replications; i++) all.push(await replicate(calibration, foldIn(key, i)));
  return all;
}

/** Statistics of each quantity: distance from uniform, and shift and spread of the normal scores. */
export const STATISTICS = 3;

/** How many quantities a model has. */
export function quantityCount({ model }: Calibration): number {
  return Object.values(model.values(new Float64Array(model.free))).flat().length + 1;
}

/**
 * Bounds of the probabilities that uniform numbers are as far from uniform.
 *
 * @param rows Of each replication one number of each quantity.
 * @returns For each quantity, of its distance, shift and spread.
 */
export function probabilitiesOf(rows: readonly (readonly number[])[]): number[][] {
  return rows[0].map((_, q) => {
    const uniforms = Float64Array.from(rows, (row) => row[q]);
    const scores = normalScores(uniforms);
    return [uniformityProbability(uniforms), shiftProbability(scores), spreadProbability(scores)];
  });
}

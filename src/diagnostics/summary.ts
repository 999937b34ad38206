/**
 * A summary of draws: what is reported of every scalar.
 *
 * @module
 */
import { type Draws, scalarMap } from "./draws.ts";
import { rankNormaliser } from "./rank_normalise.ts";
import { scalarNames } from "./scalar_names.ts";
import { rowOf, type SummaryRow } from "./summary_row.ts";
import { summaryTable } from "./summary_table.ts";

/** A row for every scalar of every parameter. */
export interface Summary {
  /** The rows, in the order of the parameters and row-major in each. */
  readonly rows: readonly SummaryRow[];
  /** The rows as a table in plain text, which `console.log` shows too. */
  toString(): string;
}

class SummaryOf implements Summary {
  readonly rows: readonly SummaryRow[];

  constructor(rows: readonly SummaryRow[]) {
    this.rows = rows;
  }

  toString(): string {
    return summaryTable(this.rows);
  }
}

for (const name of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
  Object.defineProperty(SummaryOf.prototype, Symbol.for(name), {
    value: SummaryOf.prototype.toString,
  });
}

/**
 * Summarises draws: mean, standard deviation, Monte Carlo standard error of the mean, quantiles, bulk
 * and tail effective sample size and R-hat of every scalar. Each scalar is sorted once.
 *
 * The table gives the Monte Carlo standard error two digits and ends the values in its row where it
 * ends: what lies beyond is noise.
 *
 * Sources: those of {@linkcode monteCarloStandardError}, {@linkcode effectiveSampleSize} and
 * {@linkcode rHat}; quantiles are of Hyndman and Fan's (1996) type 7, as in R and NumPy.
 *
 * @param draws The draws of each parameter by its name, chains × draws × the shape of the parameter.
 * @returns The summary. Of fewer than 4 draws a chain, Monte Carlo standard error, effective sample
 * sizes and R-hat are NaN.
 * @throws {TypeError} If a shape does not fit its data.
 * @throws {RangeError} If a parameter has no draws, or a draw is NaN.
 *
 * @example A scalar and a vector
 * ```ts
 * import { key, normal, summarise } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const draws = (seed: number, shape: number[]) => ({
 *   data: Float64Array.from(normal(key(seed), shape).data),
 *   shape, // chains × draws × ...
 * });
 * const summary = summarise({ mu: draws(1, [4, 250]), theta: draws(2, [4, 250, 2]) });
 * assert.deepEqual(summary.rows.map(({ name }) => name), ["mu", "theta[0]", "theta[1]"]);
 * assert(Math.abs(summary.rows[0].mean) < 0.2);
 * console.log(summary);
 * ```
 */
export function summarise(draws: Readonly<Record<string, Draws>>): Summary {
  const rows = scalarMap((memory) => {
    const normalise = rankNormaliser(memory);
    return (chains) => rowOf(chains, normalise, memory);
  });
  return new SummaryOf(
    Object.entries(draws).flatMap(([name, of]) => {
      const values = rows(`summarise \`${name}\``, of);
      const names = scalarNames(name, of.shape.slice(2));
      return values.map((row, i) => ({ name: names[i], ...row }));
    }),
  );
}

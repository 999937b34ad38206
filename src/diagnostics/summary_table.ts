/**
 * A summary as a table in plain text.
 *
 * @module
 */
import type { SummaryRow } from "./summary_row.ts";

/** Digits of a Monte Carlo standard error: the second one still tells 0.014 from 0.010. */
const ERROR_DIGITS = 2;
/** Digits of a value whose error is unknown or zero. */
const VALUE_DIGITS = 4;
/** Fixed notation ends at this last place, so that no row is full of zeros … */
const LEAST_PLACE = -6;
/** … or pretends to digits that it does not have. */
const LARGEST_PLACE = 1;
/** Larger numbers are written with an exponent. */
const LARGEST_FIXED = 1e9;
/** A double has no more digits behind the first. */
const MOST_DIGITS = 16;

const HEADINGS = [
  "",
  "mean",
  "sd",
  "mcse",
  "5%",
  "median",
  "95%",
  "ess bulk",
  "ess tail",
  "r-hat",
  "nested",
] as const;

/** The power of ten of a number's first digit, once it is rounded to so many digits. */
function firstPlace(x: number, digits: number): number {
  return Number(x.toExponential(digits - 1).split("e")[1]);
}

function isScale(x: number): boolean {
  return x > 0 && x < Infinity;
}

/** The power of ten of the last digit of a row: that of the Monte Carlo standard error, if known. */
function lastPlace({ mean, sd, monteCarloStandardError: error }: SummaryRow): number {
  if (isScale(error)) return firstPlace(error, ERROR_DIGITS) - ERROR_DIGITS + 1;
  const scale = [sd, Math.abs(mean)].find(isScale) ?? 1;
  return firstPlace(scale, VALUE_DIGITS) - VALUE_DIGITS + 1;
}

/** A number with digits down to a place. */
function written(x: number, place: number): string {
  if (!Number.isFinite(x) || x === 0) return String(x === 0 ? 0 : x);
  if (place >= LEAST_PLACE && place <= LARGEST_PLACE && Math.abs(x) < LARGEST_FIXED) {
    return x.toFixed(Math.max(0, -place)).replace(/^-(?=[0.]*$)/, "");
  }
  const digits = firstPlace(x, 1) - place;
  return x.toExponential(Math.max(0, Math.min(digits, MOST_DIGITS)));
}

function whole(x: number): string {
  return Number.isFinite(x) ? x.toFixed(0) : String(x);
}

function ratio(x: number): string {
  return Number.isFinite(x) ? x.toFixed(3) : String(x);
}

function cells(row: SummaryRow): string[] {
  const place = lastPlace(row);
  return [
    row.name,
    ...[row.mean, row.sd, row.monteCarloStandardError, row.q5, row.median, row.q95]
      .map((x) => written(x, place)),
    whole(row.effectiveSampleSize),
    whole(row.effectiveSampleSizeTail),
    ratio(row.rHat),
    ratio(row.nestedRHat),
  ];
}

/**
 * The rows as lines of text: names to the left, numbers to the right.
 *
 * @param rows The rows.
 * @returns A line of headings and one for each row.
 */
export function summaryTable(rows: readonly SummaryRow[]): string {
  // Nested R-hat is of many chains alone.
  const nested = rows.some((row) => !Number.isNaN(row.nestedRHat));
  const headings = nested ? HEADINGS : HEADINGS.slice(0, -1);
  const lines = [headings, ...rows.map((row) => cells(row).slice(0, headings.length))];
  const widths = headings.map((_, column) =>
    lines.reduce((most, line) => Math.max(most, line[column].length), 0)
  );
  return lines
    .map((line) =>
      line
        .map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
        .join("  ")
    )
    .join("\n");
}

/** Tables of text. */

/**
 * A header and rows as text.
 *
 * @param header The names of the columns.
 * @param rows The cells.
 * @param left How many columns are set to the left; the others are numbers.
 * @returns The lines.
 */
export function tableText(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  left: number,
): string {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" | ");
  const rule = widths.map((width, i) => i < left ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  return [line(header), rule.join(" | "), ...rows.map(line)].join("\n");
}

/** The median of numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1];
  return (sorted[low] + sorted[high]) / 2;
}

/** The load averages of 1, 5 and 15 minutes: what else keeps the machine busy. */
export function loadText(): string {
  return Deno.loadavg().map((average) => average.toFixed(2)).join(" ");
}

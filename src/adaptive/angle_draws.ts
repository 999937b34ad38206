/**
 * Draws of angles, for diagnostics that know of lines alone.
 *
 * @module
 */
import type { Draws } from "../diagnostics/draws.ts";
import { circularMean, wrapAngle } from "../target/circle.ts";
import type { NamedShape } from "../target/target.ts";
import { cos, sin } from "../tensor/functions/scalar_math.ts";

type Named = Readonly<Record<string, Draws>>;

/** Changes the elements of a parameter that are angles; `of` is asked once for each of them. */
function changed(
  { data, shape }: Draws,
  periodic: readonly boolean[],
  of: (element: number) => (x: number) => number,
): Draws {
  const out = Float64Array.from(data);
  periodic.forEach((each, element) => {
    if (!each) return;
    const change = of(element);
    for (let at = element; at < out.length; at += periodic.length) out[at] = change(out[at]);
  });
  return { data: out, shape };
}

/**
 * Draws with two entries for each parameter that holds angles, one with their cosines and one with their
 * sines: whether chains agree must not depend on where a circle is cut.
 *
 * @param draws Draws by name.
 * @param parameters Which of them hold angles.
 * @returns Draws in which no number is an angle.
 */
export function asDirections(draws: Named, parameters: readonly NamedShape[]): Named {
  const out: Record<string, Draws> = { ...draws };
  for (const { name, periodic } of parameters) {
    if (periodic === undefined) continue;
    out[name] = changed(draws[name], periodic, () => cos);
    out[`sin ${name}`] = changed(draws[name], periodic, () => sin);
  }
  return out;
}

/**
 * Draws with angles within half a turn of their circular mean: mean, standard deviation and quantiles of
 * these are about the direction that the draws point to, wherever that is. They may lie beyond ±π.
 *
 * @param draws Draws by name.
 * @param parameters Which of them hold angles.
 * @returns The same draws, but for whole turns.
 */
export function aroundMeans(draws: Named, parameters: readonly NamedShape[]): Named {
  const out: Record<string, Draws> = { ...draws };
  for (const { name, periodic } of parameters) {
    if (periodic === undefined) continue;
    out[name] = changed(draws[name], periodic, (element) => {
      const mean = circularMean(draws[name].data, periodic.length, element);
      return (x) => mean + wrapAngle(x - mean);
    });
  }
  return out;
}

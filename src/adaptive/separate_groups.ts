/**
 * Groups of chains that never meet.
 *
 * @module
 */
import type { Draws } from "../diagnostics/draws.ts";
import { scalarNames } from "../diagnostics/scalar_names.ts";
import type { NamedShape } from "../target/target.ts";

/** Chains between two values of a scalar that none of them leaves. */
export interface ChainGroup {
  /** How many chains. */
  readonly chains: number;
  /** The smallest and largest value of all their draws. */
  readonly from: number;
  readonly to: number;
}

/** Groups of chains by one scalar. */
export interface SeparateGroups {
  /** The name of the scalar. */
  readonly name: string;
  /** The groups, in the order of their values. */
  readonly groups: readonly ChainGroup[];
}

/** Of more groups, chains have hardly moved yet. */
const MOST_GROUPS = 6;
/** With fewer draws each chain is a group by itself. */
const LEAST_DRAWS = 20;
/** Chains of a group meet: of so few in each, on average, that tells nothing. */
const LEAST_CHAINS = 3;

/** Joins the ranges of chains that overlap. */
function groupsOf({ data, shape }: Draws, element: number, size: number): ChainGroup[] {
  const [chains, draws] = shape;
  const ranges = Array.from({ length: chains }, (_, chain) => {
    let [from, to] = [Infinity, -Infinity];
    for (let draw = 0; draw < draws; draw++) {
      const x = data[(chain * draws + draw) * size + element];
      from = Math.min(from, x);
      to = Math.max(to, x);
    }
    return { from, to };
  }).sort((a, b) => a.from - b.from);
  const groups: ChainGroup[] = [];
  for (const { from, to } of ranges) {
    const last = groups.at(-1);
    if (last === undefined || from > last.to) groups.push({ chains: 1, from, to });
    else {
      const joined = { ...last, chains: last.chains + 1, to: Math.max(last.to, to) };
      groups[groups.length - 1] = joined;
    }
  }
  return groups;
}

/**
 * Finds a scalar by whose values chains are in groups that never meet: between the values of two groups no
 * chain has a draw. Chains that agree within their groups and not with the others are in modes that they do
 * not leave.
 *
 * @param draws Draws by name.
 * @param parameters What they are; parameters with angles are left out.
 * @returns The groups by the scalar that has fewest, two at least; none if chains meet.
 */
export function separateGroups(
  draws: Readonly<Record<string, Draws>>,
  parameters: readonly NamedShape[],
): SeparateGroups | undefined {
  let best: SeparateGroups | undefined;
  for (const { name, shape, periodic } of parameters) {
    const own = draws[name];
    const [chains, count] = own.shape;
    if (periodic !== undefined || count < LEAST_DRAWS) continue;
    scalarNames(name, shape).forEach((scalar, element, names) => {
      const groups = groupsOf(own, element, names.length);
      const few = groups.length <= Math.min(MOST_GROUPS, chains / LEAST_CHAINS);
      if (groups.length < 2 || !few) return;
      if (best === undefined || groups.length < best.groups.length) best = { name: scalar, groups };
    });
  }
  return best;
}

/**
 * Says which chains never meet.
 *
 * @param found The groups; none if chains meet.
 * @returns A sentence, or none.
 */
export function groupWarnings(found: SeparateGroups | undefined): string[] {
  if (found === undefined) return [];
  const parts = found.groups.map(({ chains, from, to }) =>
    `${chains} ${chains === 1 ? "chain" : "chains"} from ${from.toPrecision(3)} to ${
      to.toPrecision(3)
    }`
  );
  return [
    `Chains are in ${found.groups.length} groups between which none has moved, by ${found.name}: ` +
    `${
      parts.join(", ")
    }. These may be modes of the target, whose shares of the draws come from where ` +
    "chains started and not from the target: let a flow make jumps between them (`flow`, longer " +
    "`schedule.trainCycles`), or temper the target.",
  ];
}

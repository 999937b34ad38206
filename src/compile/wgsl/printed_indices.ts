/**
 * Which indices of a nest have to be computed: most are parts of addresses, which are written as sums where
 * memory is read or written.
 *
 * @module
 */
import type { Nest, Operation, Statement } from "../nest.ts";
import type { Addresses } from "../passes/address.ts";

/** Instructions whose first operand is an address. */
const ADDRESSED: ReadonlySet<Operation> = new Set<Operation>([
  ...["load", "loadWord", "loadShared", "loadSharedWord", "loadIndex"] as const,
  ...["loadLane", "loadLaneWord", "loadLaneShared", "loadLaneSharedWord"] as const,
]);

/**
 * Finds the indices that are read by other than addresses, or are what addresses are sums of.
 *
 * @param nest The nest.
 * @param addresses Its addresses.
 * @returns Their numbers.
 */
export function printedIndices(nest: Nest, addresses: Addresses): ReadonlySet<number> {
  const needed = new Set<number>();
  const needAddress = (address: number): void => {
    for (const [atom] of addresses.of(address).terms) needed.add(atom);
  };
  // From the last statement to the first: what reads an index comes after it.
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements.toReversed()) {
      if (statement.kind === "store") {
        needAddress(statement.address);
        needed.add(statement.value);
      } else if (statement.kind === "loop") {
        needed.add(statement.count);
        statement.carries.forEach(({ first, next }) => needed.add(first).add(next));
        visit(statement.body);
      } else if (statement.kind === "define") {
        const { operation, operands, type } = nest.instructions[statement.id];
        if (type === "index" && !needed.has(statement.id)) continue;
        const addressed = ADDRESSED.has(operation);
        if (addressed) needAddress(operands[0]);
        operands.slice(addressed ? 1 : 0).forEach((id) => needed.add(id));
      }
    }
  };
  visit(nest.body);
  return needed;
}

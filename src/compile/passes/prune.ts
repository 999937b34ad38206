/**
 * Leaves out what nothing needs.
 *
 * @module
 */
import type { Instruction, Statement } from "../nest.ts";

/**
 * The statements that others or the memory need, found from the last to the first.
 *
 * @param statements The statements.
 * @param instructions What their numbers stand for.
 * @param needed Numbers that are needed after them.
 * @returns Those of them that are needed.
 */
export function pruned(
  statements: readonly Statement[],
  instructions: readonly Instruction[],
  needed: Set<number> = new Set(),
): Statement[] {
  const kept: Statement[] = [];
  for (const statement of statements.toReversed()) {
    if (statement.kind === "store") {
      needed.add(statement.address).add(statement.value);
      kept.push(statement);
    } else if (statement.kind === "call") {
      kept.push(statement);
    } else if (statement.kind === "define") {
      if (!needed.has(statement.id)) continue;
      instructions[statement.id].operands.forEach((id) => needed.add(id));
      kept.push(statement);
    } else {
      statement.carries.forEach(({ next }) => needed.add(next));
      const body = pruned(statement.body, instructions, needed);
      if (body.length === 0 && !statement.carries.some(({ inside }) => needed.has(inside))) {
        continue;
      }
      needed.add(statement.count);
      statement.carries.forEach(({ first }) => needed.add(first));
      kept.push({ ...statement, body });
    }
  }
  return kept.reverse();
}

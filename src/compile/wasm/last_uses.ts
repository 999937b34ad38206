/**
 * Where each value of a nest is read for the last time, so that its local can be used again.
 *
 * @module
 */
import type { Nest, Statement } from "../nest.ts";

/**
 * The position of each value's last use; a use inside a loop of a value from outside lasts to its end.
 *
 * Statements are numbered in the order in which they are printed; a loop takes two numbers, one at its
 * start and one at its end.
 *
 * @param nest The nest.
 * @returns The position of each value that is read.
 */
export function lastUses(nest: Nest): Map<number, number> {
  const last = new Map<number, number>();
  const defined = new Map<number, number>();
  let position = 0;
  const use = (id: number): void => {
    last.set(id, position);
  };
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.kind === "define") {
        defined.set(statement.id, position);
        nest.instructions[statement.id].operands.forEach(use);
        // Written even if nobody reads it.
        use(statement.id);
        position++;
      } else if (statement.kind === "store") {
        use(statement.address);
        use(statement.value);
        position++;
      } else if (statement.kind === "call") {
        position++;
      } else {
        const start = position;
        statement.carries.forEach(({ first, inside }) => {
          use(first);
          defined.set(inside, start);
        });
        defined.set(statement.counter, start);
        position++;
        visit(statement.body);
        use(statement.count);
        use(statement.counter);
        statement.carries.forEach(({ inside, next }) => {
          use(next);
          use(inside);
        });
        for (const [id, at] of last) {
          if (at > start && (defined.get(id) ?? -1) < start) last.set(id, position);
        }
        position++;
      }
    }
  };
  visit(nest.body);
  return last;
}

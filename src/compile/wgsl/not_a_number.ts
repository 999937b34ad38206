/**
 * Which floats of a nest are never NaN, so that comparisons need not look at their bits.
 *
 * @module
 */
import type { Nest } from "../nest.ts";

/**
 * Tells of values whether they are never NaN, as far as that can be told from how they are made.
 *
 * @param nest The nest.
 * @returns Whether the value of a number never is.
 */
export function neverNaN({ instructions }: Nest): (id: number) => boolean {
  const known = new Map<number, boolean>();
  const derive = (id: number): boolean => {
    const { operation, operands, immediate } = instructions[id];
    switch (operation) {
      case "constant":
        return !Number.isNaN(immediate);
      case "wordToFloat":
      case "maskToFloat":
      case "exponent":
        return true;
      case "neg":
      case "abs":
      case "floor":
      case "nearest":
      case "copySign":
      case "rounded":
        return of(operands[0]);
      case "smaller":
      case "larger":
        // The first operand is kept unless the second one is ordered before or after it.
        return of(operands[0]);
      case "select":
        return of(operands[1]) && of(operands[2]);
      default:
        return false;
    }
  };
  const of = (id: number): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const result = derive(id);
    known.set(id, result);
    return result;
  };
  return of;
}

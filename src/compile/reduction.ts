/**
 * Code rules of the reductions: sums in index order, as in the interpreter.
 *
 * @module
 */
import { blockedAxis } from "../tensor/interpreter/blocked_sum.ts";
import type { PrimitiveParameters, Reduction, ValueType } from "../tensor/program.ts";
import { sizeOf } from "../tensor/shape.ts";
import { blockedSums, inBlocks } from "./blocked_sum.ts";
import type { Operation } from "./nest.ts";
import type { Rule } from "./rule.ts";
import {
  everyIndex,
  literal,
  materialise,
  settle,
  small,
  type Target,
  UNROLLED,
  type Value,
} from "./value.ts";

/** So many terms are written out where the sum is a part of a loop over others. */
const WRITTEN_OUT_TERMS = 64;
/** So many sums are added up side by side, in one loop over their terms. */
const MOST_SUMS = 64;

const accumulate: { readonly [P in Reduction]: { first: number; operation: Operation } } = {
  sum: { first: -0, operation: "add" },
  maximum: { first: -Infinity, operation: "max" },
  minimum: { first: Infinity, operation: "min" },
};

function reductionRule(name: Reduction): Rule {
  const { first, operation } = accumulate[name];
  return (target, [x], { axes }: PrimitiveParameters[Reduction], [type]) => {
    const { nest } = target;
    const lengths = axes.map((axis) => x.shape[axis]);
    const whole = (kept: readonly number[], reduced: readonly number[]): number[] => {
      let next = 0;
      return x.shape.map((_, axis) => {
        const place = axes.indexOf(axis);
        return place >= 0 ? reduced[place] : kept[next++];
      });
    };
    const add = (sum: number, kept: readonly number[], reduced: readonly number[]): number => {
      const next = x.element(whole(kept, reduced));
      const { operation: made, immediate } = nest.at(sum);
      // The first of a sum is kept as it is: −0 + x is x.
      return made === "constant" && Object.is(immediate, first)
        ? next
        : nest.emit(operation, "f64", [sum, next]);
    };
    const unrolled = (kept: readonly number[]): number =>
      everyIndex(lengths).reduce(
        (sum, reduced) => add(sum, kept, literal(target, reduced)),
        nest.constant(sizeOf(lengths) === 0 ? first + 0 : first),
      );
    if (name === "sum" && inBlocks(target, sizeOf(lengths))) {
      const along = axes.indexOf(blockedAxis(x.shape, axes));
      const total = (kept: readonly (readonly number[])[]): number[] =>
        blockedSums(
          target,
          { lengths, along },
          kept.map((index) => {
            return (reduced) => x.element(whole(index, reduced));
          }),
        );
      return [overResult(target, type, total)];
    }
    if (sizeOf(lengths) <= (sizeOf(type.shape) <= UNROLLED ? UNROLLED : WRITTEN_OUT_TERMS)) {
      const result = settle(target, type, unrolled);
      return [result.elements === undefined ? materialise(target, result) : result];
    }
    const looped = (
      kept: readonly (readonly number[])[],
    ): number[] => {
      const visit = (reduced: readonly number[], sums: readonly number[]): number[] => {
        if (reduced.length === lengths.length) {
          return sums.map((sum, i) =>
            nest.emit(operation, "f64", [sum, x.element(whole(kept[i], reduced))])
          );
        }
        return nest.loop(
          nest.index(lengths[reduced.length]),
          sums,
          (counter, carried) => visit([...reduced, counter], carried),
        );
      };
      return visit([], kept.map(() => nest.constant(first)));
    };
    return [overResult(target, type, looped)];
  };
}

/** The elements of a result, from loops that give some of them at a time: all at once if they are few. */
function overResult(
  target: Target,
  type: ValueType,
  reduced: (kept: readonly (readonly number[])[]) => number[],
): Value {
  if (sizeOf(type.shape) <= MOST_SUMS) {
    const indices = everyIndex(type.shape).map((index) => literal(target, index));
    return small(target, type, reduced(indices));
  }
  const { dtype, shape } = type;
  return materialise(target, { dtype, shape, element: (index) => reduced([index])[0] });
}

/** Code rules of the reductions. */
export const reductionRules: { readonly [P in Reduction]: Rule } = {
  sum: reductionRule("sum"),
  maximum: reductionRule("maximum"),
  minimum: reductionRule("minimum"),
};

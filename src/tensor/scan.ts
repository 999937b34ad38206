/**
 * The scan of the array language: a loop over the parts of arrays, with memory.
 *
 * @module
 */
import { expectOptions } from "./expect_options.ts";
import { apply, type Tensor } from "./tensor.ts";
import { expectSameForm, traceBody } from "./trace.ts";
import { leaves, type Tree, withLeaves } from "./tree.ts";
import { shapeText } from "./shape.ts";
import { userFrame } from "./user_frame.ts";

/** How a scan runs. */
export interface ScanOptions {
  /** From the last part to the first; what is stacked stays in the order of the parts. False by default. */
  readonly reverse?: boolean;
  /** The number of turns; needed where `xs` holds no tensors, as in `scan(f, init, [], { length: 9 })`. */
  readonly length?: number;
}

/**
 * Applies a step to the parts of arrays along their first axis, one after the other, carrying a state on,
 * and stacks what each turn gives. It is one loop in the compiled code, however many turns it has, and has
 * a gradient. As `jax.lax.scan`.
 *
 * @typeParam Carry A tree of tensors.
 * @typeParam X A tree of tensors, all of one length along their first axis.
 * @typeParam Y A tree of tensors.
 * @param f From the carry and a part of each of the arrays to the next carry, of the same types, and to
 * what is stacked. It is called once.
 * @param init The first carry.
 * @param xs The arrays.
 * @param options The direction, and the number of turns where there are no arrays.
 * @returns The last carry, and what was stacked along a new first axis.
 * @throws {TypeError} If `f` gives no pair or changes the shape or type of a part of the carry, or if the
 * arrays have no common length.
 *
 * @example An autoregressive process, filtered
 * ```ts
 * import assert from "node:assert/strict";
 * import { scan, tensor } from "@tributary/tributary";
 *
 * const [last, levels] = scan(
 *   (level, x) => {
 *     const next = level.mul(0.5).add(x);
 *     return [next, next];
 *   },
 *   tensor(0),
 *   tensor([1, 1, 1]),
 * );
 * assert.deepEqual(levels.toArray(), [1, 1.5, 1.75]);
 * assert.equal(last.item(), 1.75);
 * ```
 */
export function scan<Carry extends Tree, X extends Tree, Y extends Tree>(
  f: (carry: Carry, x: X) => readonly [Carry, Y],
  init: Carry,
  xs: X,
  options: ScanOptions = {},
): [Carry, Y] {
  expectOptions(options, ["reverse", "length"], "scan");
  const first = leaves(init).map(({ value }) => value);
  const arrays = leaves(xs);
  const length = lengthOf(arrays, options.length);
  let form: Y | undefined;
  const { body, captures } = traceBody((_, ...given) => {
    const carry = withLeaves(init, given.slice(0, first.length));
    const pair = f(carry, withLeaves(xs, given.slice(first.length)));
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError(
        "Cannot scan with this step: it must give back a list of two, the next carry and what is " +
          `stacked ([] for nothing)${userFrame()}`,
      );
    }
    const [next, y] = pair as readonly [Carry, Y];
    expectSameForm("scan with", init, next);
    form = y;
    return [next, y].flatMap((tree) => leaves(tree).map(({ value }) => value));
  }, [
    { dtype: "u32", shape: [] },
    ...first,
    ...arrays.map(({ value: { dtype, shape } }) => ({ dtype, shape: shape.slice(1) })),
  ]);
  const results = apply("scan", {
    body,
    captures: captures.length,
    carries: first.length,
    length,
    reverse: options.reverse ?? false,
  }, [...captures, ...first, ...arrays.map(({ value }) => value)]);
  return [
    withLeaves(init, results.slice(0, first.length)),
    withLeaves(form as Y, results.slice(first.length)),
  ];
}

function lengthOf(
  arrays: readonly { readonly name: string; readonly value: Tensor }[],
  given: number | undefined,
): number {
  const scalar = arrays.find(({ value }) => value.shape.length === 0);
  if (scalar !== undefined) {
    throw new TypeError(
      `Cannot scan over ${scalar.name || "a scalar"}: it has no axis to be taken apart along` +
        userFrame(),
    );
  }
  const length = given ?? arrays[0]?.value.shape[0];
  if (length === undefined) {
    throw new TypeError(
      `Cannot scan over no arrays: give the number of turns as \`length\`${userFrame()}`,
    );
  }
  if (!Number.isInteger(length) || length < 0) {
    throw new RangeError(
      `Cannot scan ${length} turns: expected a whole number from 0${userFrame()}`,
    );
  }
  const other = arrays.find(({ value }) => value.shape[0] !== length);
  if (other !== undefined) {
    throw new TypeError(
      `Cannot scan over ${other.name || "an array"} of shape ${shapeText(other.value.shape)}: ` +
        `expected ${length} parts along its first axis${userFrame()}`,
    );
  }
  return length;
}

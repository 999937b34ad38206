/**
 * Trees: tensors in records and lists, as states of chains are.
 *
 * @module
 */
import { Tensor } from "./tensor.ts";
import { userFrame } from "./user_frame.ts";
import { valueText } from "./value_text.ts";

/** A tensor, or trees of them in a record or list. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** A leaf's place in its tree, as `position` or `momentum.0`. */
export type LeafName = string;

/**
 * The tensors of a tree with their places. Records are visited in the order of their sorted keys, so that
 * two trees of one form have their leaves in one order however they were written.
 *
 * @param tree The tree.
 * @returns Names and tensors.
 */
export function leaves(tree: Tree): { readonly name: LeafName; readonly value: Tensor }[] {
  const out: { name: LeafName; value: Tensor }[] = [];
  mapLeaves(tree, (value, name) => {
    out.push({ name, value });
    return value;
  });
  return out;
}

/**
 * A tree of the same form with other leaves.
 *
 * @param tree The tree.
 * @param f Makes each new leaf from the old one and its place.
 * @returns The new tree.
 */
export function mapLeaves<T extends Tree>(
  tree: T,
  f: (leaf: Tensor, name: LeafName) => Tensor,
): T {
  const visit = (node: Tree, place: readonly string[]): Tree => {
    if (node instanceof Tensor) return f(node, place.join("."));
    if (Array.isArray(node)) return node.map((child, i) => visit(child, [...place, String(i)]));
    if (typeof node === "object" && node !== null) {
      const record = node as { readonly [name: string]: Tree };
      const made = new Map(
        Object.keys(record).sort().map((name) => [name, visit(record[name], [...place, name])]),
      );
      return Object.fromEntries(Object.keys(record).map((name) => [name, made.get(name) as Tree]));
    }
    throw new TypeError(
      `Cannot use ${valueText(node)} at ${place.join(".") || "the top"} of a state: a state ` +
        `holds tensors in records and lists, a number as tensor(0)${userFrame()}`,
    );
  };
  return visit(tree, []) as T;
}

/**
 * A tree of the same form as another with the given leaves.
 *
 * @param tree The tree that gives the form.
 * @param values The leaves, in the order of {@linkcode leaves}.
 * @returns The new tree.
 */
export function withLeaves<T extends Tree>(tree: T, values: readonly Tensor[]): T {
  let next = 0;
  return mapLeaves(tree, () => values[next++]);
}

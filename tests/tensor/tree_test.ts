import assert from "node:assert/strict";
import { tensor } from "../../src/tensor/tensor.ts";
import { leaves, mapLeaves, type Tree, withLeaves } from "../../src/tensor/tree.ts";
import { applyProgram, traceTree } from "../../src/tensor/trace.ts";

Deno.test("leaves() has the places of a tree's tensors, in one order for all trees of a form", () => {
  const a = { x: tensor(1), list: [tensor(2), { z: tensor(3), y: tensor(4) }] };
  const b = { list: [tensor(2), { y: tensor(4), z: tensor(3) }], x: tensor(1) };
  const shown = (tree: Tree): unknown =>
    leaves(tree).map(({ name, value }) => [name, value.item()]);
  assert.deepEqual(shown(a), [["list.0", 2], ["list.1.y", 4], ["list.1.z", 3], ["x", 1]]);
  assert.deepEqual(shown(b), shown(a));
  assert.deepEqual(shown(tensor(5)), [["", 5]]);
});

Deno.test("mapLeaves() and withLeaves() keep the form and the order of the keys", () => {
  const tree = { x: tensor(1), a: [tensor(2)] };
  const doubled = mapLeaves(tree, (leaf) => leaf.mul(2));
  assert.deepEqual(Object.keys(doubled), ["x", "a"]);
  assert.deepEqual([doubled.x.item(), doubled.a[0].item()], [2, 4]);
  const again = withLeaves(tree, leaves(doubled).map(({ value }) => value));
  assert.deepEqual([again.x.item(), again.a[0].item()], [2, 4]);
});

Deno.test("a traced step that writes its record in another order is the same step", () => {
  const state = { x: tensor(1), a: tensor(2) };
  const { program } = traceTree(({ x, a }: typeof state) => ({ a: a.neg(), x }), state);
  const results = applyProgram(program, leaves(state).map(({ value }) => value));
  const next = withLeaves(state, results);
  assert.deepEqual([next.x.item(), next.a.item()], [1, -2]);
});

Deno.test("leaves() says where something is no tensor", () => {
  const tree = { a: { b: [tensor(1), 5] } } as unknown as Tree;
  assert.throws(() => leaves(tree), {
    name: "TypeError",
    message:
      /^Cannot use 5 at a\.b\.1 of a state: .* in records and lists, a number as tensor\(0\)/,
  });
  assert.throws(() => leaves(0 as never), /Cannot use 0 at the top .* \(at .*tree_test.*\)$/);
  assert.throws(() => leaves(null as unknown as Tree), /Cannot use null at the top of a state/);
  assert.throws(() => leaves(leaves as unknown as Tree), /Cannot use a function at the top/);
});

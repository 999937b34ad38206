import assert from "node:assert/strict";
import { density, hostDensity, scan, type Tensor, tensor, zeros } from "../../mod.ts";
import { traceTree } from "../../src/tensor/trace.ts";
import { workOf } from "../../src/tensor/work.ts";

const workIn = (x: Tensor, f: (x: Tensor) => Tensor): number => workOf(traceTree(f, x).program);

Deno.test("work is counted by the elements that are computed, not by those that are moved", () => {
  const x = zeros([3, 100]);
  assert.equal(workIn(x, (x) => x.add(1)), 300);
  assert.equal(workIn(x, (x) => x.transpose().reshape([300])), 0);
  // A sum reads all of its operand.
  assert.equal(workIn(x, (x) => x.sum()), 300);
  assert.ok(workIn(x, (x) => x.exp()) > workIn(x, (x) => x.neg()));
});

Deno.test("work of a matrix times a vector is a multiplication and an addition for each element", () => {
  const matrix = tensor(new Float64Array(40 * 30)).reshape([40, 30]);
  assert.equal(workIn(zeros([30]), (x) => matrix.dot(x)), 2 * 40 * 30);
});

Deno.test("work of a loop is that of its body for each turn", () => {
  const times = (length: number): number =>
    workIn(zeros([5]), (x) => scan((carry: Tensor) => [carry.mul(2), []], x, [], { length })[0]);
  assert.equal(times(10), 10 * times(1));
  assert.ok(times(1) >= 5);
});

Deno.test("work of a gradient is a few times that of its value", () => {
  const target = density(50, (x) => x.square().sum().mul(-0.5).sub(x.exp().sum()));
  assert.ok(target.valueAndGradient !== undefined);
  const ratio = workOf(target.valueAndGradient) / workOf(target.value);
  assert.ok(ratio > 1 && ratio < 4, `${ratio}`);
});

Deno.test("nobody knows the work of a function of the host", () => {
  assert.equal(workOf(hostDensity(2, ([x, y]) => -x * x - y * y).value), Infinity);
});

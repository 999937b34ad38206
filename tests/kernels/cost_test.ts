/**
 * How often a step evaluates the density and its gradient, counted in the traced program.
 *
 * The density holds one softplus, whose gradient is a sigmoid, and nothing else does: their number, times
 * the turns of the loops around them, is the number of densities and of gradients that a step computes.
 */
import assert from "node:assert/strict";
import {
  type ChainState,
  density,
  key,
  mixture,
  repeat,
  sequence,
  type Step,
  tensor,
  type Tree,
  zeros,
} from "../../mod.ts";
import { isOf, type Primitive, type Program } from "../../src/tensor/program.ts";
import { traceTree } from "../../src/tensor/trace.ts";
import { type AnyKernel, KERNELS } from "./kernels.ts";

type AnyStep = Step<ChainState & Tree>;

const target = density(2, (x) => x.at(0).softplus().add(x.square().sum()).neg());

/** How often a primitive is computed when a program runs once. */
function timesComputed(program: Program, wanted: Primitive): number {
  let times = 0;
  for (const equation of program.equations) {
    if (isOf(equation, "scan")) {
      const { body, length } = equation.parameters;
      assert.ok(length !== undefined, "the number of turns is no constant");
      times += length * timesComputed(body, wanted);
    }
    if (equation.primitive === wanted) times++;
  }
  return times;
}

function cost(kernel: AnyKernel, step: AnyStep): { densities: number; gradients: number } {
  const state = kernel.init(target)(zeros([2]));
  const { program } = traceTree(step, state, key(0));
  return {
    densities: timesComputed(program, "softplus"),
    gradients: timesComputed(program, "sigmoid"),
  };
}

/** Gradients that a step of each kernel should take. */
const GRADIENTS: Readonly<Record<string, number>> = {
  "rwm()": 0,
  "differentialEvolution() by chains that stay": 0,
  "mala()": 1,
  "hmc() with one step": 1,
  "hmc()": 4,
  "hmc() with jitter": 3,
};

/** Those whose number of steps is no constant count their gradients themselves. */
const COUNTED = [...KERNELS].filter(([name]) => name in GRADIENTS);

for (const [name, kernel] of COUNTED) {
  const gradients = GRADIENTS[name];
  const step = kernel.step(target, { stepSize: 0.1, inverseMass: [1, 2] });

  Deno.test(`${name} takes ${gradients} gradients and one density a step`, () => {
    assert.deepEqual(cost(kernel, step), { densities: 1, gradients });
    assert.equal(kernel.gradientsPerStep, gradients);
  });

  Deno.test(`${name} takes that times the steps of a composition`, () => {
    // Twice (one and three) and, since chains run in lock-step, both of a mixture.
    const composed = repeat(
      sequence(step, repeat(step, 3), mixture([[1, step], [2, step]])),
      2,
    );
    assert.deepEqual(cost(kernel, composed), { densities: 12, gradients: 12 * gradients });
  });
}

Deno.test("the start of a chain takes one density, and one gradient if the kernel keeps it", () => {
  for (const [name, kernel] of COUNTED) {
    const { program } = traceTree(kernel.init(target), tensor([1, 2]));
    assert.equal(timesComputed(program, "softplus"), 1, name);
    assert.equal(timesComputed(program, "sigmoid"), Math.min(GRADIENTS[name], 1), name);
  }
});

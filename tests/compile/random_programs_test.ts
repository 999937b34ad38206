import assert from "node:assert/strict";
import { PRECISIONS } from "../../src/tensor/functions/precision.ts";
import type { Device, StepResult } from "../../src/device/device.ts";
import { chooseDevice } from "../../src/device/choose.ts";
import { valueAndGradient } from "../../src/tensor/gradients/gradient.ts";
import {
  ARITHMETIC,
  BINARY,
  BITWISE,
  COMPARISON,
  LOGICAL,
  type Primitive,
  type Program,
  REDUCTION,
  UNARY,
  type ValueType,
} from "../../src/tensor/program.ts";
import { key } from "../../src/tensor/random.ts";
import { type Tensor, tensor, words } from "../../src/tensor/tensor.ts";
import { applyProgram, trace } from "../../src/tensor/trace.ts";
import { fastCheck as fc } from "../deps.ts";
import { assertSameBits } from "../tensor/bits.ts";
import { randomCase } from "./random_case.ts";
import { Decisions, randomBody, typeBy, valuesOf } from "./random_program.ts";

/** Fixed, so that a failure is the same for everybody. */
const SEED = Number(Deno.env.get("TRIBUTARY_RANDOM_PROGRAMS_SEED") ?? 1);
const MORE_RUNS = Deno.env.get("TRIBUTARY_RANDOM_PROGRAMS");
/** Looking for a smaller failure takes minutes: only where somebody asked for more programs. */
const SEARCH = {
  seed: SEED,
  numRuns: Number(MORE_RUNS ?? 600),
  endOnFailure: MORE_RUNS === undefined,
};

const KEY: ValueType = { dtype: "u32", shape: [2] };

const numbers = fc.array(fc.nat({ max: 2 ** 30 }), {
  minLength: 20,
  maxLength: 400,
  size: "max",
});

const seen = new Set<Primitive>();

const note = (primitive: Primitive): void => {
  seen.add(primitive);
};

for (const precision of PRECISIONS) {
  const interpreter = chooseDevice("interpreter", { precision });
  const wasm = chooseDevice("wasm", { precision });

  Deno.test(`${precision} compileMap() gives the interpreter's bits on random programs`, async () => {
    await fc.assert(
      fc.asyncProperty(numbers, async (numbers) => {
        const { program, own, shared } = randomCase(
          numbers,
          [],
          ({ pool }, _, decisions) => pool.slice(-2 - decisions.below(4)),
          note,
        );
        const expected = await interpreter.map(program, own.length).run(own, shared);
        const actual = await wasm.map(program, own.length).run(own, shared);
        expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
      }),
      SEARCH,
    );
  });

  Deno.test(`${precision} compileStep() gives the interpreter's bits on random steps`, async () => {
    await fc.assert(
      fc.asyncProperty(numbers, fc.integer({ min: 1, max: 4 }), async (numbers, thin) => {
        const { program, own, shared } = randomCase(
          numbers,
          [KEY],
          (program, state) => state.map((type) => program.nextOf(type)),
          note,
        );
        const all = own.map((_, leaf) => leaf);
        const run = (device: Device): Promise<StepResult> =>
          device.step(program, own.length, all)
            .run(own, shared, key(5), { steps: 9, firstStep: 2, thin });
        const [expected, actual] = [await run(interpreter), await run(wasm)];
        expected.state.forEach((leaf, i) => assertSameBits(actual.state[i], leaf, `leaf ${i}`));
        expected.draws.forEach((leaf, i) => assertSameBits(actual.draws[i], leaf, `draws ${i}`));
        assert.equal(actual.draws.length, expected.draws.length);
      }),
      SEARCH,
    );
  });

  Deno.test(`${precision} gradients of random programs have the interpreter's bits in WebAssembly`, async () => {
    await fc.assert(
      fc.asyncProperty(numbers, async (numbers) => {
        const { program, own, shared } = randomCase(numbers, [], ({ pool }) => {
          const floats = pool.slice(-6).filter(({ dtype }) => dtype === "f64");
          return [floats.reduce((sum, x) => sum.add(x.sum()), tensor(0))];
        }, note);
        const slopes = gradientOf(program);
        fc.pre(slopes !== undefined);
        const expected = await interpreter.map(slopes, own.length).run(own, shared);
        const actual = await wasm.map(slopes, own.length).run(own, shared);
        expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
      }),
      SEARCH,
    );
  });
}

/** What has no gradient says so. */
const REFUSED = /^Cannot (differentiate|take (the gradient|a second derivative))/;

function gradientOf(program: Program): Program | undefined {
  try {
    return valueAndGradient(program);
  } catch (error) {
    if (error instanceof TypeError && REFUSED.test(error.message)) return undefined;
    throw error;
  }
}

Deno.test("a traced program without divisions and repeated products has the bits of the function that it was traced from", () => {
  fc.assert(
    fc.property(numbers, (numbers) => {
      const run = (traced: boolean): readonly Tensor[] => {
        const decisions = new Decisions(numbers);
        const types = Array.from({ length: 1 + decisions.below(3) }, () => typeBy(decisions));
        const inputs = types.map((type) => valuesOf(type, decisions.seed()));
        const body = randomBody(decisions, (primitive) => {
          divides ||= primitive === "div";
          if (primitive === "mul") products++;
        });
        const f = (...given: Tensor[]): readonly Tensor[] =>
          body([...given, words([2], [])]).pool.slice(types.length);
        return traced ? applyProgram(trace(f, types), inputs) : f(...inputs);
      };
      let divides = false;
      let products = 0;
      const [expected, actual] = [run(false), run(true)];
      // A division by a constant becomes a product, and two constant factors become one, which may
      // differ by an ulp; the bits of both ways are counted here.
      fc.pre(!divides && products < 4);
      assert.equal(actual.length, expected.length);
      expected.forEach((value, i) => assertSameBits(actual[i], value, `result ${i}`));
    }),
    SEARCH,
  );
});

Deno.test("the random programs hold every primitive", () => {
  const elementwise = [...UNARY, ...ARITHMETIC, ...BINARY, ...BITWISE, ...COMPARISON, ...LOGICAL];
  const others: Primitive[] = [
    ...REDUCTION,
    ...["constant", "not", "select", "convert", "broadcast", "reshape", "transpose"] as const,
    ...["slice", "place", "concat", "gather", "scatterAdd", "threefry", "boxMuller"] as const,
    ...["cholesky", "choleskyGradient", "triangularSolve", "scan", "host"] as const,
    "stopGradient",
  ];
  for (const primitive of [...elementwise, ...others]) {
    assert.ok(seen.has(primitive), `no random program holds ${primitive}`);
  }
});

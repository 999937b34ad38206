/** Random programs with inputs for them. */
import type { Primitive, Program, ValueType } from "../../src/tensor/program.ts";
import { type Tensor, words } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { Decisions, randomBody, type RandomProgram, typeBy, valuesOf } from "./random_program.ts";

const COUNT: ValueType = { dtype: "u32", shape: [] };

/** A program with inputs. */
export interface RandomCase {
  readonly program: Program;
  readonly own: readonly Tensor[];
  readonly shared: readonly Tensor[];
}

/**
 * A random program with inputs: own ones, a shared one or none, and a shared number of turns.
 *
 * @param numbers What decides.
 * @param last Types of inputs after those.
 * @param outputs From what was computed, and the types of the own inputs, to the results.
 * @param note Is told of each primitive that was used.
 * @param most More chains than that there never are; up to two groups of 16 by default.
 */
export function randomCase(
  numbers: readonly number[],
  last: readonly ValueType[],
  outputs: (program: RandomProgram, own: readonly ValueType[], decisions: Decisions) => Tensor[],
  note: (primitive: Primitive) => void = () => {},
  most = 19,
): RandomCase {
  const decisions = new Decisions(numbers);
  const chains = 1 + decisions.below(most);
  const own = Array.from({ length: 1 + decisions.below(3) }, () => typeBy(decisions));
  const shared = Array.from({ length: decisions.below(2) }, () => typeBy(decisions));
  const count = words([decisions.below(4)], []);
  const values = {
    own: own.map(({ dtype, shape }) =>
      valuesOf({ dtype, shape: [chains, ...shape] }, decisions.seed())
    ),
    shared: [...shared.map((type) => valuesOf(type, decisions.seed())), count],
  };
  const body = randomBody(decisions, note);
  const program = trace(
    (...inputs) => {
      const count = inputs[own.length + shared.length];
      return outputs(body([...inputs, count]), own, decisions);
    },
    [...own, ...shared, COUNT, ...last],
  );
  return { program, ...values };
}

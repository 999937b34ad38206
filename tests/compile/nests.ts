/** Loop nests of programs, and what is in them. */
import { wasmMachine } from "../../src/compile/machine.ts";
import { blockOf, Memory } from "../../src/compile/layout.ts";
import { lower } from "../../src/compile/lower.ts";
import type { Nest, Operation, Statement } from "../../src/compile/nest.ts";
import { NestBuilder } from "../../src/compile/nest_builder.ts";
import { inMemory, type Target, write } from "../../src/compile/value.ts";
import { inputTypes, outputTypes, type Program } from "../../src/tensor/program.ts";

const MACHINE = wasmMachine("f64");

/** The nest of a program whose inputs and results are in memory that arguments point to. */
export function nestOf(program: Program): Nest {
  const target: Target = { nest: new NestBuilder(MACHINE), memory: new Memory(MACHINE) };
  const [from, to] = [0, 1].map((n) => target.nest.emit("argument", "index", [], n));
  const inputs = blockOf(inputTypes(program), MACHINE).slots
    .map((slot) => inMemory(target, slot, from, slot.offset));
  const outputs = blockOf(outputTypes(program), MACHINE).slots;
  lower(target, program, inputs)
    .forEach((value, i) => write(target, value, to, outputs[i].offset));
  return target.nest.finish();
}

/** How often the instructions of an operation are carried out. */
export function executions({ instructions, body }: Nest, operation: Operation): number {
  const within = (statements: readonly Statement[]): number =>
    statements.reduce((sum, statement) => {
      if (statement.kind === "store" || statement.kind === "call") return sum;
      if (statement.kind === "loop") {
        return sum + instructions[statement.count].immediate * within(statement.body);
      }
      return sum + (instructions[statement.id].operation === operation ? 1 : 0);
    }, 0);
  return within(body);
}

/** How many statements write to memory. */
export function stores(statements: readonly Statement[]): number {
  return statements.reduce((sum, statement) => {
    if (statement.kind === "store") return sum + 1;
    return sum + (statement.kind === "loop" ? stores(statement.body) : 0);
  }, 0);
}

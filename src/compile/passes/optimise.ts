/**
 * What is done to a loop nest before it is printed: none of it changes a bit of the result.
 *
 * @module
 */
import type { Machine } from "../machine.ts";
import type { Instruction, Nest, Statement } from "../nest.ts";
import { Addresses } from "./address.ts";
import { RowBlocker } from "./block_rows.ts";
import { Forwarder } from "./forward.ts";
import { Fuser } from "./fuse.ts";
import { pruned } from "./prune.ts";

/** Tells the addresses how many turns loops take. */
function countTurns(
  statements: readonly Statement[],
  instructions: readonly Instruction[],
  addresses: Addresses,
): void {
  for (const statement of statements) {
    if (statement.kind !== "loop") continue;
    const { operation, immediate } = instructions[statement.count];
    addresses.count(statement.counter, operation === "constantIndex" ? immediate : undefined);
    countTurns(statement.body, instructions, addresses);
  }
}

/**
 * Fuses loops, and leaves out what is computed, loaded or stored for nothing.
 *
 * @param nest The nest.
 * @param machine What it is for.
 * @returns One that gives the same bits.
 */
export function optimised(nest: Nest, machine: Machine): Nest {
  const instructions = [...nest.instructions];
  const addresses = new Addresses(instructions, machine);
  countTurns(nest.body, instructions, addresses);
  const body = pruned(nest.body, instructions);
  const fuser = new Fuser(instructions, addresses);
  const fused = fuser.block(body);
  const forwarded = new Forwarder(instructions, addresses, fuser.joined).body(fused);
  const needed = pruned(forwarded, instructions);
  if (!machine.blocksRows) return { ...nest, instructions, body: needed };
  return { ...nest, instructions, body: new RowBlocker(instructions, addresses).body(needed) };
}

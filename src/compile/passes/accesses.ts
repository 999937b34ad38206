/**
 * What statements read and write.
 *
 * @module
 */
import { elementBytes } from "../layout.ts";
import type { Instruction, Operation, Statement } from "../nest.ts";
import type { Access, Addresses, Form } from "./address.ts";

/** Loads of what stores may have written; what all chains share is never written. */
const LOADS: ReadonlySet<Operation> = new Set<Operation>(["load", "loadWord"]);
/** Loads of such from places that are not known: from an address on. */
const LANE_LOADS: ReadonlySet<Operation> = new Set<Operation>(["loadLane", "loadLaneWord"]);

/** Whether an instruction reads memory that may be written. */
export function isLoad(instruction: Instruction): boolean {
  return LOADS.has(instruction.operation) || isLaneLoad(instruction);
}

/** Whether an instruction reads such memory at an address of each chain's own. */
export function isLaneLoad({ operation }: Instruction): boolean {
  return LANE_LOADS.has(operation);
}

/** The access of a load, or of a store of a value at an address. */
export function accessOf(
  addresses: Addresses,
  type: Instruction["type"],
  address: number,
  offset: number,
): Access {
  const { terms, constant } = addresses.of(address);
  return {
    form: { terms, constant: constant + offset },
    bytes: elementBytes(type === "f64" ? "f64" : "u32", addresses.machine),
  };
}

function fixed(address: number): Form {
  return { terms: new Map(), constant: address };
}

/** The accesses of some statements, those of loops within included. */
export interface Accesses {
  /** What is read. */
  readonly loads: Access[];
  /** What is written. */
  readonly stores: Access[];
}

/**
 * Collects accesses.
 *
 * @param statements The statements.
 * @param instructions All instructions.
 * @param addresses Their addresses.
 * @returns What they read and write.
 */
export function accessesOf(
  statements: readonly Statement[],
  instructions: readonly Instruction[],
  addresses: Addresses,
): Accesses {
  const loads: Access[] = [];
  const stores: Access[] = [];
  const visit = (block: readonly Statement[]): void => {
    for (const statement of block) {
      if (statement.kind === "loop") visit(statement.body);
      else if (statement.kind === "call") {
        const { from, fromBytes, to, toBytes } = statement;
        loads.push({ form: fixed(from), bytes: fromBytes });
        stores.push({ form: fixed(to), bytes: toBytes });
      } else if (statement.kind === "store") {
        const { address, offset, value } = statement;
        stores.push(accessOf(addresses, instructions[value].type, address, offset));
      } else {
        const instruction = instructions[statement.id];
        if (!isLoad(instruction)) continue;
        const { type, operands: [address], immediate } = instruction;
        const access = accessOf(addresses, type, address, immediate);
        loads.push(isLaneLoad(instruction) ? { ...access, bytes: Infinity } : access);
      }
    }
  };
  visit(statements);
  return { loads, stores };
}

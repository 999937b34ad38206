/**
 * What the machines that nests are printed for ask of them.
 *
 * @module
 */
import { formatOf, type Precision } from "../tensor/functions/precision.ts";

/** A machine, as far as what is laid out and written for it depends on it. */
export interface Machine {
  /** What floats are. */
  readonly precision: Precision;
  /** Chains in a group: the values of so many lie side by side. */
  readonly group: number;
  /** Whether groups run at the same time, so that each has scratch memory of its own. */
  readonly concurrent: boolean;
  /**
   * Whether its own compiler may fuse products and sums, and reorder sums, so that what relies on a
   * rounding has to say so.
   */
  readonly contracts: boolean;
  /** Whether loops over rows of data take some rows in a turn: worth it where there are few registers. */
  readonly blocksRows: boolean;
}

/** Vectors of floats in a group, measured best in V8 (1: 1.6× slower, 2: 1.25×, 8: 1.4×). */
const VECTORS = 4;

function wasmMachineOf(precision: Precision): Machine {
  return {
    precision,
    group: VECTORS * 16 / formatOf(precision).bytes,
    concurrent: false,
    contracts: false,
    blocksRows: true,
  };
}

const WASM: { readonly [P in Precision]: Machine } = {
  f64: wasmMachineOf("f64"),
  f32: wasmMachineOf("f32"),
};

/** WebAssembly with SIMD: a group is so many vectors of two f64 or of four f32. */
export function wasmMachine(precision: Precision): Machine {
  return WASM[precision];
}

/**
 * A GPU by way of WGSL: a group is a workgroup, one invocation a chain. 64 fill a wave of every vendor's, and
 * a small ensemble still makes several of them.
 */
export const GPU_MACHINE: Machine = {
  precision: "f32",
  group: 64,
  concurrent: true,
  contracts: true,
  blocksRows: false,
};

/**
 * Compiles programs of one chain into compute shaders that run them for groups of chains, a workgroup each: a
 * step repeated many times in one dispatch, or a function applied once.
 *
 * @module
 */
import type { Program } from "../../tensor/program.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { mapNest, type SharedSlot, stepNest } from "../ensemble_nest.ts";
import type { Block, Memory } from "../layout.ts";
import { GPU_MACHINE } from "../machine.ts";
import type { Nest } from "../nest.ts";
import { functionTexts } from "./functions.ts";
import { type Argument, printBody, type PrintOptions } from "./printer.ts";

/** That a program cannot run on a GPU at all, whatever GPU it is. */
export class UnsupportedProgram extends TypeError {
  /** Its name. */
  override readonly name = "UnsupportedProgram";
}

/** The numbers that a dispatch is given, u32 each, in the order in which they lie in its uniform buffer. */
export const GIVEN = [
  /** The number of the first workgroup's group. */
  "firstGroup",
  /** 0, of which the shader's compiler does not know. */
  "nothing",
  /** Of a step: its number, how many draws are kept, and after how many steps each. */
  "firstStep",
  "kept",
  "thin",
  /** Bytes from the draws of all groups to their next. */
  "drawStride",
  /** Bytes from the start of the draws to where the first goes. */
  "drawsFrom",
] as const;

/** Bytes of the uniform buffer, a multiple of 16. */
export const GIVEN_BYTES = 32;

const KEY_BYTES = 8;

/** Numbers of the bindings in group 0. */
export const BINDINGS = { given: 0, data: 1, own: 2, results: 3, scratch: 4 } as const;

/** A shader, and where its memory holds what. */
export interface ComputeShader {
  /** The WGSL text; its entry point is `main`. */
  readonly code: string;
  /** What the data holds from the start. */
  readonly segments: Memory["segments"];
  /** How many bytes of data all chains share. */
  readonly dataBytes: number;
  /** Where in it to put what all chains share. */
  readonly shared: readonly SharedSlot[];
  /** All that is put there lies before this byte, a multiple of 4. */
  readonly sharedBytes: number;
  /** Whether it writes to the blocks of the chains. */
  readonly writesOwn: boolean;
  /** How many bytes of scratch each workgroup of a dispatch needs. */
  readonly scratchBytes: number;
  /** What floats are. */
  readonly precision: "f32";
}

/** A step as a shader. */
export interface StepShader extends ComputeShader {
  /** The block of a group: the numbers of its chains (u32), then the leaves of the state. */
  readonly block: Block;
  /** What is written for each kept draw. */
  readonly draws: Block;
  /** Where in the data the two words of the run's key go. */
  readonly key: number;
}

/** A function as a shader. */
export interface MapShader extends ComputeShader {
  /** The block of a group's inputs. */
  readonly inputs: Block;
  /** The block of a group's outputs. */
  readonly outputs: Block;
}

/** The lines that bind memory; the blocks of the chains are read and may be written. */
function bindings(own: "read" | "read_write"): string[] {
  const fields = GIVEN.map((name) => `  ${name}: u32,`);
  const array = (name: keyof typeof BINDINGS, access: string): string =>
    `@group(0) @binding(${BINDINGS[name]}) var<storage, ${access}> ${name}: array<u32>;`;
  return [
    "struct Given {",
    ...fields,
    "}",
    `@group(0) @binding(${BINDINGS.given}) var<uniform> given: Given;`,
    array("data", "read"),
    array("own", own),
    array("results", "read_write"),
    array("scratch", "read_write"),
  ];
}

/** Where this chain's words begin, in words. */
function base(name: string, block: Block): string {
  return `  let ${name} = group * ${block.bytes / 4}u + lane;`;
}

function shaderText(
  { nest, memory, own, start, given }: {
    readonly nest: Nest;
    readonly memory: Memory;
    readonly own: "read" | "read_write";
    readonly start: readonly string[];
    readonly given: readonly Argument[];
  },
  options: PrintOptions | undefined,
): string {
  const { lines, functions } = printBody(nest, memory, given, options);
  return [
    ...bindings(own),
    ...functionTexts(functions),
    `@compute @workgroup_size(${memory.machine.group})`,
    "fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {",
    "  let nothing = given.nothing;",
    "  let group = given.firstGroup + workgroup.x;",
    `  let scratch_at = workgroup.x * ${memory.scratchBytes / 4}u + lane;`,
    ...start,
    ...lines,
    "}",
    "",
  ].join("\n");
}

function expectNoCalls({ callees }: Nest): void {
  if (callees.length === 0) return;
  throw new UnsupportedProgram(
    'Cannot run on the device "webgpu" what calls functions of JavaScript: write the log density with ' +
      'the array language, or run it on the device "wasm"',
  );
}

/**
 * Compiles a step `(state…, shared…, key) → state…`.
 *
 * @param program The step; all its inputs but the first `leaves` and the last are shared.
 * @param leaves How many leaves the state has.
 * @param record Which leaves are written for each kept draw.
 * @param options How it is printed.
 * @returns The shader.
 * @throws {UnsupportedProgram} If the program calls functions of the host.
 */
export function stepShader(
  program: Program,
  leaves: number,
  record: readonly number[],
  options?: PrintOptions,
): StepShader {
  const { nest, memory, ...layout } = stepNest(program, leaves, record, GPU_MACHINE);
  expectNoCalls(nest);
  const code = shaderText({
    nest,
    memory,
    own: "read_write",
    start: [
      base("own_at", layout.block),
      `${base("results_at", layout.draws).slice(0, -1)} + (given.drawsFrom >> 2u);`,
    ],
    given: [
      { array: "own", base: "own_at" },
      "given.firstStep",
      "given.kept",
      "given.thin",
      { array: "results", base: "results_at" },
      "given.drawStride",
    ],
  }, options);
  return {
    ...layout,
    ...memoryOf(memory),
    code,
    sharedBytes: layout.key + KEY_BYTES,
    writesOwn: true,
  };
}

/**
 * Compiles a function `(own…, shared…) → results…`.
 *
 * @param program The function.
 * @param own How many of its inputs each chain has for itself; the others are shared.
 * @param options How it is printed.
 * @returns The shader.
 * @throws {UnsupportedProgram} If the program calls functions of the host.
 */
export function mapShader(program: Program, own: number, options?: PrintOptions): MapShader {
  const { nest, memory, ...layout } = mapNest(program, own, GPU_MACHINE);
  expectNoCalls(nest);
  const code = shaderText({
    nest,
    memory,
    own: "read",
    start: [base("own_at", layout.inputs), base("results_at", layout.outputs)],
    given: [{ array: "own", base: "own_at" }, { array: "results", base: "results_at" }],
  }, options);
  const sharedBytes = layout.shared.reduce(
    (most, slot) => Math.max(most, slot.address + 4 * sizeOf(slot.shape)),
    0,
  );
  return { ...layout, ...memoryOf(memory), code, sharedBytes, writesOwn: false };
}

function memoryOf(
  memory: Memory,
): Pick<ComputeShader, "segments" | "dataBytes" | "scratchBytes" | "precision"> {
  const { segments, end: dataBytes, scratchBytes } = memory;
  return { segments, dataBytes, scratchBytes, precision: "f32" };
}

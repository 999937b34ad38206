/**
 * Loads at an address of each chain's own.
 *
 * @module
 */
import type { Instruction } from "../nest.ts";
import { CODE, SIMD } from "./encoder.ts";
import type { VectorStack } from "./vector_stack.ts";

/**
 * Pushes vector `v` of what each chain reads from an address of its own.
 *
 * @param to Where to.
 * @param instruction A lane load: of floats or words, of each chain or of all.
 * @param v Which of the vectors of the group.
 * @param floatBytes How many bytes a float has.
 */
export function pushLanes(
  to: VectorStack,
  { operation, operands, immediate }: Instruction,
  v: number,
  floatBytes: 4 | 8,
): void {
  const words = operation === "loadLaneWord" || operation === "loadLaneSharedWord";
  const shared = operation === "loadLaneShared" || operation === "loadLaneSharedWord";
  const [at, word] = operands;
  const bytes = words ? 4 : floatBytes;
  const lanes = 16 / bytes;
  // An instruction that fills one lane takes its address from below the vector.
  for (let lane = lanes - 1; lane >= 0; lane--) {
    const chain = lanes * v + lane;
    to.get(at);
    to.get(word, chain >> 2);
    to.simd(SIMD.i32x4ExtractLane);
    to.code.byte(chain % 4).byte(CODE.i32Add);
  }
  const [splat, fill] = bytes === 4
    ? [SIMD.load32Splat, SIMD.load32Lane]
    : [SIMD.load64Splat, SIMD.load64Lane];
  for (let lane = 0; lane < lanes; lane++) {
    to.simd(lane === 0 ? splat : fill);
    const own = shared ? 0 : bytes * (lanes * v + lane);
    to.code.unsigned(bytes === 4 ? 2 : 3).unsigned(immediate + own);
    if (lane > 0) to.code.byte(lane);
  }
}

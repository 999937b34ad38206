/**
 * How many chains moves need that go by where other chains are.
 *
 * @module
 */
import { type Either, either } from "../deps.ts";
import { LEAST_CHAINS } from "../kernels/alternate_halves.ts";
import type { Kernel } from "../kernels/kernel.ts";

/** How many chains, and of what dimension. */
export interface EnsembleSize {
  /** How many chains. */
  readonly chains: number;
  /** Their dimension d. */
  readonly dimension: number;
}

/**
 * Whether differences of chains span all directions: n chains span n − 1, and half of all move by the others.
 *
 * @param size How many chains of what dimension.
 * @returns Whether there are enough.
 */
export function spansAll({ chains, dimension }: EnsembleSize): boolean {
  return chains >= Math.max(LEAST_CHAINS, 2 * (dimension + 1));
}

/**
 * Checks that a kernel has as many chains as it cannot do without.
 *
 * @param kernel The kernel.
 * @param chains How many chains.
 * @returns The kernel, or an error that says how many it needs.
 */
export function checkSize<K extends Pick<Kernel, "name" | "partners">>(
  kernel: K,
  chains: number,
): Either<Error, K> {
  if (kernel.partners !== true || chains >= LEAST_CHAINS) return either.right(kernel);
  return either.left(
    new RangeError(
      `Cannot sample ${chains} chains by ${kernel.name}, which moves each half of them by the other: ` +
        `give \`chains\` of at least ${LEAST_CHAINS}, or a kernel that moves each by itself, such as rwm()`,
    ),
  );
}

/**
 * Says where chains are too few for their moves to go everywhere.
 *
 * @param kernel The local kernel.
 * @param size How many chains of what dimension.
 * @returns A sentence, or none.
 */
export function sizeWarnings(
  { name, partners }: Pick<Kernel, "name" | "partners">,
  size: EnsembleSize,
): string[] {
  if (partners !== true || spansAll(size)) return [];
  const { chains, dimension } = size;
  const directions = Math.floor(chains / 2) - 1;
  return [
    `Moves by ${name} go along differences of half of the chains, which span ${directions} of ` +
    `${dimension} directions: along the others chains hardly move, and R-hat may not show it. Give ` +
    `\`chains\` of at least ${2 * (dimension + 1)}, better twice as many, or rwm() as \`local\`.`,
  ];
}

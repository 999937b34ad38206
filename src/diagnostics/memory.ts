/**
 * Memory that serves one scalar after the other. The pages of a new array of megabytes cost more time
 * than the arithmetic on it (measured: half of all time).
 *
 * @module
 */

/** Arrays by what they are for. */
export interface Memory {
  /** Numbers, left as they were; the same ones for each call with the same use and size. */
  floats(use: string, size: number): Float64Array;
  /** Unsigned integers, likewise. */
  integers(use: string, size: number): Uint32Array;
}

function keeper<T extends { readonly length: number }>(
  make: (size: number) => T,
): (use: string, size: number) => T {
  const kept = new Map<string, T>();
  return (use, size) => {
    const old = kept.get(use);
    if (old?.length === size) return old;
    const made = make(size);
    kept.set(use, made);
    return made;
  };
}

/** Memory with nothing in it yet. */
export function memory(): Memory {
  return {
    floats: keeper((size) => new Float64Array(size)),
    integers: keeper((size) => new Uint32Array(size)),
  };
}

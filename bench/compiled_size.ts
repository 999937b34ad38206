/** What a step compiles to, and how long that takes. */
import { density, type GradientState, type Kernel, key, normal } from "../mod.ts";
import { startChains, vectorize } from "../mod.ts";
import { compileStep } from "../src/compile/ensemble.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { exampleOf, traceTree } from "../src/tensor/trace.ts";
import { leaves, mapLeaves } from "../src/tensor/tree.ts";
import type { TestDensity } from "../tests/targets/mod.ts";

/** Bytes of a compiled step, and milliseconds from the density to it. */
export interface CompiledSize {
  /** Bytes of code. */
  readonly code: number;
  /** Bytes of data, which the density holds. */
  readonly data: number;
  /** Differentiating, tracing and compiling to WebAssembly. */
  readonly milliseconds: number;
  /** From the density to a step that eight chains have taken, the engine's own compilation included. */
  readonly firstStepMilliseconds: number;
}

const [CODE, DATA] = [10, 11];

/** The bytes of each section of a module, by its number (WebAssembly Core 2.0, §5.5.2). */
function sectionBytes(module: Uint8Array): Map<number, number> {
  const sizes = new Map<number, number>();
  for (let at = 8; at < module.length;) {
    const section = module[at++];
    let size = 0;
    for (let shift = 0;; shift += 7) {
      const byte = module[at++];
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    sizes.set(section, size);
    at += size;
  }
  return sizes;
}

/** A compiled step of a kernel. */
function compiled(
  { dimension, logDensity }: TestDensity,
  kernel: Kernel<GradientState>,
  stepSize: number,
): Uint8Array {
  const position = exampleOf({ dtype: "f64", shape: [dimension] });
  const target = density(dimension, logDensity);
  const { form } = traceTree(
    ({ position }: { readonly position: Tensor }) => kernel.init(target)(position),
    { position },
  );
  const state = mapLeaves(form, ({ dtype, shape }) => exampleOf({ dtype, shape }));
  const { program } = traceTree(kernel.step(target, { stepSize }), state, key(0));
  return compileStep(program, leaves(state).length, [0]).bytes;
}

async function firstStep(
  { dimension, logDensity }: TestDensity,
  kernel: Kernel<GradientState>,
  stepSize: number,
): Promise<void> {
  const target = density(dimension, logDensity);
  const how = { workers: 1 };
  const state = await startChains(target, kernel, how)(normal(key(1), [8, dimension]));
  await vectorize(kernel.step(target, { stepSize }), how)(state, key(2));
}

/**
 * Compiles a step of a kernel.
 *
 * @param test The density.
 * @param kernel The kernel.
 * @param stepSize Its step size.
 * @returns What it comes to; of times the least of three.
 */
export async function compiledSize(
  test: TestDensity,
  kernel: Kernel<GradientState>,
  stepSize: number,
): Promise<CompiledSize> {
  let [milliseconds, firstStepMilliseconds] = [Infinity, Infinity];
  let sizes = new Map<number, number>();
  for (let i = 0; i < 3; i++) {
    const begin = performance.now();
    sizes = sectionBytes(compiled(test, kernel, stepSize));
    const end = performance.now();
    await firstStep(test, kernel, stepSize);
    milliseconds = Math.min(milliseconds, end - begin);
    firstStepMilliseconds = Math.min(firstStepMilliseconds, performance.now() - end);
  }
  const [code, data] = [CODE, DATA].map((section) => sizes.get(section) ?? 0);
  return { code, data, milliseconds, firstStepMilliseconds };
}

/**
 * HMC of ten gradients on a GPU, by the number of chains: time of a step of one chain, memory of the GPU for
 * each chain, and beside it WebAssembly in single precision on all cores. From some thousand chains on both
 * of the GPU's numbers should stay the same.
 *
 * Run: deno run --allow-read --allow-env --allow-sys bench/webgpu.ts [most chains]
 *
 * @module
 */
import {
  density,
  type DeviceName,
  type EnsembleStep,
  type GradientState,
  hmc,
  key,
  normal,
  startChains,
  vectorize,
} from "../mod.ts";
import { dualMoon, logistic, type TestDensity } from "../tests/targets/mod.ts";
import { loadText, median, tableText } from "./table.ts";

const GRADIENTS = 10;
const ROUNDS = 5;
/** A round takes about so long. */
const ROUND_MILLISECONDS = 400;
const CASES: readonly (readonly [TestDensity, stepSize: number])[] = [
  [dualMoon, 0.1],
  [logistic(1000, 25), 0.03],
];

/** Bytes of the GPU's buffers that were made and not destroyed. */
let bytes = 0;
let most = 0;
const { createBuffer } = GPUDevice.prototype;
GPUDevice.prototype.createBuffer = function (descriptor: GPUBufferDescriptor): GPUBuffer {
  const buffer = createBuffer.call(this, descriptor);
  bytes += descriptor.size;
  most = Math.max(most, bytes);
  const destroy = buffer.destroy.bind(buffer);
  buffer.destroy = () => {
    bytes -= descriptor.size;
    return destroy();
  };
  return buffer;
};

/** Nanoseconds of a step of one chain, the median of rounds. */
async function pace(
  advance: EnsembleStep<GradientState>,
  start: GradientState,
  chains: number,
): Promise<{ readonly first: number; readonly each: number }> {
  const time = async (state: GradientState, steps: number): Promise<[GradientState, number]> => {
    const began = performance.now();
    const after = await advance(state, key(2), { steps });
    return [after, performance.now() - began];
  };
  // The first call compiles.
  let [state, milliseconds] = await time(start, 1);
  const first = milliseconds;
  let steps = 1;
  for (;; steps *= 2) {
    [state, milliseconds] = await time(state, steps);
    if (milliseconds > ROUND_MILLISECONDS / 2) break;
  }
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    [state, milliseconds] = await time(state, steps);
    rounds.push(milliseconds / (steps * chains) * 1e6);
  }
  return { first, each: median(rounds) };
}

const adapter = await navigator.gpu?.requestAdapter() ?? null;
if (adapter === null) {
  console.log("There is no adapter of WebGPU here.");
  Deno.exit(0);
}
const largest = Number(Deno.args[0] ?? 65_536);
const { vendor, architecture, description } = adapter.info;
console.log(`${[vendor, architecture, description].join(" ")}; load ${loadText()}`);
const rows: string[][] = [];
for (const [{ name, dimension, logDensity }, stepSize] of CASES) {
  const target = density(dimension, logDensity);
  const kernel = hmc({ leapfrogSteps: GRADIENTS });
  for (let chains = 1024; chains <= largest; chains *= 4) {
    const on = async (device: DeviceName): ReturnType<typeof pace> => {
      const how = { device, precision: "f32" } as const;
      const position = normal(key(1), [chains, dimension]).mul(0.5);
      const start = await startChains(target, kernel, how)(position);
      return await pace(vectorize(kernel.step(target, { stepSize }), how), start, chains);
    };
    [bytes, most] = [0, 0];
    const gpu = await on("webgpu");
    const held = most;
    const wasm = await on("wasm");
    rows.push([
      name,
      String(chains),
      (gpu.first / 1000).toFixed(2),
      gpu.each.toFixed(1),
      (1e9 / gpu.each).toExponential(2),
      (held / chains).toFixed(0),
      wasm.each.toFixed(1),
      (wasm.each / gpu.each).toFixed(2),
    ]);
    console.log(rows.at(-1)?.join(" | "));
  }
}
const header = [
  "target",
  "chains",
  "first call, s",
  "ns a chain-step",
  "chain-steps / s",
  "bytes a chain",
  "WebAssembly f32, ns",
  "times as fast",
];
console.log(tableText(header, rows, 1));

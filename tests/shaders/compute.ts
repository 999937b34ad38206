/** Runs functions of shaders on a WebGPU adapter. */

/** What to compute. */
export interface Computation {
  /** A WGSL expression of `input` and the number `i` of the result; it must use both. */
  readonly value: string;
  /** What the expression reads as `input[…]`, in WGSL's `f32` or `u32`. */
  readonly input: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
  /** How many results; as many as inputs by default. */
  readonly count?: number;
}

const WORKGROUP = 64;

/** Whether there is an adapter. */
export async function hasAdapter(): Promise<boolean> {
  return (await navigator.gpu?.requestAdapter() ?? null) !== null;
}

function program(shaders: readonly string[], { value, input }: Computation, type: string): string {
  const inputType = input instanceof Float32Array ? "f32" : "u32";
  return `${shaders.join("\n")}
@group(0) @binding(0) var<storage, read> input: array<${inputType}>;
@group(0) @binding(1) var<storage, read_write> output: array<${type}>;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i < arrayLength(&output)) { output[i] = ${value}; }
}
`;
}

async function run(device: GPUDevice, code: string, input: Computation["input"], count: number) {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const size = 4 * count;
  const source = device.createBuffer({ size: input.byteLength, usage: STORAGE | COPY_DST });
  const result = device.createBuffer({ size, usage: STORAGE | COPY_SRC });
  const readable = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  device.queue.writeBuffer(source, 0, input);
  const entries = [source, result].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const layout = pipeline.getBindGroupLayout(0);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(Math.ceil(count / WORKGROUP));
  pass.end();
  encoder.copyBufferToBuffer(result, 0, readable, 0, size);
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error !== null) throw new Error(`Cannot run the shader: ${error.message}\n${code}`);
  await readable.mapAsync(GPUMapMode.READ);
  return readable.getMappedRange().slice(0);
}

async function compute(
  shaders: readonly string[],
  computation: Computation,
  type: "f32" | "u32",
): Promise<ArrayBuffer> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("Cannot run a shader: there is no WebGPU adapter");
  const device = await adapter.requestDevice();
  try {
    const { input, count = input.length } = computation;
    return await run(device, program(shaders, computation, type), input, count);
  } finally {
    device.destroy();
  }
}

/**
 * Evaluates an expression of type f32 for i = 0, 1, …
 *
 * @param shaders WGSL texts that declare what the expression calls.
 * @param computation The expression and its input.
 */
export async function computeFloats(
  shaders: readonly string[],
  computation: Computation,
): Promise<Float32Array> {
  return new Float32Array(await compute(shaders, computation, "f32"));
}

/** {@linkcode computeFloats} for an expression of type u32. */
export async function computeWords(
  shaders: readonly string[],
  computation: Computation,
): Promise<Uint32Array> {
  return new Uint32Array(await compute(shaders, computation, "u32"));
}

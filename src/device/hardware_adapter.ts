/**
 * Whether there is a GPU, and not only a processor that plays one.
 *
 * @module
 */
import { type Connection, connection, type Gpu, gpuHere } from "./webgpu_connection.ts";
import { WebgpuUnavailable } from "./webgpu_errors.ts";

/** What an adapter tells of itself; `isFallbackAdapter` was a property of adapters in earlier browsers. */
export interface DescribedAdapter {
  readonly info?: {
    readonly isFallbackAdapter?: boolean;
    readonly architecture?: string;
    readonly device?: string;
    readonly description?: string;
  };
  readonly isFallbackAdapter?: boolean;
}

/** Mesa's llvmpipe and lavapipe, Google's SwiftShader, and Microsoft's WARP by the name of its driver. */
const SOFTWARE = /llvmpipe|lavapipe|softpipe|swiftshader|basic render/i;

/**
 * Whether an adapter runs on the processor: compiled WebAssembly is faster and has floats of 64 bits.
 *
 * @param adapter The adapter.
 * @returns Whether it says so, or has the name of one that does.
 */
export function isSoftware({ info = {}, isFallbackAdapter }: DescribedAdapter): boolean {
  const { architecture, device, description } = info;
  return isFallbackAdapter === true || info.isFallbackAdapter === true ||
    [architecture, device, description].some((text) => SOFTWARE.test(text ?? ""));
}

/**
 * Connects to a GPU, if there is one that is no software; an adapter is asked for at the first call alone.
 *
 * @param gpu Where an adapter is asked for; the one of this place by default.
 * @param connect Connects to the GPU then; all share one connection by default.
 * @returns Connects. It rejects with a {@linkcode WebgpuUnavailable} if there is no adapter, or only one of
 * software.
 */
export function hardwareConnection(
  gpu: Gpu | undefined = gpuHere(),
  connect: () => Promise<Connection> = connection,
): () => Promise<Connection> {
  let software: Promise<string | undefined> | undefined;
  return async () => {
    software ??= softwareOf(gpu);
    const found = await software;
    if (found === undefined) return await connect();
    throw new WebgpuUnavailable(`its adapter is software (${found})`);
  };
}

/** The name of the adapter, if that is software. */
async function softwareOf(gpu: Gpu | undefined): Promise<string | undefined> {
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter || !isSoftware(adapter as DescribedAdapter)) return undefined;
  const { description, device } = (adapter as DescribedAdapter).info ?? {};
  return description || device || "a fallback adapter";
}

import assert from "node:assert/strict";
import {
  type DescribedAdapter,
  hardwareConnection,
  isSoftware,
} from "../../src/device/hardware_adapter.ts";
import type { Connection, Gpu } from "../../src/device/webgpu_connection.ts";
import { WebgpuUnavailable } from "../../src/device/webgpu_errors.ts";

const LAVAPIPE: DescribedAdapter = { info: { description: "llvmpipe (LLVM 15.0.6, 256 bits)" } };

Deno.test("isSoftware() knows processors that play a GPU, by what they say or by their name", () => {
  const software: readonly DescribedAdapter[] = [
    LAVAPIPE,
    { info: { isFallbackAdapter: true } },
    { isFallbackAdapter: true, info: { description: "some GPU" } },
    { info: { architecture: "swiftshader", isFallbackAdapter: false } },
    { info: { device: "SwiftShader Device (Subzero)" } },
    { info: { description: "Microsoft Basic Render Driver" } },
  ];
  const hardware: readonly DescribedAdapter[] = [
    {},
    { info: {} },
    { info: { description: "NVIDIA H100", architecture: "hopper", isFallbackAdapter: false } },
    { info: { architecture: "metal-3", description: "Apple M1" }, isFallbackAdapter: false },
    { info: { architecture: "gen-12lp", description: "Intel(R) Iris(R) Xe Graphics" } },
  ];
  for (const adapter of software) assert.ok(isSoftware(adapter), JSON.stringify(adapter));
  for (const adapter of hardware) assert.ok(!isSoftware(adapter), JSON.stringify(adapter));
});

/** What gives adapters, and how often it was asked. */
function gpuWith(adapter: DescribedAdapter | null): { readonly gpu: Gpu; asked: number } {
  const counted = {
    asked: 0,
    gpu: {
      requestAdapter: () => {
        counted.asked++;
        return Promise.resolve(adapter as GPUAdapter | null);
      },
    },
  };
  return counted;
}

Deno.test("hardwareConnection() connects to hardware, and looks at what it is once", async () => {
  const counted = gpuWith({ info: { description: "Apple M1" } });
  const open = {} as Connection;
  const connect = hardwareConnection(counted.gpu, () => Promise.resolve(open));
  assert.equal(counted.asked, 0);
  assert.equal(await connect(), open);
  assert.equal(await connect(), open);
  assert.equal(counted.asked, 1);
});

Deno.test("hardwareConnection() refuses software by its name, and never connects to it", async () => {
  const connect = hardwareConnection(gpuWith(LAVAPIPE).gpu, () => {
    throw new Error("connected");
  });
  for (let time = 0; time < 2; time++) {
    await assert.rejects(connect(), (error) => {
      assert.ok(error instanceof WebgpuUnavailable);
      assert.equal(error.why, "its adapter is software (llvmpipe (LLVM 15.0.6, 256 bits))");
      return true;
    });
  }
});

Deno.test("hardwareConnection() leaves it to the connection to say that there is nothing", async () => {
  const none = new WebgpuUnavailable("there is nothing");
  const connect = hardwareConnection(gpuWith(null).gpu, () => Promise.reject(none));
  await assert.rejects(connect(), none);
});

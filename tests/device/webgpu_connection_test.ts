import assert from "node:assert/strict";
import { type Connection, connectTo, type Gpu } from "../../src/device/webgpu_connection.ts";
import {
  DeviceLost,
  type FailureReason,
  WebgpuUnavailable,
} from "../../src/device/webgpu_errors.ts";
import { ON_GPU } from "./webgpu_adapter.ts";

function isLost(reason: FailureReason, message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof DeviceLost, String(error));
    assert.equal(error.reason, reason, error.message);
    assert.match(error.message, message);
    return true;
  };
}

/** A device of no GPU, and how to lose it or to have it complain. */
function standIn() {
  const lost = Promise.withResolvers<GPUDeviceLostInfo>();
  const target = new EventTarget();
  const scopes: (GPUError | null)[] = [];
  const device = Object.assign(target, {
    lost: lost.promise,
    limits: {
      maxStorageBufferBindingSize: 1000,
      maxBufferSize: 800,
      maxComputeWorkgroupsPerDimension: 7,
    },
    destroyed: false,
    destroy: () => {
      device.destroyed = true;
    },
    pushErrorScope: () => {},
    popErrorScope: () => Promise.resolve(scopes.pop() ?? null),
  });
  const asked: GPUDeviceDescriptor[] = [];
  const gpu = {
    requestAdapter: () =>
      Promise.resolve({
        limits: device.limits,
        requestDevice: (descriptor: GPUDeviceDescriptor) => {
          asked.push(descriptor);
          return Promise.resolve(device);
        },
      }),
  } as unknown as Gpu;
  return {
    gpu,
    device,
    asked,
    scopes,
    lose: () => lost.resolve({ reason: "destroyed", message: "gone" } as GPUDeviceLostInfo),
    complain: (message: string) => {
      const event = Object.assign(new Event("uncapturederror", { cancelable: true }), {
        error: { message },
      });
      target.dispatchEvent(event);
      return event;
    },
  };
}

Deno.test("where there is no adapter, or it gives no device, one error says what to take instead", async () => {
  const none: Gpu = { requestAdapter: () => Promise.resolve(null) };
  const broken = {
    requestAdapter: () =>
      Promise.resolve({ limits: {}, requestDevice: () => Promise.reject(new Error("too many")) }),
  } as unknown as Gpu;
  for (
    const [gpu, why] of [[none, /no adapter/], [broken, /gives no device \(too many\)/]] as const
  ) {
    await assert.rejects(connectTo(gpu), (error) => {
      assert.ok(error instanceof WebgpuUnavailable);
      assert.match(error.message, why);
      assert.match(error.message, /Take the device "wasm", or "auto"/);
      return true;
    });
  }
});

Deno.test("a connection asks for the limits of the adapter", async () => {
  const { gpu, asked } = standIn();
  const { mostBytes, mostWorkgroups } = await connectTo(gpu);
  assert.deepEqual([mostBytes, mostWorkgroups], [800, 7]);
  assert.equal(asked[0].requiredLimits?.["maxStorageBufferBindingSize"], 1000);
  assert.equal(asked[0].requiredLimits?.["maxBufferSize"], 800);
});

Deno.test("work that waits when the device is lost is rejected, and so is all that follows", async () => {
  const { gpu, lose } = standIn();
  const open = await connectTo(gpu);
  assert.equal(await open.settled(Promise.resolve(3)), 3);
  const waiting = open.settled(new Promise(() => {}));
  assert.ok(open.open);
  lose();
  await assert.rejects(waiting, isLost("lost", /the GPU device was lost \(gone\)/));
  assert.ok(!open.open);
  await assert.rejects(open.settled(Promise.resolve(3)), isLost("lost", /gone/));
});

Deno.test("an error that nobody asked for rejects the work that waits, and is not reported again", async () => {
  const { gpu, device, complain } = standIn();
  const open = await connectTo(gpu);
  const waiting = open.settled(new Promise(() => {}));
  const event = complain("no such buffer");
  assert.ok(event.defaultPrevented);
  await assert.rejects(waiting, isLost("refused", /refused its work \(no such buffer\)/));
  assert.ok(!open.open);
  assert.ok(device.destroyed);
});

Deno.test("what a device refuses to create is one error, and the connection goes on", async () => {
  const { gpu, scopes } = standIn();
  const open = await connectTo(gpu);
  const create = <T>(connection: Connection, made: () => T | Promise<T>): Promise<T> =>
    connection.created(made);
  assert.equal(await create(open, () => 5), 5);
  scopes.push({ message: "bad shader" } as GPUError);
  await assert.rejects(create(open, () => 5), isLost("refused", /bad shader/));
  await assert.rejects(
    create(open, () => Promise.reject(new Error("no pipeline"))),
    isLost("refused", /no pipeline/),
  );
  assert.ok(open.open);
  assert.equal(await create(open, () => Promise.resolve(6)), 6);
});

Deno.test({
  name: "a GPU says that it was lost, and what it refuses",
  ...ON_GPU,
  async fn() {
    const open = await connectTo();
    await assert.rejects(
      open.created(() =>
        open.device.createBuffer({
          size: open.device.limits.maxBufferSize + 4,
          usage: GPUBufferUsage.STORAGE,
        })
      ),
      isLost("refused", /size|large|limit/i),
    );
    assert.ok(open.open);
    open.device.destroy();
    await assert.rejects(
      open.settled(open.device.lost.then(() => new Promise(() => {}))),
      isLost("lost", /./),
    );
    assert.ok(!open.open);
  },
});

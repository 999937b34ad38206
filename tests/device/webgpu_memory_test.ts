import assert from "node:assert/strict";
import { density, key, normal, sample } from "../../mod.ts";
import { webgpuDeviceWith } from "../../src/device/webgpu.ts";
import { type Connection, connection, connectTo } from "../../src/device/webgpu_connection.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { trace } from "../../src/tensor/trace.ts";
import { ON_GPU } from "./webgpu_adapter.ts";

const STEP = trace((x, _k) => [x.mul(0.5)], [
  { dtype: "f64", shape: [3] },
  { dtype: "u32", shape: [2] },
]);
const SQUARE = trace((x) => [x.square()], [{ dtype: "f64", shape: [3] }]);
const POINTS = tensor([[1, 2, 3], [4, 5, 6]]);

/** Counts buffers of a connection that were not destroyed, from now on until it is disposed of. */
function living({ device }: Connection): { readonly count: number } & Disposable {
  const made = new Set<GPUBuffer>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      made.delete(buffer);
      return destroy();
    };
    made.add(buffer);
    return buffer;
  };
  return {
    get count() {
      return made.size;
    },
    [Symbol.dispose]: () => {
      device.createBuffer = create;
    },
  };
}

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test(
  "what runs on a GPU gives its memory back when the last hold ends, and can run again",
  ON_GPU,
  async () => {
    const open = await connectTo();
    using buffers = living(open);
    // Draws are read one by one.
    const device = webgpuDeviceWith({ connect: () => Promise.resolve(open), drawBytes: 4 });
    const step = device.step(STEP, 1, [0]);
    const map = device.map(SQUARE, 1);
    const both = async (): Promise<Tensor[]> => {
      const { state } = await step.run([POINTS], [], key(1), { steps: 4, thin: 1 });
      return [...state, ...await map.run([POINTS], [])];
    };
    const holds = [device.hold(), device.hold()];
    const first = await both();
    const held = buffers.count;
    assert.ok(held > 0);
    holds[0].release();
    holds[0].release();
    await later();
    assert.equal(buffers.count, held);
    // What is under way when the last hold ends comes to its end.
    const { queue } = open.device;
    const submit = queue.submit.bind(queue);
    queue.submit = (commands) => {
      submit(commands);
      holds[1].release();
    };
    const underWay = both();
    const outcomes = [await underWay, await both()];
    for (const each of outcomes) assert.deepEqual(each, first);
    const again = device.hold();
    await both();
    again.release();
    await later();
    assert.equal(buffers.count, 0);
    open.device.destroy();
  },
);

Deno.test("steps that nobody holds keep their memory from run to run", ON_GPU, async () => {
  const open = await connectTo();
  using buffers = living(open);
  const device = webgpuDeviceWith({ connect: () => Promise.resolve(open) });
  const step = device.step(STEP, 1, [0]);
  await step.run([POINTS], [], key(1), { steps: 2 });
  const once = buffers.count;
  device.hold().release();
  await later();
  assert.equal(buffers.count, once);
  await step.run([POINTS], [], key(1), { steps: 2 });
  assert.equal(buffers.count, once);
  open.device.destroy();
});

Deno.test(
  "sample() leaves no memory on the GPU, whether it ends or is aborted",
  ON_GPU,
  async () => {
    using buffers = living(await connection());
    const bell = density(2, (x) => x.square().sum().mul(-0.5));
    const options = { device: "webgpu", flow: "none", chains: 16 } as const;
    await sample(bell, key(1), {
      ...options,
      initial: normal(key(2), [16, 2]),
      stop: { maxDraws: 20 },
    });
    await later();
    assert.equal(buffers.count, 0);
    const controller = new AbortController();
    const aborted = sample(bell, key(1), {
      ...options,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await assert.rejects(aborted, { name: "AbortError" });
    await later();
    assert.equal(buffers.count, 0);
  },
);

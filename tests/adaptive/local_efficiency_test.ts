import assert from "node:assert/strict";
import { key, normal } from "../../mod.ts";
import { fromArray, type Tensor } from "../../src/tensor/tensor.ts";
import { localEfficiency } from "../../src/adaptive/local_efficiency.ts";

/** Chains of one coordinate that forget at a rate. */
function autoregressive(rate: number): Tensor {
  const [chains, draws] = [200, 50];
  const noise = normal(key(1), [chains, draws]).data;
  const data = new Float64Array(chains * draws);
  data.forEach((_, at) => {
    const first = at % draws === 0;
    data[at] = first ? noise[at] : rate * data[at - 1] + Math.sqrt(1 - rate * rate) * noise[at];
  });
  return fromArray({ dtype: "f64", shape: [chains, draws, 1], data });
}

for (const rate of [0, 0.5, 0.9]) {
  Deno.test(`steps that forget at the rate ${rate} are worth what theory says`, () => {
    const expected = (1 - rate) / (1 + rate);
    const found = localEfficiency(autoregressive(rate), 1);
    assert.ok(Math.abs(found - expected) < 0.04, `${found}`);
    assert.ok(Math.abs(localEfficiency(autoregressive(rate), 4) - found / 4) < 1e-12);
  });
}

Deno.test("the slowest coordinate counts, and chains in modes of their own are worth nothing", () => {
  const [fast, slow] = [autoregressive(0), autoregressive(0.9)];
  const both = fromArray({
    dtype: "f64",
    shape: [200, 50, 2],
    data: Float64Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? fast : slow).data[i >> 1]),
  });
  assert.equal(localEfficiency(both, 1), localEfficiency(slow, 1));
  const apart = fromArray({
    dtype: "f64",
    shape: [200, 50, 1],
    data: Float64Array.from(
      { length: 10_000 },
      (_, i) => fast.data[i] + (Math.floor(i / 50) % 2) * 100,
    ),
  });
  assert.ok(localEfficiency(apart, 1) < 0.01);
  assert.equal(localEfficiency(fast.mul(0), 1), 0);
  assert.equal(localEfficiency(fast.slice(0, 1, { axis: 1 }), 1), 0);
});

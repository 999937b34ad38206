import assert from "node:assert/strict";
import { uniformityProbability } from "../statistics/uniformity.ts";
import { studentT } from "../../src/global/student_t.ts";
import { interpreterDevice } from "../../src/device/interpreter.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import { key, tensor } from "../../mod.ts";

const slanted = { mean: Float64Array.of(1, -2), cholesky: Float64Array.of(2, 0, 0.5, 1) };

/** Covariance 4, 1; 1, 1.25 times ν/(ν − 2) = 2. */
const COVARIANCE = [8, 2, 2.5];

Deno.test("studentT() is normalised, in one and two dimensions", async () => {
  const line = studentT({ mean: Float64Array.of(3), cholesky: Float64Array.of(0.5) }, wasmDevice);
  const plane = studentT(slanted, wasmDevice);
  const steps = Array.from({ length: 401 }, (_, i) => i - 200);
  const along = (await line.logDensity(tensor(steps.map((i) => [3 + i / 10])))).data;
  const over = (await plane.logDensity(
    tensor(steps.flatMap((i) => steps.map((j) => [1 + i / 2, -2 + j / 2]))),
  )).data;
  // What lies beyond ±20 and ±100 is below 1e-5 by the tails' t⁻⁴ and r⁻⁴.
  const sum = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((total, value) => total + Math.exp(value), 0);
  assert.ok(Math.abs(sum(along) / 10 - 1) < 1e-5);
  assert.ok(Math.abs(sum(over) / 4 - 1) < 1e-5);
});

Deno.test("studentT() at its centre and away from it has the textbook's density", async () => {
  const line = studentT({ mean: Float64Array.of(0), cholesky: Float64Array.of(1) }, wasmDevice);
  const [centre, one] = (await line.logDensity(tensor([[0], [1]]))).data;
  // Γ(5/2)/(√(4π) Γ(2)) = 3/8.
  assert.ok(Math.abs(centre - Math.log(3 / 8)) < 1e-14);
  assert.ok(Math.abs(one - Math.log(3 / 8 * Math.pow(1.25, -2.5))) < 1e-14);
});

Deno.test("studentT() gives with its points the density that it finds at them", async () => {
  const t = studentT(slanted, wasmDevice);
  const { position, logDensity } = await t.sample(key(1), 1000);
  const again = (await t.logDensity(position)).data;
  logDensity.data.forEach((value, i) => assert.ok(Math.abs(value - again[i]) < 1e-12));
});

Deno.test("studentT() draws what its density says: quantiles of the distance and the covariance", async () => {
  const n = 200_000;
  const { data } = (await studentT(slanted, wasmDevice).sample(key(0), n)).position;
  const products = [0, 0, 0];
  let near = 0;
  for (let i = 0; i < n; i++) {
    const [a, b] = [data[2 * i] - 1, data[2 * i + 1] + 2];
    [a * a, a * b, b * b].forEach((product, k) => products[k] += product / n);
    const [u, v] = [a / 2, b - a / 4];
    // r²/2 follows F(2, 4), whose distribution function at f is 1 − (1 + f/2)⁻².
    if ((u * u + v * v) / 2 < 2) near++;
  }
  // 0.75 ± 5 standard deviations of a share: a false-alarm rate of 6e-7.
  assert.ok(Math.abs(near / n - 0.75) < 5 * Math.sqrt(0.75 * 0.25 / n), `${near / n}`);
  // The fourth moments do not exist, so that this bound is a loose one: it catches a wrong factor.
  products.forEach((found, k) => assert.ok(Math.abs(found / COVARIANCE[k] - 1) < 0.15, `${found}`));
});

Deno.test("studentT() gives the same bits interpreted and compiled, and row by row", async () => {
  const [a, b, c] = [
    await studentT(slanted, wasmDevice).sample(key(3), 20),
    await studentT(slanted, interpreterDevice).sample(key(3), 20),
    await studentT(slanted, wasmDevice).sample(key(3), 7),
  ];
  assert.deepEqual(a.position.data, b.position.data);
  assert.deepEqual(a.logDensity.data, b.logDensity.data);
  assert.deepEqual(a.position.data.slice(0, 14), c.position.data);
});

Deno.test("studentT() with an angle is uniform around it, and normalised over one turn", async () => {
  const shape = {
    mean: Float64Array.of(2, -1),
    cholesky: Float64Array.of(1, 0, 0, 0.7),
    periodic: [true, false],
  };
  const mixed = studentT(shape, wasmDevice);
  const line = studentT({ mean: Float64Array.of(-1), cholesky: Float64Array.of(0.7) }, wasmDevice);
  const points = tensor([[0.3, 0.2], [-3, 5], [9, -1]]);
  const expected = (await line.logDensity(tensor([[0.2], [5], [-1]]))).data;
  (await mixed.logDensity(points)).data.forEach((each, i) =>
    assert.ok(Math.abs(each - (expected[i] - Math.log(2 * Math.PI))) < 1e-12)
  );
  const { position, logDensity } = await mixed.sample(key(5), 20_000);
  const [angles, lines] = [0, 1].map((i) => position.slice(i, i + 1, { axis: 1 }));
  assert.ok(angles.data.every((each) => Math.abs(each) <= Math.PI));
  // Passed by chance with probability 1 − 1e-6.
  const shares = Float64Array.from(angles.data, (each) => each / (2 * Math.PI) + 0.5);
  assert.ok(uniformityProbability(shares) > 1e-6);
  (await line.logDensity(lines)).data.forEach((each, i) =>
    assert.ok(Math.abs(logDensity.data[i] - each + Math.log(2 * Math.PI)) < 1e-12)
  );
});

import assert from "node:assert/strict";
import { density, key, normal, type Target, type Tensor, tensor } from "../../mod.ts";
import { chooseDevice } from "../../src/device/choose.ts";
import { mapChains } from "../../src/kernels/ensemble.ts";
import { gradientAt } from "../../src/kernels/kernel.ts";
import { metricOf } from "../../src/kernels/metric.ts";
import { leapfrog } from "../../src/kernels/leapfrog.ts";

/** Curved, and with a different scale along each axis. */
const curved = density(3, (x) => {
  const [a, b, c] = [x.at(0), x.at(1), x.at(2)];
  return a.square().mul(-0.5).sub(b.sub(a.square().mul(0.5)).square()).sub(c.softplus())
    .sub(c.square().mul(0.25)).add(a.sin().mul(c).mul(0.3));
});
const harmonic = density(1, (x) => x.square().sum().mul(-0.5));

interface Trajectory {
  readonly stepSize: number;
  readonly steps: number;
  readonly inverseMass?: readonly number[];
}

type Phase = { readonly position: Tensor; readonly momentum: Tensor };
type End = Phase & { readonly logDensity: Tensor };

/** Trajectories as they run in compiled steps, from many starts at once. */
function trajectories(
  target: Target,
  { stepSize, steps, inverseMass = [1] }: Trajectory,
): (start: Phase) => Promise<End> {
  const inverse = inverseMass.length === 1 ? inverseMass[0] : inverseMass;
  const metric = metricOf(target, { stepSize, inverseMass: inverse });
  const integrate = leapfrog(target, { metric, steps });
  return mapChains(({ position, momentum }: Phase) => {
    const { gradient } = gradientAt(target, position);
    const end = integrate({ position, momentum, gradient });
    return { position: end.position, momentum: end.momentum, logDensity: end.logDensity };
  }, { device: chooseDevice() });
}

function starts(n: number, dimension: number): Phase {
  return {
    position: normal(key(0), [n, dimension]),
    momentum: normal(key(1), [n, dimension]),
  };
}

function largestDifference(a: Tensor, b: Tensor): number {
  return Math.max(...a.sub(b).abs().data);
}

const METRIC = [0.5, 1.5, 2];

for (const steps of [1, 2, 25]) {
  Deno.test(`leapfrog() with ${steps} steps leads back from its end`, async () => {
    const run = trajectories(curved, { stepSize: 0.1, steps, inverseMass: METRIC });
    const start = starts(100, 3);
    const end = await run(start);
    const back = await run({ position: end.position, momentum: end.momentum.neg() });
    assert.ok(largestDifference(end.position, start.position) > 0.1);
    assert.ok(largestDifference(back.position, start.position) < 1e-10);
    assert.ok(largestDifference(back.momentum.neg(), start.momentum) < 1e-10);
  });

  Deno.test(`leapfrog() with ${steps} steps preserves volume`, async () => {
    const run = trajectories(curved, { stepSize: 0.1, steps, inverseMass: METRIC });
    const { position, momentum } = starts(5, 3);
    for (let i = 0; i < 5; i++) {
      const point = [...position.at(i).data, ...momentum.at(i).data];
      const jacobian = await derivative(point, run);
      assert.ok(Math.abs(determinant(jacobian) - 1) < 1e-10, String(determinant(jacobian)));
    }
  });
}

/** Central differences of order 8: their error is below 1e-12 for functions as smooth as these. */
const STENCIL = [[1, 4 / 5], [2, -1 / 5], [3, 4 / 105], [4, -1 / 280]];
const SPACING = 0.005;

/** Row i holds the derivatives of all results by coordinate i. */
async function derivative(
  point: readonly number[],
  run: (start: Phase) => Promise<End>,
): Promise<number[][]> {
  const size = point.length;
  const d = size / 2;
  const shifts = STENCIL.flatMap(([k, weight]) => [[k, weight], [-k, -weight]]);
  const points = point.flatMap((_, i) =>
    shifts.map(([k]) => point.map((x, j) => j === i ? x + k * SPACING : x))
  );
  const ends = await run({
    position: tensor(points.map((each) => each.slice(0, d))),
    momentum: tensor(points.map((each) => each.slice(d))),
  });
  const result = (n: number): number[] => [
    ...ends.position.at(n).data,
    ...ends.momentum.at(n).data,
  ];
  return point.map((_, i) =>
    shifts.map(([, weight], n) => result(i * shifts.length + n).map((x) => x * weight / SPACING))
      .reduce((sum, terms) => sum.map((x, j) => x + terms[j]))
  );
}

/** By elimination with pivots. */
function determinant(matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row) => [...row]);
  let product = 1;
  rows.forEach((_, k) => {
    const sizes = rows.map((row, i) => i < k ? -1 : Math.abs(row[k]));
    const pivot = sizes.indexOf(Math.max(...sizes));
    if (pivot !== k) {
      [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
      product = -product;
    }
    product *= rows[k][k];
    for (let i = k + 1; i < rows.length; i++) {
      const factor = rows[i][k] / rows[k][k];
      rows[i] = rows[i].map((x, j) => x - factor * rows[k][j]);
    }
  });
  return product;
}

/** Root mean square of the energy change over many trajectories. */
async function energyError(trajectory: Trajectory): Promise<number> {
  const start = starts(400, 3);
  const end = await trajectories(curved, trajectory)(start);
  let sum = 0;
  for (let i = 0; i < 400; i++) {
    const before = curved.logDensity([...start.position.at(i).data]);
    const kinetic = (momentum: Tensor): number => momentum.at(i).square().sum().item() / 2;
    const change = kinetic(end.momentum) - kinetic(start.momentum) -
      (end.logDensity.data[i] - before);
    sum += change * change;
  }
  return Math.sqrt(sum / 400);
}

Deno.test("leapfrog() conserves energy to second order in the step size", async () => {
  const errors: number[] = [];
  for (const steps of [20, 40, 80, 160]) {
    errors.push(await energyError({ stepSize: 1 / steps, steps, inverseMass: METRIC }));
  }
  assert.ok(errors[0] < 0.01, String(errors[0]));
  errors.slice(1).forEach((error, i) => {
    const order = Math.log2(errors[i] / error);
    assert.ok(Math.abs(order - 2) < 0.05, `order ${order}`);
  });
});

Deno.test("leapfrog() conserves its shadow energy on a harmonic oscillator", async () => {
  // ½z² + ½x²(1 − ε²/4) is exactly constant (Leimkuhler & Reich 2004, §5), over any time.
  const stepSize = 0.9;
  const start = starts(50, 1);
  const end = await trajectories(harmonic, { stepSize, steps: 10_000 })(start);
  const shadow = ({ position, momentum }: Phase): Tensor =>
    momentum.square().add(position.square().mul(1 - stepSize * stepSize / 4)).mul(0.5);
  assert.ok(largestDifference(shadow(end), shadow(start)) < 1e-10);
});

/** What both paths must be: the ends, what is between, and one value for one place. */
import assert from "node:assert/strict";
import {
  density,
  key,
  logSumExp,
  normal,
  positive,
  posterior,
  real,
  split,
  type Target,
  type Tensor,
  tensor,
  where,
} from "../../mod.ts";
import { gradientAt } from "../../src/kernels/kernel.ts";
import { priorPath } from "../../src/kernels/prior_path.ts";
import { studentTPath } from "../../src/kernels/student_t_path.ts";
import type { TemperedPath } from "../../src/kernels/tempered_path.ts";
import { distanceFromUniform } from "../statistics/uniformity.ts";

const regression = posterior({
  parameters: { slope: real(2), sigma: positive() },
  data: { x: [0, 1, 2, 3], y: [0.1, 1.3, 1.8, 3.2] },
  logPrior: ({ slope, sigma }) => slope.square().sum().mul(-0.5).sub(sigma),
  logLikelihood: ({ slope, sigma }, { x, y }) =>
    y.sub(slope.at(0).add(slope.at(1).mul(x))).div(sigma).square().sum().mul(-0.5)
      .sub(sigma.log().mul(4)),
});

const modes = density(
  3,
  (x) => logSumExp(x.at(0).sub([-3, 3]).square().mul(-0.5)).sub(x.slice(1).square().sum()),
);

const SHAPE = { mean: tensor([0.5, -1, 0]), scale: tensor([2, 1, 3]) };

function ofPrior(): TemperedPath {
  assert.ok(regression.factors !== undefined);
  return priorPath(regression, regression.factors);
}

const paths: [name: string, path: TemperedPath, target: Target][] = [
  ["from the prior", ofPrior(), regression],
  ["from Student's t", studentTPath(modes, SHAPE), modes],
];
const POINTS = normal(key(1), [6, 3]);

function close(a: Tensor, b: Tensor, tolerance = 1e-12): void {
  a.data.forEach((x: number, i: number) =>
    assert.ok(Math.abs(x - b.data[i]) <= tolerance * (1 + Math.abs(x)), `${x}, not ${b.data[i]}`)
  );
}

for (const [name, path, target] of paths) {
  Deno.test(`the path ${name} has at a place what its target has there, at every temperature`, () => {
    for (let i = 0; i < 6; i++) {
      const place = path.place(POINTS.at(i), true);
      for (const beta of [0, 0.01, 0.3, 1].map((each) => tensor(each))) {
        const expected = gradientAt(path.target(beta), POINTS.at(i));
        const found = path.at(place, beta);
        close(found.logDensity, expected.logDensity);
        assert.ok(found.gradient !== undefined);
        close(found.gradient, expected.gradient);
        // Between the ends ln p_β changes by ln L for a unit of β.
        const start = path.at(place, tensor(0)).logDensity;
        close(found.logDensity, start.add(path.logLikelihood(place).mul(beta)));
      }
    }
  });

  Deno.test(`the path ${name} ends at the target, to the bit where it is kept`, () => {
    for (let i = 0; i < 6; i++) {
      const x = POINTS.at(i);
      const place = path.place(x, true);
      assert.equal(place.logDensity.item(), target.logDensity(Float64Array.from(x.data)));
      close(path.at(place, tensor(1)).logDensity, place.logDensity);
      assert.ok(place.gradient !== undefined);
      close(place.gradient, tensor(target.gradient(Float64Array.from(x.data))));
    }
  });

  Deno.test(`the path ${name} needs no gradient for kernels without`, () => {
    const place = path.place(POINTS.at(0), false);
    assert.equal(place.gradient, undefined);
    assert.deepEqual(Object.keys(path.at(place, tensor(0.3))), ["logDensity"]);
    close(path.logLikelihood(place), path.logLikelihood(path.place(POINTS.at(0), true)));
  });
}

Deno.test("the path from the prior is the prior at β = 0, also where the likelihood vanishes", () => {
  const target = posterior({
    parameters: { x: real() },
    logPrior: ({ x }) => x.square().mul(-0.5),
    logLikelihood: ({ x }) => where(x.greater(0), 0, -Infinity),
  });
  assert.ok(target.factors !== undefined);
  const path = priorPath(target, target.factors);
  const outside = path.place(tensor([-2]), true);
  assert.equal(path.at(outside, tensor(0)).logDensity.item(), -2);
  assert.equal(gradientAt(path.target(tensor(0)), tensor([-2])).logDensity.item(), -2);
  assert.equal(path.at(outside, tensor(0.1)).logDensity.item(), -Infinity);
  assert.equal(outside.logDensity.item(), -Infinity);
  assert.equal(path.draw, undefined);
});

Deno.test("a posterior of one term has no factors, and one of two has the Jacobian in its prior", () => {
  const whole = posterior({ parameters: { s: positive() }, logDensity: ({ s }) => s.neg() });
  assert.equal(whole.factors, undefined);
  const path = ofPrior();
  const x = tensor([0.3, -0.2, 0.7]);
  const sigma = Math.exp(0.7);
  const prior = -0.5 * (0.09 + 0.04) - sigma + 0.7;
  close(path.at(path.place(x, true), tensor(0)).logDensity, tensor(prior));
});

/** ∫ of a function by the trapezoid rule in t, where x = sinh t: its tails are heavy. */
function integral(f: (x: number) => number): number {
  let sum = 0;
  const step = 0.02;
  for (let t = -18; t <= 18; t += step) sum += f(Math.sinh(t)) * Math.cosh(t) * step;
  return sum;
}

Deno.test("the reference is normalised, on lines and on the circle", () => {
  const line = studentTPath(density(1, (x) => x.sum().mul(0)), {
    mean: tensor([1]),
    scale: tensor([0.3]),
  });
  const at = (path: TemperedPath, x: readonly number[]): number =>
    Math.exp(path.at(path.place(tensor([...x]), false), tensor(0)).logDensity.item());
  assert.ok(Math.abs(integral((x) => at(line, [x])) - 1) < 1e-9);
  const angle = density(2, (x) => x.at(1).cos(), { periodic: [false, true] });
  const circle = studentTPath(angle, { mean: tensor([1, 5]), scale: tensor([0.3, 7]) });
  const sum = integral((x) => at(circle, [x, 0.4])) * 2 * Math.PI;
  assert.ok(Math.abs(sum - 1) < 1e-9, `${sum}`);
});

Deno.test("draws of the reference follow it, on lines and on the circle", () => {
  // Of 2,000 draws the largest distance is above 0.0616 with probability 2 exp(−2n · 0.0616²) = 5e-7, twice.
  const angle = density(2, (x) => x.at(1).cos(), { periodic: [false, true] });
  const path = studentTPath(angle, { mean: tensor([1, 5]), scale: tensor([0.3, 7]) });
  assert.ok(path.draw !== undefined);
  const { draw } = path;
  const draws = split(key(3), 2000).map((each) => draw(each));
  const cdf = (t: number): number => {
    const q = 1 + t * t / 4;
    return 0.5 + 0.375 * t / Math.sqrt(q) * (1 - t * t / q / 12);
  };
  const onLine = Float64Array.from(draws, (x) => cdf((x.at(0).item() - 1) / 0.3));
  const onCircle = Float64Array.from(draws, (x) => x.at(1).item() / (2 * Math.PI) + 0.5);
  assert.ok(distanceFromUniform(onLine) < 0.0616);
  assert.ok(distanceFromUniform(onCircle) < 0.0616);
});

/** Angles as parameters and as coordinates of densities. */
import assert from "node:assert/strict";
import { angle, density, hostDensity, positive, posterior, type Tensor } from "../../mod.ts";

const TURN = 2 * Math.PI;

const two = posterior({
  parameters: { scale: positive(), phase: angle(2) },
  derived: ({ phase }) => ({ east: phase.cos() }),
  logDensity: ({ scale, phase }) => phase.sub([3, -3]).cos().sum().mul(scale).sub(scale.square()),
});

Deno.test("a posterior knows which of its coordinates are angles", () => {
  assert.deepEqual(two.periodic, [false, true, true]);
  assert.deepEqual(two.parameters.map(({ name, periodic }) => [name, periodic]), [
    ["scale", undefined],
    ["phase", [true, true]],
    ["east", undefined],
  ]);
  assert.deepEqual(density(2, (x) => x.square().sum().neg()).periodic, [false, false]);
});

Deno.test("an angle is in [−π, π), and a turn changes neither it nor density or gradient", () => {
  for (const x of [0, 1, 3.1, Math.PI, -Math.PI, 3.2, -8, 40]) {
    const [here, there] = [[0.3, x, 1], [0.3, x + TURN, 1 - 3 * TURN]];
    const [value] = two.constrain(here).phase as number[];
    assert.ok(value >= -Math.PI && value < Math.PI, `${value}`);
    assert.ok(Math.abs(Math.cos(value) - Math.cos(x)) < 1e-14);
    assert.ok(Math.abs(two.logDensity(here) - two.logDensity(there)) < 1e-12);
    two.gradient(here).forEach((each, i) =>
      assert.ok(Math.abs(each - two.gradient(there)[i]) < 1e-12)
    );
  }
});

Deno.test("the gradient along an angle is the slope", () => {
  const at = [0.3, 2.5, -1];
  const step = 1e-6;
  const slope = (two.logDensity(at.with(1, 2.5 + step)) - two.logDensity(at.with(1, 2.5 - step))) /
    (2 * step);
  assert.ok(Math.abs(two.gradient(at)[1] - slope) < 1e-8);
});

Deno.test("given angles may be any number of turns off", () => {
  const x = two.unconstrain({ scale: 1, phase: [3.5, -20] });
  const { phase } = two.constrain(x);
  (phase as number[]).forEach((each, i) =>
    assert.ok(Math.abs(Math.sin(each) - Math.sin([3.5, -20][i])) < 1e-14)
  );
});

const wave = (x: Tensor): Tensor => x.at(1).cos().sub(x.at(0).square());

Deno.test("draws of a density are taken back to one turn along periodic coordinates", () => {
  const target = density(2, wave, { periodic: [false, true] });
  assert.deepEqual(target.periodic, [false, true]);
  const [a, b] = target.constrain([9, 9]).x as number[];
  assert.equal(a, 9);
  assert.ok(Math.abs(b - (9 - TURN)) < 1e-14);
  const black = hostDensity(1, ([x]) => Math.cos(x), ([x]) => [-Math.sin(x)], { periodic: [true] });
  assert.deepEqual(black.periodic, [true]);
});

Deno.test("what does not repeat itself is not periodic", () => {
  assert.throws(
    () => density(2, wave, { periodic: [true, true] }),
    /^RangeError: Cannot take coordinate 0 for periodic: the log density is .* a whole turn, 2π, further/,
  );
  assert.throws(
    () => density(1, (x) => x.at(0).mul(Math.PI).cos(), { periodic: [true] }),
    /scale it to that period/,
  );
  assert.throws(
    () => density(2, wave, { periodic: [true] }),
    /^RangeError: Cannot make a density of 2 coordinates with `periodic` .*: give true or false for each/,
  );
  assert.throws(
    () => density(2, wave, { period: [true] } as never),
    /^TypeError: .*unknown option `period`/,
  );
});

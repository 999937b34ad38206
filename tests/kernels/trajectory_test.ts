import assert from "node:assert/strict";
import {
  density,
  hostDensity,
  jitteredHmc,
  key,
  mams,
  normal,
  startChains,
  type Tensor,
  tensor,
  vectorize,
} from "../../mod.ts";
import { chooseDevice } from "../../src/device/choose.ts";
import { mapChains } from "../../src/kernels/ensemble.ts";
import { turned } from "../../src/kernels/isokinetic.ts";
import { words } from "../../src/tensor/tensor.ts";
import { trajectoryOf } from "../../src/kernels/trajectory.ts";

const bell = density(3, (x) => x.square().sum().mul(-0.5));

/** The van der Corput sequence in base 2 by its definition. */
function vanDerCorput(n: number): number {
  let [value, digit] = [0, 0.5];
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    value += digit * (rest % 2);
    digit /= 2;
  }
  return value;
}

for (const jitter of [0, 0.4, 1]) {
  Deno.test(`trajectories with jitter ${jitter} have the lengths of a van der Corput sequence`, () => {
    const parameters = { stepSize: 0.1, trajectoryLength: 1.7 };
    for (let i = 0; i < 40; i++) {
      const { steps, share } = trajectoryOf(parameters, words([i]).at(0), jitter);
      const expected = 1 + jitter * (2 * vanDerCorput(i + 1) - 1);
      assert.ok(Math.abs(share.item() - expected) < 1e-12);
      assert.equal(steps.item(), Math.floor(expected * 1.7 / 0.1) + 1);
    }
  });
}

Deno.test("a trajectory has a thousand steps at most, and one at least", () => {
  const steps = (trajectoryLength: number) =>
    trajectoryOf({ stepSize: 1e-3, trajectoryLength }, words([0]).at(0), 1).steps.item();
  assert.equal(steps(50), 1000);
  assert.equal(steps(1e300), 1000);
  assert.equal(steps(1e-9), 1);
});

for (
  const [name, kernel, each] of [
    ["jitteredHmc()", jitteredHmc({ jitter: 0.5 }), 1],
    ["mams()", mams({ jitter: 0.5 }), 2],
  ] as const
) {
  Deno.test(`${name} counts its gradients: as many as calls of the density`, async () => {
    let calls = 0;
    const target = hostDensity(
      2,
      (x) => -0.5 * (x[0] * x[0] + x[1] * x[1]),
      (x) => {
        calls++;
        return [-x[0], -x[1]];
      },
    );
    const options = { device: "interpreter", workers: 1 } as const;
    const parameters = { stepSize: 0.2, trajectoryLength: 1.3 };
    const start = await startChains(target, kernel, options)(tensor([[0.5, -1]]));
    const before = calls;
    const step = vectorize(kernel.step(target, parameters), options);
    const end = await step(start, key(1), { steps: 7 });
    assert.equal(end.gradients.data[0], calls - before);
    let steps = 0;
    for (let i = 1; i <= 7; i++) steps += Math.floor((0.5 + vanDerCorput(i)) * 6.5) + 1;
    assert.equal(end.gradients.data[0], each * steps);
    assert.equal(end.trajectories.data[0], 7);
  });

  Deno.test(`${name} tells energies that say what is accepted`, async () => {
    const start = await startChains(bell, kernel)(normal(key(0), [500, 3]));
    const end = await vectorize(kernel.step(bell, { stepSize: 0.9 }))(start, key(1));
    let rejected = 0;
    for (let chain = 0; chain < 500; chain++) {
      const change = end.energyChange.data[chain];
      const acceptance = Math.min(1, Math.exp(-change));
      assert.ok(Math.abs(end.acceptance.data[chain] - acceptance) < 1e-12);
      if (end.position.data[3 * chain] === start.position.data[3 * chain]) rejected++;
    }
    assert.ok(rejected > 0);
  });

  Deno.test(`${name} with a dense metric is what it is in coordinates that were turned by it`, async () => {
    // y = L⁻¹x: the same normal numbers lead to the same trajectories.
    const root = [[2, 0, 0], [0.5, 1, 0], [-1, 0.3, 0.7]];
    const move = (z: Tensor) => tensor(root).dot(z);
    const curved = (x: Tensor) =>
      x.at(0).square().mul(-0.3).sub(x.at(1).sub(x.at(0).sin()).square()).sub(x.at(2).square());
    const [plain, straight] = [density(3, curved), density(3, (y) => curved(move(y)))];
    const y = normal(key(3), [20, 3]);
    const x = tensor(y).dot(tensor(root).transpose());
    const parameters = { stepSize: 0.3 };
    const [a, b] = await Promise.all([
      vectorize(kernel.step(plain, { ...parameters, inverseMassRoot: root }))(
        await startChains(plain, kernel)(x),
        key(1),
        { steps: 3 },
      ),
      vectorize(kernel.step(straight, parameters))(
        await startChains(straight, kernel)(y),
        key(1),
        { steps: 3 },
      ),
    ]);
    const turnedBack = b.position.dot(tensor(root).transpose());
    assert.ok(Math.max(...a.position.sub(turnedBack).abs().data) < 1e-9);
  });
}

Deno.test("turned() keeps unit length, can be turned back, and its energy is the change of volume", async () => {
  const n = 200;
  const velocity = normal(key(1), [n, 3]);
  const force = normal(key(2), [n, 3]).mul(2);
  type Turn = { readonly velocity: Tensor; readonly force: Tensor };
  const once = mapChains(({ velocity, force }: Turn) => {
    const unit = velocity.div(velocity.norm());
    const there = turned(unit, force);
    const back = turned(there.velocity.neg(), force);
    return {
      unit,
      there: there.velocity,
      kinetic: there.kinetic,
      back: back.velocity,
      again: back.kinetic,
    };
  }, { device: chooseDevice() });
  const { unit, there, kinetic, back, again } = await once({ velocity, force });
  for (let i = 0; i < n; i++) {
    let [length, away] = [0, 0];
    for (let e = 3 * i; e < 3 * i + 3; e++) {
      length += there.data[e] * there.data[e];
      away = Math.max(away, Math.abs(back.data[e] + unit.data[e]));
    }
    assert.ok(Math.abs(length - 1) < 1e-12);
    assert.ok(away < 1e-10);
    assert.ok(Math.abs(kinetic.data[i] + again.data[i]) < 1e-10);
  }
});

for (
  const [what, make, message] of [
    [
      "jittered HMC",
      () => jitteredHmc({ jitter: 1.5 }),
      /^RangeError: Cannot make jittered HMC with jitter 1\.5/,
    ],
    [
      "jittered HMC",
      () => jitteredHmc({ stepJitter: 1 }),
      /^RangeError: .*stepJitter 1: expected a number in \[0, 1\)/,
    ],
    [
      "MAMS",
      () => mams({ jitter: -1 }),
      /^RangeError: Cannot make MAMS with jitter -1: expected 0 to 1/,
    ],
    ["MAMS", () => mams({ steps: 3 } as never), /^TypeError: .*unknown option `steps`/],
    [
      "MAMS of one coordinate",
      () => mams().init(density(1, (x) => x.sum())),
      /^RangeError: .*one coordinate.*jitteredHmc\(\)/,
    ],
  ] as const
) {
  Deno.test(`${what} refuses what makes no sense: ${message.source}`, () => {
    assert.throws(make, message);
  });
}

/**
 * One step of each kernel against the textbook, in plain numbers: the proposal, its acceptance
 * probability from densities written out in full, and the decision.
 */
import assert from "node:assert/strict";
import {
  density,
  foldIn,
  hmc,
  type Key,
  key,
  mala,
  normal,
  rwm,
  split,
  startChains,
  uniform,
  vectorize,
} from "../../mod.ts";
import type { AnyKernel } from "./kernels.ts";

type Vector = readonly number[];

const target = density(3, (x) => {
  const [a, b, c] = [x.at(0), x.at(1), x.at(2)];
  return a.square().mul(-0.5).sub(b.sub(a.square().mul(0.5)).square()).sub(c.pow(4).mul(0.25));
});

function logDensity([a, b, c]: Vector): number {
  return -a * a / 2 - (b - a * a / 2) ** 2 - c ** 4 / 4;
}

function gradient([a, b, c]: Vector): Vector {
  const off = b - a * a / 2;
  return [-a + 2 * off * a, -2 * off, -(c ** 3)];
}

/** ln N(x; mean, diag(variance)), with its constant. */
function logGaussian(x: Vector, mean: Vector, variance: Vector): number {
  return x.reduce(
    (sum, each, i) =>
      sum - (each - mean[i]) ** 2 / (2 * variance[i]) - Math.log(2 * Math.PI * variance[i]) / 2,
    0,
  );
}

interface Parameters {
  readonly stepSize: number;
  readonly inverseMass: Vector;
}

/** Where a chain wants to go, and the logarithm of its acceptance ratio. */
interface Proposal {
  readonly position: Vector;
  readonly logRatio: number;
}

type Textbook = (x: Vector, keys: readonly Key[], parameters: Parameters) => Proposal;

function normals(from: Key): Vector {
  return [...normal(from, [3]).data];
}

const randomWalk: Textbook = (x, [forProposal], { stepSize, inverseMass }) => {
  const noise = normals(forProposal);
  const position = x.map((each, i) => each + stepSize * Math.sqrt(inverseMass[i]) * noise[i]);
  return { position, logRatio: logDensity(position) - logDensity(x) };
};

const langevin: Textbook = (x, [forProposal], { stepSize, inverseMass }) => {
  const noise = normals(forProposal);
  const variance = inverseMass.map((v) => stepSize * stepSize * v);
  const mean = (at: Vector): Vector =>
    gradient(at).map((g, i) => at[i] + stepSize * stepSize * inverseMass[i] * g / 2);
  const position = mean(x).map((m, i) => m + Math.sqrt(variance[i]) * noise[i]);
  const logRatio = logDensity(position) + logGaussian(x, mean(position), variance) -
    logDensity(x) - logGaussian(position, mean(x), variance);
  return { position, logRatio };
};

function hamiltonian(leapfrogSteps: number, jitter: number): Textbook {
  return (x, [forMomentum, , forJitter], { stepSize, inverseMass }) => {
    const step = stepSize * (1 - jitter * uniform(forJitter).item());
    // Momentum of the position: its variance is the mass.
    const start = normals(forMomentum).map((n, i) => n / Math.sqrt(inverseMass[i]));
    const kick = (p: Vector, at: Vector): Vector => gradient(at).map((g, i) => p[i] + step / 2 * g);
    let position: Vector = x;
    let momentum: Vector = start;
    for (let i = 0; i < leapfrogSteps; i++) {
      momentum = kick(momentum, position);
      position = position.map((each, j) => each + step * inverseMass[j] * momentum[j]);
      momentum = kick(momentum, position);
    }
    const energy = (at: Vector, p: Vector): number =>
      -logDensity(at) + p.reduce((sum, each, i) => sum + inverseMass[i] * each * each / 2, 0);
    return { position, logRatio: energy(x, start) - energy(position, momentum) };
  };
}

const CASES: readonly (readonly [string, unknown, number, Textbook])[] = [
  ["rwm()", rwm(), 2, randomWalk],
  ["mala()", mala(), 2, langevin],
  ["hmc() with one step", hmc({ leapfrogSteps: 1 }), 3, hamiltonian(1, 0)],
  ["hmc()", hmc({ leapfrogSteps: 7 }), 3, hamiltonian(7, 0)],
  ["hmc() with jitter", hmc({ leapfrogSteps: 4, jitter: 0.6 }), 3, hamiltonian(4, 0.6)],
];

const CHAINS = 60;

for (const [name, each, keys, textbook] of CASES) {
  const kernel = each as AnyKernel;
  for (
    const parameters of [
      { stepSize: 0.4, inverseMass: [1, 1, 1] },
      { stepSize: 0.6, inverseMass: [0.3, 2, 0.8] },
    ]
  ) {
    const what = `ε = ${parameters.stepSize}, M⁻¹ = diag(${parameters.inverseMass})`;
    Deno.test(`${name} with ${what} accepts with the textbook's probability`, async () => {
      const from = await startChains(
        target,
        kernel,
      )(normal(key(0), [CHAINS, 3]));
      const to = await vectorize(kernel.step(target, parameters))(from, key(1));
      let taken = 0;
      for (let chain = 0; chain < CHAINS; chain++) {
        const stepKeys = split(foldIn(foldIn(key(1), chain), 0), keys);
        const x = [...from.position.at(chain).data];
        const { position, logRatio } = textbook(x, stepKeys, parameters);
        const probability = Math.min(1, Math.exp(logRatio));
        const acceptance = to.acceptance.data[chain];
        assert.ok(Math.abs(acceptance - probability) < 1e-10, `${acceptance} ≠ ${probability}`);
        const accepted = uniform(stepKeys[1]).item() < probability;
        const end = [...to.position.at(chain).data];
        if (accepted) {
          end.forEach((value, i) => assert.ok(Math.abs(value - position[i]) < 1e-10));
          taken++;
        } else {
          assert.deepEqual(end, x);
        }
      }
      assert.ok(taken > CHAINS / 4 && taken < CHAINS, `${taken} of ${CHAINS} proposals taken`);
    });
  }
}

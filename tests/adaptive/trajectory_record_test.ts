import assert from "node:assert/strict";
import {
  density,
  energyBayesianFraction,
  hmc,
  type Kernel,
  key,
  planFor,
  positive,
  posterior,
  real,
  rwm,
  sample,
  stateFromBytes,
  stateToBytes,
  type Tensor,
  tensor,
  where,
} from "../../mod.ts";
import {
  addTrajectories,
  divergentPlace,
  energyFractionOf,
  trajectoryLeaves,
  type TrajectoryRecord,
} from "../../src/adaptive/trajectory_record.ts";
import { factsOf } from "../../src/adaptive/trajectory_warnings.ts";
import type { GradientState } from "../../src/kernels/kernel.ts";
import { assertClose } from "../diagnostics/golden.ts";
import { normals, replications } from "../diagnostics/series.ts";

type Energetic = GradientState & { readonly energy: Tensor; readonly energyChange: Tensor };

/** HMC with the energy of its position, and a change that diverges where the first coordinate is below 0. */
function energetic(): Kernel<Energetic> {
  const plain = hmc({ leapfrogSteps: 3 });
  return {
    ...plain,
    kept: ["energy", "energyChange"],
    init: (target) => (position) => ({
      ...plain.init(target)(position),
      energy: tensor(0),
      energyChange: tensor(0),
    }),
    step: (target, parameters) => (state, key) => {
      const { energy: _, energyChange: __, ...before } = state;
      const next = plain.step(target, parameters)(before, key);
      const energyChange = where(state.position.at(0).less(-1), 2000, 0);
      return { ...next, energy: before.logDensity.neg(), energyChange };
    },
  };
}

const [CHAINS, STEPS] = [3, 7];

/** Steps of chains with random energies, and their parts. */
function steps(seed: number, count = STEPS) {
  const [a, b] = replications(seed, 2);
  const data = normals(a, CHAINS * (count + 1) * 2);
  const energy = normals(b, CHAINS * count);
  const at = (
    chain: number,
    i: number,
  ) => [...data.subarray(2 * (chain * (count + 1) + i)).slice(0, 2)];
  const of = (from: number, to: number) => ({
    start: tensor(Array.from({ length: CHAINS }, (_, c) => at(c, from))),
    draws: {
      position: tensor(
        Array.from(
          { length: CHAINS },
          (_, c) => Array.from({ length: to - from }, (_, i) => at(c, from + i + 1)),
        ),
      ),
      energy: tensor(
        Array.from(
          { length: CHAINS },
          (_, c) => [...energy.subarray(c * count + from, c * count + to)],
        ),
      ),
      energyChange: tensor(
        Array.from(
          { length: CHAINS },
          (_, c) =>
            Array.from({ length: to - from }, (_, i) => at(c, from + i)[0] < 0 ? 1001 : 1000),
        ),
      ),
    },
  });
  return {
    of,
    energy,
    starts: Array.from(
      { length: CHAINS },
      (_, c) => Array.from({ length: count }, (_, i) => at(c, i)),
    ).flat(),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

Deno.test("a record has the moments of starts, of divergent ones and of energies, however it is cut", () => {
  const { of, energy, starts } = steps(1);
  for (const cuts of [[0, 7], [0, 3, 7], [0, 1, 2, 7]]) {
    let record: TrajectoryRecord | undefined;
    cuts.slice(1).forEach((to, i) => {
      const { start, draws } = of(cuts[i], to);
      record = addTrajectories(record, start, draws);
    });
    assert.ok(record !== undefined);
    const diverged = starts.filter(([x]) => x < 0);
    assert.equal(record.starts.count, 21);
    assert.equal(record.divergent.count, diverged.length);
    for (const i of [0, 1]) {
      assertClose(record.starts.mean[i], mean(starts.map((x) => x[i])), 1e-12);
      assertClose(record.divergent.mean[i], mean(diverged.map((x) => x[i])), 1e-12);
    }
    const middle = mean([...energy]);
    const squares = energy.reduce((sum, e) => sum + (e - middle) ** 2, 0);
    assertClose(record.energies.squares[0], squares, 1e-12);
    // Energies of one call follow each other; between calls there may have been a global move.
    assert.equal(record.changes.count, CHAINS * (STEPS - (cuts.length - 1)));
  }
});

Deno.test("the energy fraction of one chain is that of energyBayesianFraction()", () => {
  const energy = normals(replications(2, 1)[0], 50);
  const record = addTrajectories(undefined, tensor([[0]]), {
    position: tensor([Array.from(energy, () => [0])]),
    energy: tensor([[...energy]]),
    energyChange: tensor([Array.from(energy, () => 0)]),
  });
  assert.ok(record !== undefined);
  const [expected] = energyBayesianFraction({ data: energy, shape: [1, 50] });
  assertClose(energyFractionOf(record), expected, 1e-12);
});

Deno.test("trajectories diverge whose energy grows by more than 1,000, or is no number", () => {
  const record = addTrajectories(undefined, tensor([[0]]), {
    position: tensor([[[1], [2], [3], [4], [5]]]),
    energy: tensor([[1, 2, 3, 4, 5]]),
    energyChange: tensor([[-1e9, 1000, NaN, Infinity, 1000.5]]),
  });
  assert.equal(record?.divergent.count, 3);
  // Each starts where the one before has left the chain.
  assert.equal(record?.divergent.mean[0], 3);
});

Deno.test("a place is named for many divergences that are in one place, and for those alone", () => {
  const of = (count: number, mean: number[]): TrajectoryRecord => ({
    starts: { count: 1001, mean: Float64Array.of(1, 5), squares: Float64Array.of(4000, 1000) },
    divergent: { count, mean: Float64Array.from(mean), squares: new Float64Array(2) },
    energies: { count: 1, mean: new Float64Array(1), squares: new Float64Array(1) },
    changes: { squares: 0, count: 0 },
  });
  assert.equal(divergentPlace(of(9, [-3, 5])), undefined);
  assert.deepEqual(divergentPlace(of(10, [-3, 5.1])), { coordinate: 0, distance: -2 });
  assert.deepEqual(divergentPlace(of(100, [2.5, 5.8]))?.coordinate, 1);
  assert.equal(divergentPlace(of(100, [1.9, 5.4])), undefined);
  // Few of them are apart by chance.
  assert.equal(divergentPlace(of(11, [-1.4, 5])), undefined);
  assert.equal(divergentPlace(of(12, [-1.4, 5]))?.coordinate, 0);
  assert.deepEqual(factsOf(of(20, [-3, 5]), ["a", "b"]).place, { name: "a", distance: -2 });
});

Deno.test("only a state that holds energies as numbers tells of trajectories", () => {
  const one = tensor([1, 2]);
  const chains = { position: tensor([[1], [2]]), logDensity: one, acceptance: one };
  assert.deepEqual(trajectoryLeaves(chains), []);
  assert.deepEqual(trajectoryLeaves({ ...chains, energy: one } as never), []);
  const both = { ...chains, energy: one, energyChange: one };
  assert.deepEqual(trajectoryLeaves(both), ["energy", "energyChange"]);
  assert.deepEqual(trajectoryLeaves({ ...both, energy: tensor([[1], [2]]) } as never), []);
});

const SHORT = {
  chains: 20,
  schedule: { warmupWindows: [20, 20] },
  stop: { maxDraws: 60 },
  flow: "none",
} as const;

Deno.test("a run counts divergences of a kernel that tells them, and says where they are", async () => {
  const target = posterior({
    parameters: { spread: positive(), mu: real() },
    logDensity: ({ spread, mu }) =>
      spread.log().square().mul(-0.5).sub(spread.log()).sub(mu.square().mul(0.5)),
  });
  const run = await sample(target, key(1), { ...SHORT, local: energetic() });
  const { divergences, energyBayesianFraction: fraction } = run;
  assert.ok(divergences !== undefined && fraction !== undefined);
  // ln spread is standard normal: it is below −1 with probability 0.16.
  assert.ok(divergences.share > 0.05 && divergences.share < 0.3, `${divergences.share}`);
  assert.equal(run.state.trajectories?.starts.count, 1200);
  assert.equal(divergences.count, Math.round(1200 * divergences.share));
  assert.ok(fraction > 0.1 && fraction < 3);
  assert.ok(run.warnings.some((text) => /diverged .* mostly where spread is small/.test(text)));
  assert.deepEqual(stateToBytes(stateFromBytes(stateToBytes(run.state))), stateToBytes(run.state));
});

Deno.test("thinning keeps the draws it would have kept, and all trajectories count", async () => {
  const plane = density(2, (x) => x.square().sum().mul(-0.5));
  const schedule = { ...SHORT.schedule, localSteps: 10, thin: 5 };
  const options = { ...SHORT, schedule };
  const told = await sample(plane, key(1), { ...options, local: energetic() });
  const plain = await sample(plane, key(1), { ...options, local: hmc({ leapfrogSteps: 3 }) });
  assert.deepEqual(told.draws, plain.draws);
  assert.deepEqual(told.logDensity, plain.logDensity);
  assert.equal(told.state.trajectories?.starts.count, 5 * told.draws.x.data.length / 2);
  assert.equal(plain.divergences, undefined);
  assert.equal(plain.energyBayesianFraction, undefined);
  // Ten steps of a cycle follow each other.
  assert.equal(told.state.trajectories?.changes.count, 0.9 * 5 * told.draws.x.data.length / 2);
});

Deno.test("a kernel without energies runs as before", async () => {
  const plane = density(2, (x) => x.square().sum().mul(-0.5));
  const run = await sample(plane, key(1), { ...SHORT, local: rwm() });
  assert.equal(run.state.trajectories, undefined);
  assert.ok(planFor(plane, SHORT).local.targetAcceptance > 0);
});

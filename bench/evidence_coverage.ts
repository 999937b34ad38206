/**
 * How often standard errors of log Z tell the truth: whole runs of targets whose log Z is known.
 *
 * ```sh
 * deno run bench/evidence_coverage.ts 100   # runs of each target; five minutes for 100
 * ```
 */
import { density, key, sample, type SampleOptions, type Target } from "../mod.ts";
import { dualMoon } from "../examples/dual_moon.ts";

/** A series of five normal numbers, each correlated by 0.9 with the one before. */
const series = density(5, (x) => {
  const fresh = x.slice(1).sub(x.slice(0, 4).mul(0.9));
  return x.at(0).square().add(fresh.square().sum().div(0.19)).mul(-0.5);
});
const banana = density(2, (x) => {
  const [along, across] = [x.at(0), x.at(1).sub(x.at(0).square().sub(100).mul(0.03))];
  return along.div(10).square().add(across.square()).mul(-0.5);
});

const cases: [name: string, target: Target, logEvidence: number, options: SampleOptions][] = [
  ["dual moon", dualMoon, -3.68423107096, {}],
  ["correlated Gaussian", series, 2.5 * Math.log(2 * Math.PI) + 2 * Math.log(0.19), {}],
  ["banana, one cycle of training", banana, Math.log(20 * Math.PI), {
    schedule: { trainCycles: 1 },
    stop: { maxDraws: 600 },
  }],
];

const runs = Number(Deno.args[0] ?? 20);
for (const [name, target, logEvidence, options] of cases) {
  const errors: Record<string, { error: number; claimed: number }[]> = {};
  for (let seed = 0; seed < runs; seed++) {
    const { evidence } = await sample(target, key(seed), options);
    for (const each of [evidence?.bridgeSampling, evidence?.importanceSampling]) {
      if (each === undefined) continue;
      const { method, estimate, standardError: claimed } = each;
      (errors[method] ??= []).push({ error: estimate - logEvidence, claimed });
    }
  }
  for (const [method, all] of Object.entries(errors)) {
    const scores = all.map(({ error, claimed }) => Math.abs(error / claimed));
    const mean = (of: (one: typeof all[number]) => number): number =>
      all.reduce((sum, one) => sum + of(one), 0) / all.length;
    console.log([
      `${name}, ${method}: |z| < 1 in ${(scores.filter((z) => z < 1).length / runs).toFixed(2)}`,
      `worst |z| ${Math.max(...scores).toFixed(2)}`,
      `mean standard error ${mean(({ claimed }) => claimed).toFixed(5)}`,
      `RMS error ${Math.sqrt(mean(({ error }) => error * error)).toFixed(5)}`,
    ].join(", "));
  }
}

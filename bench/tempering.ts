/**
 * Effective samples for a million gradients in production, of parallel tempering beside plain HMC and
 * beside a flow, on four modes from starts in one of them and from starts in all. A proposal of the flow
 * counts as a gradient, since it is evaluated with one.
 *
 * deno run bench/tempering.ts [seeds]
 */
import {
  density,
  key,
  logSumExp,
  mixByQuality,
  normal,
  parallelTempering,
  planFor,
  sample,
  type SampleOptions,
} from "../mod.ts";

const seeds = Number(Deno.args[0] ?? 2);
const CHAINS = 100;

function fourModes(d: number, a: number) {
  return density(d, (x) => {
    const halves = x.reshape([2, d / 2]).sum(1);
    const peak = logSumExp(halves.at(0).mul([a, -a])).add(logSumExp(halves.at(1).mul([a, -a])));
    return x.square().sum().mul(-0.5).sub(0.5 * d * a * a).add(peak);
  });
}

// deno-lint-ignore no-explicit-any -- kernels of different states, side by side
type AnyOptions = SampleOptions<any>;

const METHODS: [name: string, options: AnyOptions][] = [
  ["hmc", { flow: "none" }],
  ["tempering", { flow: "none", local: parallelTempering() }],
  ["hmc and flow", {}],
  ["tempering and flow", { local: parallelTempering() }],
];

const TARGETS: [d: number, a: number][] = [[2, 6], [8, 1.205], [16, 1.392], [32, 1.556]];

for (const [d, a] of TARGETS) {
  for (const spread of [false, true]) {
    console.log(`\nd = ${d}, ±${a}, starts in ${spread ? "all modes" : "one mode"}`);
    for (const [name, options] of METHODS) {
      const lines: string[] = [];
      for (let seed = 0; seed < seeds; seed++) {
        const signs = Array.from(
          { length: CHAINS },
          (_, chain) =>
            Array.from(
              { length: d },
              (_, i) => spread && (chain >> (i < d / 2 ? 0 : 1)) % 2 ? -a : a,
            ),
        );
        const given: AnyOptions = {
          ...options,
          initial: normal(key(seed + 50), [CHAINS, d]).add(signs),
          stop: { effectiveSampleSize: 20_000, maxDraws: 2000 },
        };
        const target = fourModes(d, a);
        const run = await sample(target, key(seed), given);
        const { local, schedule } = planFor(target, given);
        const proposals = run.state.logWeights.reduce((sum, { size }) => sum + size, 0);
        const cycles = run.state.draws.length / (proposals > 0 ? 2 : 1);
        const { localSteps } = mixByQuality()(schedule, run.state.best?.quality);
        const gradients = cycles * localSteps * CHAINS * local.gradientsPerStep + proposals;
        const { shape, data } = run.draws.x;
        let right = 0;
        for (let at = 0; at < data.length; at += d) {
          let sum = 0;
          for (let i = 0; i < d / 2; i++) sum += data[at + i];
          if (sum > 0) right++;
        }
        lines.push(
          `${Math.round(run.convergence.bulk / gradients * 1e6)} (R-hat ${
            run.convergence.rHat.toFixed(3)
          }, right half ${(right / shape[0] / shape[1]).toFixed(3)}, ${run.seconds.toFixed(1)} s)`,
        );
      }
      console.log(name.padEnd(20), lines.join("   "));
    }
  }
}

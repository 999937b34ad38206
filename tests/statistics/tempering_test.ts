/**
 * Parallel tempering finds modes that no gradient leads to, from starts that are all in one of them, and
 * weighs them right, without a flow.
 *
 * False alarms: those of 4 seeds of 10 shares and 3 estimates of log Z are together at most the file's share
 * in `levels.ts`. The bound on R-hat says that these errors can be relied upon; 1.005 to 1.014 were seen.
 * Nothing settles here, since scouts would find modes as well.
 */
import assert from "node:assert/strict";
import {
  density,
  key,
  logAddExp,
  logSumExp,
  normal,
  parallelTempering,
  sample,
  type Target,
  type Tensor,
} from "../../mod.ts";
import { levelOf } from "./levels.ts";
import { drawsOf, meanOf, zScore } from "./measure.ts";
import { tailProbability } from "./normal_scores.ts";

const SEEDS = 4;
const CHAINS = 100;
/** Of four, four and two shares, and of log Z of each. */
const LEVEL = levelOf(import.meta.url, SEEDS * 13);
/** How far from the truth a share may be. */
const TOLERANCE = 0.04;

/** A target, starts that see one mode, and of which shares the truth is known. */
interface Case {
  readonly name: string;
  readonly target: Target<{ readonly x: Tensor }>;
  readonly center: readonly number[];
  readonly shares: readonly number[];
  readonly logEvidence: number;
  /** The number of the mode that a point is in. */
  modeOf(x: Float64Array): number;
}

/** Unit bells with half-blocks of coordinates at ±a: neighbours are 2a√(d/2) standard deviations apart. */
function fourModes(d: number, a: number): Case {
  return {
    name: `four modes in ${d} dimensions`,
    target: density(d, (x) => {
      const halves = x.reshape([2, d / 2]).sum(1);
      const peak = logSumExp(halves.at(0).mul([a, -a])).add(logSumExp(halves.at(1).mul([a, -a])));
      return x.square().sum().mul(-0.5).sub(0.5 * d * a * a).add(peak);
    }),
    center: new Array(d).fill(a),
    shares: [0.25, 0.25, 0.25, 0.25],
    logEvidence: d / 2 * Math.log(2 * Math.PI) + Math.log(4),
    modeOf: (x) => {
      const sum = (from: number, to: number): number =>
        x.subarray(from, to).reduce((total, each) => total + each, 0);
      return (sum(0, d / 2) > 0 ? 1 : 0) + (sum(d / 2, d) > 0 ? 2 : 0);
    },
  };
}

const WIDTH = 0.6;
const PLACE = 4;

/** ¾ N(0, I) + ¼ N(4e₁, 0.36 I) in 50 dimensions: the second bell has 0.6⁵⁰ of the volume. */
function bimodal(d: number): Case {
  const axis = [PLACE, ...new Array(d - 1).fill(0)];
  const ofNarrow = Math.log(0.25) - d * Math.log(WIDTH);
  const logs = (squares: number, fromNarrow: number): [number, number] => [
    Math.log(0.75) - 0.5 * squares,
    ofNarrow - 0.5 * fromNarrow / WIDTH ** 2,
  ];
  return {
    name: `two bells of different widths in ${d} dimensions`,
    target: density(d, (x) =>
      logAddExp(
        x.square().sum().mul(-0.5).add(Math.log(0.75)),
        x.sub(axis).square().sum().mul(-0.5 / WIDTH ** 2).add(ofNarrow),
      ).sub(d / 2 * Math.log(2 * Math.PI))),
    center: new Array(d).fill(0),
    // Where a bell is the denser one is not quite its own share: the truth is 2e-4 off at most.
    shares: [0.75, 0.25],
    logEvidence: 0,
    modeOf: (x) => {
      const squares = x.reduce((sum, each) => sum + each * each, 0);
      const [wide, narrow] = logs(squares, squares - 2 * PLACE * x[0] + PLACE * PLACE);
      return narrow > wide ? 1 : 0;
    },
  };
}

/** Twelve standard deviations apart, and eight. */
const PLANE = fourModes(2, 6);
const SPACE = fourModes(16, 0.591 * Math.sqrt(2 * Math.log(16)));

for (const each of [PLANE, SPACE, bimodal(50)]) {
  Deno.test(`${each.name} have their weights, from starts in one of them`, async () => {
    const d = each.center.length;
    for (let seed = 0; seed < SEEDS; seed++) {
      const run = await sample(each.target, key(seed), {
        local: parallelTempering(),
        flow: "none",
        initial: normal(key(100 + seed), [CHAINS, d]).add(each.center),
        schedule: { settleWindows: [] },
        stop: { maxDraws: 1000 },
        workers: 1,
      });
      assert.ok(run.convergence.rHat < 1.03, `R-hat ${run.convergence.rHat}`);
      each.shares.forEach((share, mode) => {
        const inside = drawsOf(run.draws.x, (x) => Number(each.modeOf(x) === mode));
        const [off, score] = [meanOf(inside) - share, zScore(inside, share)];
        assert.ok(Math.abs(off) < TOLERANCE, `seed ${seed}: mode ${mode} is off by ${off}`);
        assert.ok(tailProbability(score) > LEVEL, `seed ${seed}: mode ${mode} has z ${score}`);
      });
      const { estimate, standardError } = run.logEvidence ?? { estimate: NaN, standardError: NaN };
      const score = (estimate - each.logEvidence) / standardError;
      assert.ok(tailProbability(score) > LEVEL, `seed ${seed}: log Z has z ${score}`);
    }
  });
}

Deno.test("HMC alone stays where it starts: nothing but tempering does it", async () => {
  const { target, center, modeOf } = PLANE;
  const run = await sample(target, key(0), {
    flow: "none",
    initial: normal(key(100), [CHAINS, 2]).add(center),
    schedule: { settleWindows: [] },
    stop: { maxDraws: 1000 },
    workers: 1,
  });
  // The first long steps of the warm-up take a few of them across.
  assert.ok(meanOf(drawsOf(run.draws.x, (x) => Number(modeOf(x) === 3))) > 0.9);
});

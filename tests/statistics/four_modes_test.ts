/**
 * Four bells in many dimensions: half-blocks of coordinates at ±a, a = 0.591 √(2 ln d), so that bells are
 * some twelve standard deviations apart where d = 32. No gradient leads from one to another, and chains
 * start with whatever shares chance gave to the bells: the flow's jumps have to put these right.
 *
 * Of each, four shares and log Z are held against their standard errors.
 */
import assert from "node:assert/strict";
import { density, key, logSumExp, sample } from "../../mod.ts";
import { levelOf } from "./levels.ts";
import { drawsOf, meanOf, zScore } from "./measure.ts";
import { tailProbability } from "./normal_scores.ts";

const LEVEL = levelOf(import.meta.url, 2 * 5);
/** How far from ¼ a share may be. */
const TOLERANCE = 0.03;

for (const d of [16, 32]) {
  Deno.test(`four modes in ${d} dimensions have a quarter of the draws each`, async () => {
    const a = 0.591 * Math.sqrt(2 * Math.log(d));
    const target = density(d, (x) => {
      const halves = x.reshape([2, d / 2]).sum(1);
      const peak = logSumExp(halves.at(0).mul([a, -a])).add(logSumExp(halves.at(1).mul([a, -a])));
      return x.square().sum().mul(-0.5).sub(0.5 * d * a * a).add(peak);
    });
    const run = await sample(target, key(d));
    assert.equal(run.state.ended, "converged");
    assert.deepEqual(run.warnings, []);
    for (const mode of [0, 1, 2, 3]) {
      const inside = drawsOf(run.draws.x, (x) => {
        const sum = (from: number, to: number): number =>
          x.subarray(from, to).reduce((total, each) => total + each, 0);
        return Number((sum(0, d / 2) > 0 ? 1 : 0) + (sum(d / 2, d) > 0 ? 2 : 0) === mode);
      });
      const score = zScore(inside, 0.25);
      const off = meanOf(inside) - 0.25;
      assert.ok(Math.abs(off) < TOLERANCE, `mode ${mode} is off by ${off}`);
      assert.ok(tailProbability(score) > LEVEL, `mode ${mode} is off by ${score} standard errors`);
    }
    const truth = d / 2 * Math.log(2 * Math.PI) + Math.log(4);
    const { estimate, standardError } = run.logEvidence ?? { estimate: NaN, standardError: NaN };
    const score = (estimate - truth) / standardError;
    assert.ok(tailProbability(score) > LEVEL, `${estimate}, not ${truth}`);
  });
}

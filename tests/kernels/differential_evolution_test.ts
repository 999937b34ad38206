import assert from "node:assert/strict";
import {
  type ChainState,
  density,
  differentialEvolution,
  foldIn,
  type Key,
  key,
  type Step,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

/** Everywhere as dense: every proposal is accepted, so that the next position is the proposal. */
const flat = (dimension: number, periodic?: readonly boolean[]) =>
  density(dimension, (x) => x.sum().mul(0), periodic === undefined ? {} : { periodic });

const at = (position: Tensor): ChainState => ({
  position,
  logDensity: tensor(0),
  acceptance: tensor(1),
});

/** Where a step of one chain goes from a position, once for each of some keys. */
function proposals(step: Step<ChainState>, from: Tensor, count: number, of: Key): number[][] {
  return Array.from(
    { length: count },
    (_, i) => [...step(at(from), foldIn(of, i)).position.sub(from).data],
  );
}

Deno.test("differentialEvolution() steps along differences of two distinct partners", () => {
  const partners = [[0, 0], [1, 0], [0, 10]];
  const step = differentialEvolution({ jumps: 0 })
    .step(flat(2), { stepSize: Math.SQRT2 * 0.5, partners, inverseMass: 1e-12 });
  const differences = partners.flatMap((a, i) =>
    partners.flatMap((b, j) => i === j ? [] : [[(a[0] - b[0]) / 2, (a[1] - b[1]) / 2]])
  );
  const counts = differences.map(() => 0);
  const count = 600;
  for (const [dx, dy] of proposals(step, tensor([3, 4]), count, key(0))) {
    const found = differences.findIndex(([x, y]) => Math.hypot(dx - x, dy - y) < 1e-6);
    assert.ok(found >= 0, `${dx}, ${dy} is half a difference of no two`);
    counts[found]++;
  }
  // Each of six ordered pairs is as likely: five standard deviations of a binomial count, which any
  // of the six leaves in fewer than 4 of a million choices of the key.
  const sd = Math.sqrt(count * 5 / 36);
  for (const each of counts) assert.ok(Math.abs(each - count / 6) < 5 * sd, counts.join());
});

Deno.test("differentialEvolution() goes the whole difference as often as `jumps` says", () => {
  const partners = [[0], [1]];
  for (const [jumps, expected] of [[0, 0], [0.3, 0.3], [undefined, 0.1]] as const) {
    const kernel = differentialEvolution(jumps === undefined ? {} : { jumps });
    const step = kernel.step(flat(1), { stepSize: 0.2, partners });
    const count = 500;
    const whole = proposals(step, tensor([0]), count, key(1)).filter(([x]) =>
      Math.abs(x) > 0.9
    ).length;
    // Five standard deviations: fewer than 6 in ten million choices of the key.
    const sd = Math.sqrt(count * expected * (1 - expected));
    assert.ok(Math.abs(whole - count * expected) <= 5 * sd, `${whole} of ${count} for ${jumps}`);
  }
  // Whole differences are next to never accepted in many dimensions.
  const many = differentialEvolution().step(flat(11), {
    stepSize: 0.2,
    partners: [zeros([11]).toArray() as number[], zeros([11]).add(1).toArray() as number[]],
  });
  const longest = Math.max(
    ...proposals(many, zeros([11]), 300, key(2)).flat().map(Math.abs),
  );
  assert.ok(longest < 0.2, String(longest));
});

Deno.test("differentialEvolution() adds noise of a thousandth of the step in the metric", () => {
  // Partners at one place differ by nothing.
  const partners = zeros([3, 2]);
  const step = differentialEvolution().step(flat(2), {
    stepSize: 2,
    inverseMass: [1, 9],
    partners,
  });
  const moved = proposals(step, zeros([2]), 1000, key(3));
  [2e-3, 6e-3].forEach((sd, i) => {
    const square = moved.reduce((sum, each) => sum + (each[i] / sd) ** 2, 0) / moved.length;
    // The mean of 1,000 squares of normal numbers has a standard deviation of √0.002.
    assert.ok(Math.abs(square - 1) < 5 * Math.sqrt(0.002), `${square} of coordinate ${i}`);
  });
});

Deno.test("whole turns of chains and partners change nothing on a circle", () => {
  const target = flat(2, [true, false]);
  const partners = [[3, 0], [-3, 1], [0.5, -1], [2, 2]];
  const turned = partners.map(([angle, x], i) => [angle + 2 * Math.PI * (i - 2), x]);
  const kernel = differentialEvolution();
  const [plain, other] = [partners, turned].map((each) =>
    kernel.step(target, { stepSize: 1, partners: each })
  );
  let around = 0;
  for (let i = 0; i < 100; i++) {
    const [a, b] = [plain, other].map((step) =>
      step(at(tensor([1, 2])), foldIn(key(4), i)).position
    );
    assert.ok(a.sub(b).abs().max().item() < 1e-12);
    // By the shortest way: at most half a turn times 1/√2 or 1, and not what is apart on the line.
    assert.ok(Math.abs(a.at(0).item() - 1) < Math.PI + 0.01);
    if (Math.abs(Math.abs(a.at(0).item() - 1) - (2 * Math.PI - 6) / Math.SQRT2) < 0.01) around++;
  }
  assert.ok(around > 0, "the difference of 3 and −3 never came up");
});

Deno.test("differentialEvolution() refuses partners that are none, and wrong options", () => {
  const kernel = differentialEvolution();
  const step = (partners?: unknown) =>
    kernel.step(
      flat(2),
      { stepSize: 1, ...partners === undefined ? {} : { partners: partners as Tensor } },
    );
  assert.throws(
    () => step(),
    /^TypeError: Cannot step by differential evolution without partners: alternateHalves runs it/,
  );
  for (const wrong of [zeros([1, 2]), zeros([3, 3]), zeros([2]), zeros([3, 2]).as("u32")]) {
    assert.throws(
      () => step(wrong),
      /^TypeError: Cannot step with `partners` (f64|u32)\[.*\]: .* at least two chains, f64\[n, 2\]$/,
    );
  }
  for (const wrong of [-0.1, 1, NaN, "often"]) {
    assert.throws(
      () => differentialEvolution({ jumps: wrong as number }),
      /^RangeError: Cannot make differential evolution with `jumps` .*: expected a probability in/,
    );
  }
  assert.throws(
    () => differentialEvolution({ jump: 0.1 } as object),
    /^TypeError: .*unknown option `jump`: the options are jumps$/,
  );
});

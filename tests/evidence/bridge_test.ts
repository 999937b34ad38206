import assert from "node:assert/strict";
import { bridgeEvidence } from "../../src/evidence/bridge.ts";
import { assertClose } from "../diagnostics/golden.ts";
import { autoregressive, normals, reorderChains, replications } from "../diagnostics/series.ts";
import golden from "../golden/bridge.json" with { type: "json" };

const cases = golden.map(({ draws, proposals, shape, ...rest }) => ({
  ...rest,
  draws: { data: Float64Array.from(draws, Number), shape },
  proposals: Float64Array.from(proposals, Number),
}));

/** ln p − ln q for p = exp(−x²/2) and the normal distribution q; ln Z = ½ ln 2π. */
function logWeight(x: number, mean: number, sd: number): number {
  return -x * x / 2 + ((x - mean) / sd) ** 2 / 2 + Math.log(sd * Math.sqrt(2 * Math.PI));
}

const LOG_EVIDENCE = Math.log(2 * Math.PI) / 2;

/** Log weights of exact draws and of proposals. */
function weights(seed: number, shape: readonly [number, number], count: number, sd: number) {
  const [forDraws, forProposals] = replications(seed, 2);
  const { data } = autoregressive(forDraws, shape, 0.5);
  return {
    draws: { data: data.map((x) => logWeight(x, 0, sd)), shape },
    proposals: normals(forProposals, count).map((x) => logWeight(sd * x, 0, sd)),
  };
}

Deno.test("bridgeEvidence() solves Meng and Wong's equation, with ArviZ's effective sample sizes", () => {
  for (const { name, draws, proposals, ...expected } of cases) {
    const evidence = bridgeEvidence(draws, proposals);
    assert.equal(evidence.method, "bridge sampling");
    assertClose(evidence.estimate, expected.estimate, 1e-10, name);
    assertClose(evidence.effectiveSampleSize, expected.effectiveSampleSize, 1e-8, name);
    assertClose(evidence.standardError, expected.standardError ?? NaN, 1e-8, name);
    assert.ok(evidence.overlap >= 0 && evidence.overlap <= 1 + 1e-9, name);
  }
});

Deno.test("bridgeEvidence() is where Meng and Wong's iteration ends", () => {
  for (const { name, draws, proposals } of cases.filter(({ draws }) => draws.shape[1] < 4)) {
    const [w1, w2] = [draws.data, proposals].map((logs) => [...logs].map(Math.exp));
    const [s1, s2] = [w1.length, w2.length].map((size) => size / (w1.length + w2.length));
    const mean = (of: number[]) => of.reduce((sum, x) => sum + x, 0) / of.length;
    let z = 1;
    for (let i = 0; i < 500; i++) {
      z = mean(w2.map((w) => w / (s1 * w + s2 * z))) / mean(w1.map((w) => 1 / (s1 * w + s2 * z)));
    }
    assertClose(bridgeEvidence(draws, proposals).estimate, Math.log(z), 1e-10, name);
  }
});

Deno.test("bridgeEvidence() shifts with the scale of the density, however large", () => {
  // Multiples of 2⁻¹⁶, so that each shift is exact.
  const exact = (x: number) => Math.round(x * 2 ** 16) / 2 ** 16;
  const { draws, proposals } = weights(61, [4, 50], 300, 1.6);
  const at = (shift: number) =>
    bridgeEvidence(
      { ...draws, data: draws.data.map((x) => exact(x) + shift) },
      proposals.map((x) => exact(x) + shift),
    );
  const { estimate, ...rest } = at(0);
  for (const shift of [-(2 ** 30), -1, 2 ** 12, 2 ** 36]) {
    const { estimate: shifted, ...others } = at(shift);
    assert.ok(Math.abs(shifted - (estimate + shift)) <= Number.EPSILON * Math.abs(shift + 4));
    assert.deepEqual(others, rest);
  }
});

Deno.test("bridgeEvidence() depends neither on the order of chains nor on that of proposals", () => {
  const { draws, proposals } = weights(62, [5, 40], 300, 0.7);
  const expected = bridgeEvidence(draws, proposals);
  const actual = bridgeEvidence(reorderChains(draws, [3, 1, 4, 0, 2]), proposals.toReversed());
  assertClose(actual.estimate, expected.estimate, 1e-12);
  assertClose(actual.standardError, expected.standardError, 1e-9);
});

Deno.test("bridgeEvidence() across the bridge from the other side is −ln Z", () => {
  const [forDraws, forProposals] = replications(63, 2);
  // One draw a chain: no chain is correlated, and both sides are of one kind.
  const draws = normals(forDraws, 80).map((x) => logWeight(x, 1, 1.5));
  const proposals = normals(forProposals, 120).map((x) => logWeight(1 + 1.5 * x, 1, 1.5));
  const there = bridgeEvidence({ data: draws, shape: [80, 1] }, proposals);
  const back = bridgeEvidence(
    { data: proposals.map((x) => -x), shape: [120, 1] },
    draws.map((x) => -x),
  );
  assertClose(back.estimate, -there.estimate, 1e-10);
  assertClose(back.overlap, there.overlap, 1e-10);
});

Deno.test("bridgeEvidence() is exact if the proposal is the target", () => {
  const draws = { data: new Float64Array(40).fill(-1234.5), shape: [4, 10] };
  assert.deepEqual(bridgeEvidence(draws, new Float64Array(70).fill(-1234.5)), {
    estimate: -1234.5,
    standardError: 0,
    method: "bridge sampling",
    effectiveSampleSize: 40,
    overlap: 1,
  });
});

Deno.test("bridgeEvidence() counts draws that rejections repeat as those that they repeat", () => {
  const { draws, proposals } = weights(64, [4, 500], 2000, 1.6);
  const once = bridgeEvidence(draws, proposals);
  const data = Float64Array.from({ length: 6000 }, (_, i) => draws.data[Math.floor(i / 3)]);
  const thrice = bridgeEvidence({ data, shape: [4, 1500] }, proposals);
  assertClose(thrice.effectiveSampleSize, once.effectiveSampleSize, 0.1);
  assertClose(thrice.standardError, once.standardError, 0.05);
});

Deno.test("bridgeEvidence() of too few draws of each chain, or of one proposal, has no standard error", () => {
  const { draws, proposals } = weights(65, [20, 3], 50, 1.3);
  assert.equal(bridgeEvidence(draws, proposals).standardError, NaN);
  const { draws: more } = weights(65, [20, 4], 50, 1.3);
  assert.ok(bridgeEvidence(more, proposals).standardError > 0);
  assert.equal(bridgeEvidence(more, proposals.slice(0, 1)).standardError, NaN);
});

Deno.test("bridgeEvidence() says how far apart target and proposal are", () => {
  const overlaps = [1, 1.5, 3, 10, 100].map((sd) => {
    const { draws, proposals } = weights(66, [10, 400], 4000, sd);
    return bridgeEvidence(draws, proposals).overlap;
  });
  overlaps.forEach((overlap, i) => assert.ok(i === 0 || overlap < overlaps[i - 1], `${overlaps}`));
  assertClose(overlaps[0], 1, 1e-9);
  assert.ok(overlaps[4] < 0.1);
});

/** ∫ f(x) dx by the rectangle rule, which is exact to all digits for such functions. */
function integral(f: (x: number) => number): number {
  let sum = 0;
  for (let x = -30; x <= 30; x += 0.01) sum += f(x);
  return 0.01 * sum;
}

/**
 * The error of the optimal bridge, from n₁ and n₂ independent draws (Meng & Wong 1996, equation 3.2):
 * √((1/O − 1) / (n s₁ s₂)), O = ∫ p q / (s₁ p + s₂ q) dx for normalised p and q.
 */
function exactError(n1: number, n2: number, mean: number, sd: number): number {
  const [s1, s2] = [n1 / (n1 + n2), n2 / (n1 + n2)];
  const bell = (x: number, s: number) =>
    Math.exp(-0.5 * (x / s) ** 2) / (s * Math.sqrt(2 * Math.PI));
  const overlap = integral((x) => {
    const [p, q] = [bell(x, 1), bell(x - mean, sd)];
    return p === 0 ? 0 : p * q / (s1 * p + s2 * q);
  });
  return Math.sqrt((1 / overlap - 1) / ((n1 + n2) * s1 * s2));
}

Deno.test("the error of bridgeEvidence() from independent draws is the optimal bridge's", () => {
  for (const [mean, sd, n2] of [[0, 1.6, 400], [1.5, 1, 1200], [0.5, 0.5, 400]]) {
    const found = replications(67, 400).map((key) => {
      const draws = { ...autoregressive(key, [4, 100], 0) };
      const [, , other] = [0, 1, 2].map((i): [number, number] => [key[0] ^ (i + 1), key[1]]);
      return bridgeEvidence(
        { data: draws.data.map((x) => logWeight(x, mean, sd)), shape: draws.shape },
        normals(other, n2).map((x) => logWeight(mean + sd * x, mean, sd)),
      );
    });
    const exact = exactError(400, n2, mean, sd);
    const square = found.reduce((sum, e) => sum + (e.estimate - LOG_EVIDENCE) ** 2, 0) / 400;
    const error = found.reduce((sum, { standardError }) => sum + standardError, 0) / 400;
    // A mean of 400 squares of normal numbers has a relative error of 0.071: five of it, 6e-7 each.
    assert.ok(Math.abs(square / exact ** 2 - 1) < 0.36, `${Math.sqrt(square)}, exact ${exact}`);
    // Effective sample sizes of 400 draws scatter by a tenth, and are low by a few percent.
    assertClose(error, exact, 0.1, `sd ${sd}`);
  }
});

Deno.test("bridgeEvidence() finds the balance for log weights of any size, even absurd ones", () => {
  const scales = [1e-6, 1, 1e3, 1e6];
  const offsets = [0, -100, 5000, -1e8];
  const keys = replications(68, 2 * scales.length ** 2 * offsets.length);
  let next = 0;
  for (const ofDraws of scales) {
    for (const ofProposals of scales) {
      for (const offset of offsets) {
        const data = normals(keys[next++], 15).map((x) => offset + ofDraws * x);
        const proposals = normals(keys[next++], 7).map((x) => ofProposals * x);
        // One proposal is outside of the support.
        proposals[3] = -Infinity;
        const { estimate } = bridgeEvidence({ data, shape: [5, 3] }, proposals);
        // N₂ mean of 1 / (1 + e^(c − ln w)) over the proposals is N₁ mean of 1 / (1 + e^(ln w − c)).
        const c = estimate - Math.log(15 / 7);
        const up = proposals.reduce((sum, w) => sum + 1 / (1 + Math.exp(c - w)), 0);
        const down = data.reduce((sum, w) => sum + 1 / (1 + Math.exp(w - c)), 0);
        const sizes = [...data, ...proposals].filter(Number.isFinite).map(Math.abs);
        const rounding = 1e-14 * Math.max(1e3, ...sizes);
        assert.ok(Math.abs(up - down) <= 15 * rounding, `${up} and ${down}`);
      }
    }
  }
});

Deno.test("bridgeEvidence() takes any balance where all are balances", () => {
  const draws = { data: new Float64Array(8).fill(-1000), shape: [2, 4] };
  const { estimate } = bridgeEvidence(draws, new Float64Array(8).fill(1000));
  assert.ok(Math.abs(estimate) <= 1000);
});

const refused: [what: string, draws: number[], proposals: number[], message: RegExp][] = [
  ["no proposals", [0, 0, 0, 0], [], /there are no weights/],
  ["a proposal that is NaN", [0, 0, 0, 0], [0, NaN], /log weight 1 is NaN/],
  ["a proposal of infinite weight", [0, 0, 0, 0], [0, Infinity], /log weight 1 is Infinity/],
  ["proposals without weight", [0, 0, 0, 0], [-Infinity, -Infinity], /all 2 weights are zero/],
  ["a draw that is NaN", [0, 0, NaN, 0], [0, 0], /of chain 0, draw 2 is NaN/],
  [
    "a draw of no density",
    [0, 0, 0, -Infinity],
    [0],
    /chain 0, draw 3 is -Infinity; the target has/,
  ],
  ["draws that q cannot give", [1, 1, 1, 1].map(() => Infinity), [0], /zero at all 4 draws/],
];

for (const [what, data, proposals, message] of refused) {
  Deno.test(`bridgeEvidence() refuses ${what}`, () => {
    const draws = { data: Float64Array.from(data), shape: [1, data.length] };
    assert.throws(() => bridgeEvidence(draws, proposals), { name: "RangeError", message });
  });
}

Deno.test("bridgeEvidence() refuses draws of another shape", () => {
  const draws = { data: new Float64Array(8), shape: [2, 2, 2] };
  assert.throws(() => bridgeEvidence(draws, [0]), {
    name: "TypeError",
    message: /must have the shape \[chains, draws\], got \[2, 2, 2\]/,
  });
  assert.throws(() => bridgeEvidence({ ...draws, shape: [3, 2] }, [0]), TypeError);
});

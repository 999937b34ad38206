/** Where chains start: as given, as drawn by a function, or at random. */
import assert from "node:assert/strict";
import {
  type ChainState,
  density,
  type DrawStarts,
  foldIn,
  type Initial,
  type Key,
  key,
  normal,
  positive,
  posterior,
  real,
  sample,
  split,
  type Target,
  type Tensor,
  tensor,
  uniform,
  where,
} from "../../mod.ts";
import { either } from "../../src/deps.ts";
import { findStart, initialPositions, type Start } from "../../src/adaptive/initial.ts";
import { assertSameBits } from "../tensor/bits.ts";

const plane = density(2, (x) => x.square().sum().mul(-0.5));
const SHORT = { flow: "none", stop: { maxDraws: 20 } } as const;

/** The log density is finite where the first coordinate is positive. */
const half = density(2, (x) => where(x.at(0).greater(0), x.square().sum().mul(-0.5), -Infinity));

function startsOf(target: Target, initial: Initial | undefined, chains?: number): Start {
  const start = initialPositions(target, chains, initial);
  if (either.isLeft(start)) throw start.left;
  return start.right;
}

/** Where chains start, from the log density of their positions alone. */
function found(
  target: Target,
  initial: Initial | undefined,
  of: Key,
  chains = 40,
): Promise<Tensor> {
  const rows = (position: Tensor): Float64Array[] =>
    Array.from(
      { length: position.shape[0] },
      (_, i) => Float64Array.from(position.at(i).data),
    );
  return findStart(
    (position) =>
      Promise.resolve({
        position,
        logDensity: tensor(Float64Array.from(rows(position), (x) => target.logDensity(x))),
      }),
    startsOf(target, initial, chains),
    target,
    of,
  );
}

Deno.test("chains start where a function draws them, with a key of the run", async () => {
  const asked: [Key, number][] = [];
  const drawn: Tensor[] = [];
  const initial: DrawStarts = (key, chains) => {
    asked.push([key, chains]);
    drawn.push(normal(key, [chains, 2]).mul(0.1).add(3));
    return drawn[0];
  };
  const run = await sample(plane, key(7), { ...SHORT, chains: 12, initial });
  assert.equal(asked.length, 1);
  assert.equal(asked[0][1], 12);
  // Of three keys that `sample` splits off, the first is for the start; draw 0 folds in 0.
  assertSameBits(asked[0][0], foldIn(split(key(7), 3)[0], 0), "key");
  const given = await sample(plane, key(7), { ...SHORT, initial: drawn[0] });
  assert.deepEqual(run.draws, given.draws);
  const again = await sample(plane, key(7), { ...SHORT, chains: 12, initial });
  assert.deepEqual(again.draws, run.draws);
  const many = await sample(plane, key(7), { ...SHORT, initial: (key, n) => normal(key, [n, 2]) });
  assert.equal(many.draws.x.shape[0], 100);
});

Deno.test("chains that a function draws where there is no density are drawn again, others are not", async () => {
  const initial: DrawStarts = (key, chains) => normal(key, [chains, 2]);
  const position = await found(half, initial, key(3));
  const attempts = Array.from({ length: 50 }, (_, i) => normal(foldIn(key(3), i), [40, 2]));
  for (let chain = 0; chain < 40; chain++) {
    const first = attempts.find((attempt) => attempt.at(chain, 0).item() > 0);
    assert.ok(first !== undefined);
    assertSameBits(position.at(chain), first.at(chain), `chain ${chain}`);
  }
});

Deno.test("chains that a function never draws well start beside others", async () => {
  const initial: DrawStarts = (key, chains) => {
    const data = Float64Array.from(normal(key, [chains, 2]).abs().data);
    // Chains 5 and 9 never have a chance.
    for (const chain of [5, 9]) data[2 * chain] *= -1;
    return tensor(data).reshape([chains, 2]);
  };
  const position = await found(half, initial, key(3));
  const texts = Array.from({ length: 40 }, (_, i) => position.at(i).data.join());
  for (const chain of [5, 9]) {
    assert.ok(texts.some((text, i) => i !== chain && text === texts[chain]), texts[chain]);
  }
  assert.equal(new Set(texts).size, 38);
});

Deno.test("starts may be the values of all chains by name, from a promise as well", async () => {
  const target = posterior({
    parameters: { mu: real(2), tau: positive() },
    logPrior: ({ mu, tau }) => mu.square().sum().mul(-0.5).sub(tau),
    logLikelihood: ({ tau }) => tau.sub(1).square().mul(-1),
    data: {},
  });
  const prior: DrawStarts = (key, chains) => {
    const [forMu, forTau] = split(key);
    return {
      mu: normal(forMu, [chains, 2]),
      tau: uniform(forTau, [chains]).neg().log1p().neg(),
    };
  };
  const start = await found(target, prior, key(1), 30);
  const columns = prior(foldIn(key(1), 0), 30) as { readonly mu: Tensor; readonly tau: Tensor };
  for (let chain = 0; chain < 30; chain++) {
    const own = target.unconstrain({ mu: columns.mu.at(chain), tau: columns.tau.at(chain) });
    assertSameBits(start.at(chain), tensor(own), `chain ${chain}`);
  }
  const [now, later, given] = await Promise.all([
    sample(target, key(1), { ...SHORT, chains: 30, initial: prior }),
    sample(target, key(1), {
      ...SHORT,
      chains: 30,
      initial: async (key, chains) => await Promise.resolve(prior(key, chains)),
    }),
    sample(target, key(1), {
      ...SHORT,
      initial: await prior(foldIn(split(key(1), 3)[0], 0), 30) as Initial,
    }),
  ]);
  assert.deepEqual(later.draws, now.draws);
  assert.deepEqual(given.draws, now.draws);
});

const refused: readonly (readonly [string, DrawStarts, RegExp])[] = [
  [
    "positions of another dimension",
    (key, chains) => normal(key, [chains, 3]),
    /^TypeError: Cannot start: `initial` has the shape \[20, 3\], but must be .* here \[20, 2\]$/,
  ],
  [
    "one position",
    (key) => normal(key, [2]),
    /^TypeError: Cannot start: `initial` has the shape \[2\]/,
  ],
  [
    "positions of other chains",
    (key) => normal(key, [7, 2]),
    /^RangeError: Cannot start: `chains` is 20, but `initial` holds 7 positions$/,
  ],
  [
    "nothing",
    (() => undefined) as unknown as DrawStarts,
    /^TypeError: Cannot start: `initial` must hold for each chain one position/,
  ],
  [
    "unknown parameters",
    (key, chains) => ({ mu: normal(key, [chains]) }),
    /^RangeError: Cannot start chain 0 of `initial`: Cannot unconstrain mu: the parameters are x$/,
  ],
  [
    "positions without density",
    (key, chains) => normal(key, [chains, 2]).div(0),
    /^RangeError: Cannot start 20 of 20 chains: .* No start was found in 50 draws of each chain from `initial`/,
  ],
  [
    "an error",
    () => {
      throw new Error("no prior today");
    },
    /^Error: no prior today$/,
  ],
];

for (const [what, initial, message] of refused) {
  Deno.test(`a function that draws starts and gives ${what} is refused`, async () => {
    await assert.rejects(sample(plane, key(1), { ...SHORT, chains: 20, initial }), message);
  });
}

Deno.test("a function that draws starts of other chains than there are by default is refused", async () => {
  await assert.rejects(
    sample(plane, key(1), { ...SHORT, initial: (key) => normal(key, [7, 2]) }),
    /^RangeError: Cannot start: `chains` is 100, but `initial` holds 7 positions$/,
  );
});

Deno.test("a run that goes on draws no starts", async () => {
  const { state } = await sample(plane, key(1), { ...SHORT, chains: 20 });
  await assert.rejects(
    sample<{ readonly x: Tensor }, ChainState>(plane, key(1), {
      ...SHORT,
      resume: state,
      initial: (key, n) => normal(key, [n, 2]),
    }),
    /^RangeError: Cannot resume a run with `initial`/,
  );
});

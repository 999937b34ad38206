import assert from "node:assert/strict";
import {
  type DeviceName,
  foldIn,
  type Key,
  key,
  mixture,
  normal,
  repeat,
  sequence,
  split,
  type Step,
  type Tensor,
  tensor,
  uniform,
  vectorize,
} from "../../mod.ts";
import { assertSameBits } from "../tensor/bits.ts";

type State = { readonly position: Tensor };

/** Steps that tell by their result which keys they were given, and in which order they ran. */
const grow: Step<State> = ({ position }, key) => ({
  position: position.mul(1.5).add(uniform(key, [2])),
});
const shake: Step<State> = ({ position }, key) => ({
  position: position.square().mul(0.1).add(normal(key, [2])),
});
const turn: Step<State> = ({ position }, key) => ({
  position: position.sin().sub(uniform(key)),
});

/** What the combinators are documented to do, written out. */
const written = {
  repeat: (step: Step<State>, times: number): Step<State> => (state, key) => {
    let now = state;
    for (let i = 0; i < times; i++) now = step(now, foldIn(key, i));
    return now;
  },
  sequence: (...steps: readonly Step<State>[]): Step<State> => (state, key) =>
    split(key, steps.length).reduce((now, each, i) => steps[i](now, each), state),
  mixture: (shares: readonly number[], steps: readonly Step<State>[]): Step<State> =>
  (
    state,
    key,
  ) => {
    const [forChoice, forStep] = split(key);
    const drawn = uniform(forChoice).item();
    const chosen = drawn < shares[0] ? 0 : drawn < shares[0] + shares[1] ? 1 : 2;
    return steps[chosen](state, split(forStep, 3)[chosen]);
  },
};

const weighted = [[1, grow], [2, shake], [1, turn]] as const;

const CASES: readonly (readonly [string, Step<State>, Step<State>])[] = [
  ["repeat()", repeat(grow, 3), written.repeat(grow, 3)],
  ["repeat() of one", repeat(grow, 1), written.repeat(grow, 1)],
  [
    "repeat() of repeat()",
    repeat(repeat(shake, 2), 3),
    written.repeat(written.repeat(shake, 2), 3),
  ],
  ["sequence()", sequence(grow, shake, turn), written.sequence(grow, shake, turn)],
  ["sequence() of one", sequence(shake), written.sequence(shake)],
  ["mixture()", mixture(weighted), written.mixture([0.25, 0.5], [grow, shake, turn])],
  [
    "a composition of all",
    repeat(sequence(grow, mixture(weighted), repeat(turn, 2)), 4),
    written.repeat(
      written.sequence(
        grow,
        written.mixture([0.25, 0.5], [grow, shake, turn]),
        written.repeat(turn, 2),
      ),
      4,
    ),
  ],
];

const CHAINS = 30;
const START: State = { position: normal(key(0), [CHAINS, 2]) };

for (const [name, composed, expected] of CASES) {
  for (const device of ["interpreter", "wasm"] as readonly DeviceName[]) {
    Deno.test(`${name} of steps of one chain uses the keys that it says, on ${device}`, async () => {
      const { position } = await vectorize(composed, { device })(START, key(1));
      for (let chain = 0; chain < CHAINS; chain++) {
        const alone = { position: START.position.at(chain) };
        const stepKey = foldIn(foldIn(key(1), chain), 0);
        const wanted = expected(alone, stepKey).position;
        assertSameBits(position.at(chain), wanted, `chain ${chain}`);
        // The same function on numbers computes the same at once.
        assertSameBits(composed(alone, stepKey).position, wanted, "at once");
      }
    });
  }
}

type AsyncStep = (state: State, key: Key) => Promise<State>;

function later(step: Step<State>): AsyncStep {
  return async (state, key) => {
    await Promise.resolve();
    return step(state, key);
  };
}

Deno.test("steps of ensembles are composed with the same keys as those of chains", async () => {
  const start = { position: tensor([0.5, -1]) };
  const [a, b, c] = [grow, shake, turn].map(later);
  const composed = repeat(
    sequence(a, mixture([[1, a], [2, b], [1, c]]), repeat(c, 2)),
    4,
  );
  for (let seed = 0; seed < 20; seed++) {
    const { position } = await composed(start, key(seed));
    const [, , expected] = CASES[CASES.length - 1];
    assertSameBits(position, expected(start, key(seed)).position, `seed ${seed}`);
  }
});

Deno.test("vectorized steps are composed for all chains together", async () => {
  const local = vectorize(grow);
  const composed = repeat(sequence(local, vectorize(shake)), 2);
  let expected = START;
  for (let i = 0; i < 2; i++) {
    const [first, second] = split(foldIn(key(5), i));
    expected = await vectorize(shake)(await local(expected, first), second);
  }
  assertSameBits((await composed(START, key(5))).position, expected.position, "position");
});

Deno.test("mixture() of ensemble steps runs the chosen one alone", async () => {
  const ran: string[] = [];
  const noted = (name: string): AsyncStep => (state) => {
    ran.push(name);
    return Promise.resolve(state);
  };
  const mixed = mixture([[1, noted("a")], [1, noted("b")]]);
  for (let seed = 0; seed < 40; seed++) await mixed(START, key(seed));
  assert.equal(ran.length, 40);
  assert.deepEqual([...new Set(ran)].sort(), ["a", "b"]);
});

Deno.test("repeat() of ensemble steps goes on as each is done, and stops at the first that fails", async () => {
  let [running, most, runs] = [0, 0, 0];
  const step: AsyncStep = async (state) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    if (++runs === 5) throw new Error("no more");
    return state;
  };
  await repeat(step, 4)(START, key(0));
  assert.deepEqual([most, runs], [1, 4]);
  await assert.rejects(repeat(step, 4)(START, key(0)), /^Error: no more$/);
  assert.equal(runs, 5);
});

Deno.test("repeat() does not pile up what it repeats", async () => {
  let runs = 0;
  const count = (state: State): State => {
    runs++;
    return state;
  };
  repeat(count, 20_000)(START, key(0));
  await repeat((state: State) => Promise.resolve(count(state)), 20_000)(START, key(0));
  assert.equal(runs, 40_000);
});

/** By Hoeffding's inequality n shares are off by more with probability at most the false-alarm rate. */
function tolerance(n: number, falseAlarms: number): number {
  return Math.sqrt(Math.log(2 / falseAlarms) / (2 * n));
}

/** Of each comparison of shares; there are 12. */
const FALSE_ALARMS = 1e-9;

function here(place: number): Step<State> {
  return ({ position }) => ({ position: position.mul(0).add(place) });
}

for (const weights of [[1, 2, 5], [0.125, 0.25, 0.625], [2e307, 4e307, 1e308]]) {
  Deno.test(`mixture() chooses by the weights ${weights}`, async () => {
    const mixed = mixture(weights.map((weight, i) => [weight, here(i)] as const));
    const n = 200_000;
    const { position } = await vectorize(mixed)({ position: tensor(new Float64Array(n)) }, key(0));
    [0.125, 0.25, 0.625].forEach((share, i) => {
      const seen = position.data.filter((place) => place === i).length / n;
      assert.ok(Math.abs(seen - share) < tolerance(n, FALSE_ALARMS), `${i}: ${seen}`);
    });
  });
}

Deno.test("mixture() chooses by the weights for all chains together, too", () => {
  const mixed = mixture([[1, here(0)], [2, here(1)], [5, here(2)]]);
  const n = 8000;
  const seen = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    seen[mixed({ position: tensor(0) }, foldIn(key(0), i)).position.item()]++;
  }
  [0.125, 0.25, 0.625].forEach((share, i) => {
    assert.ok(Math.abs(seen[i] / n - share) < tolerance(n, FALSE_ALARMS), `${i}: ${seen[i]}`);
  });
});

const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["repeat() zero times", () => repeat(grow, 0), /^RangeError: .*0 times: expected a positive/],
  ["repeat() half a time", () => repeat(grow, 0.5), /^RangeError: .*0\.5 times: /],
  ["repeat() NaN times", () => repeat(grow, NaN), /^RangeError: .*NaN times: /],
  ["sequence() of nothing", () => sequence(), /^RangeError: Cannot make a sequence of no steps$/],
  ["mixture() of nothing", () => mixture([]), /^RangeError: Cannot make a mixture of no steps$/],
  [
    "a weight of 0",
    () => mixture([[1, grow], [0, shake]]),
    /^RangeError: .*weights must be positive numbers, got 0$/,
  ],
  ["a weight that is NaN", () => mixture([[NaN, grow]]), /^RangeError: .*, got NaN$/],
  ["an infinite weight", () => mixture([[Infinity, grow]]), /^RangeError: .*, got Infinity$/],
  [
    "a list in place of steps",
    () => sequence([grow, shake] as never),
    /^TypeError: Cannot make a sequence of object: expected functions .*mala\(\)\.step\(/,
  ],
  [
    "a missing step",
    () => repeat(undefined as never, 3),
    /^TypeError: .*repetition of undefined: /,
  ],
  [
    "a choice without a step",
    () => mixture([[1, grow], [1]] as never),
    /^TypeError: .*mixture of undefined: /,
  ],
  ...[
    ["no choices", undefined],
    ["a step", grow],
    ["steps without weights", [grow]],
    ["one pair", [1, grow]],
    ["three in place of a pair", [[1, grow, 2]]],
  ].map(([what, choices]) =>
    [
      `a mixture of ${what}`,
      () => mixture(choices as never),
      /^TypeError: Cannot make a mixture of this: give a list of weights with their steps, as in mixture\(\[\[2, first\], \[1, second\]\]\)$/,
    ] as const
  ),
  [
    "a mixture of steps before their weights",
    () => mixture([[grow, 1]] as never),
    /^RangeError: .*weights must be positive numbers, got a function$/,
  ],
];

for (const [what, make, message] of refused) {
  Deno.test(`${what} is refused`, () => {
    assert.throws(make, message);
  });
}

Deno.test("a step that changes the form of the state is refused where it is composed", async () => {
  const renames = (({ position }: State) => ({ velocity: position })) as never;
  const reshapes = (({ position }: State) => ({ position: position.sum() })) as never;
  for (const wrong of [renames, reshapes]) {
    for (
      const [composed, action] of [
        [repeat<State, State>(wrong, 2), "repeat this step"],
        [sequence<State, State>(grow, wrong), "run this sequence"],
        [sequence<State, State>(wrong, grow), "run this sequence"],
        [mixture<State, State>([[1, wrong], [1, grow]]), "mix in this step"],
        [mixture<State, State>([[1, grow], [1, wrong]]), "mix in this step"],
      ] as const
    ) {
      await assert.rejects(
        vectorize(composed)(START, key(0)),
        new RegExp(
          `^TypeError: Cannot ${action}: it turns a state of position f64\\[2\\] into one of`,
        ),
      );
    }
  }
});

Deno.test("a step of an ensemble is refused among steps of one chain", async () => {
  const ensemble = vectorize(grow) as never;
  for (
    const composed of [
      repeat<State, State>(ensemble, 2),
      sequence<State, State>(shake, ensemble),
      mixture<State, State>([[1, ensemble], [1, grow]]),
    ]
  ) {
    await assert.rejects(
      vectorize(composed)(START, key(0)),
      /^TypeError: .*gave back a promise, as/,
    );
  }
});

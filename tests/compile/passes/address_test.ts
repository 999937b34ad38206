import assert from "node:assert/strict";
import { wasmMachine } from "../../../src/compile/machine.ts";
import { accessesOf } from "../../../src/compile/passes/accesses.ts";
import { type Access, Addresses } from "../../../src/compile/passes/address.ts";
import { fastCheck as fc } from "../../deps.ts";
import { Decisions } from "../random_program.ts";
import { ELEMENT, RawNest } from "./raw_nest.ts";

/** Two accesses in two loops, and where they begin at each turn of them. */
interface Pair {
  readonly addresses: Addresses;
  readonly accesses: readonly Access[];
  readonly at: readonly ((outer: number, turn: number) => number)[];
  readonly counter: number;
  readonly outer: number;
  readonly turns: number;
}

const OUTER_TURNS = 3;

/** An index of the counters, most often a sum, and what it is. */
function indexBy(
  decisions: Decisions,
  raw: RawNest,
  outer: number,
  counter: number,
): readonly [index: number, at: (outer: number, turn: number) => number] {
  const reversed = (): number => {
    const back = raw.define("mulIndex", "index", [raw.index(-1), counter]);
    return raw.define("addIndex", "index", [back, raw.index(9)]);
  };
  return decisions.of<() => readonly [number, (outer: number, turn: number) => number]>([
    () => [counter, (_, turn) => turn],
    () => [counter, (_, turn) => turn],
    () => [counter, (_, turn) => turn],
    () => [reversed(), (_, turn) => 9 - turn],
    () => [outer, (outer) => outer],
    () => [raw.define("divideIndex", "index", [counter], 2), (_, turn) => Math.floor(turn / 2)],
    () => [raw.define("divideIndex", "index", [reversed()], 2), (_, t) => Math.floor((9 - t) / 2)],
    () => [raw.define("remainderIndex", "index", [counter], 3), (_, turn) => turn % 3],
    () => [raw.define("limitIndex", "index", [counter], 2), (_, turn) => Math.min(turn, 2)],
  ])();
}

function pairBy(decisions: Decisions): Pair {
  const raw = new RawNest();
  const outer = raw.define("counter", "index");
  const counter = raw.define("counter", "index");
  const turns = 1 + decisions.below(7);
  const addresses = new Addresses(raw.instructions, wasmMachine("f64"));
  addresses.count(counter, turns);
  addresses.count(outer, OUTER_TURNS);
  const same = decisions.below(2) === 0;
  let last: ReturnType<typeof indexBy> | undefined;
  const [commonStep, commonOuterStep] = [
    decisions.of([64, 64, 128, 32, 192]),
    decisions.of([0, 0, 64, 640]),
  ];
  const pairs = [0, 1].map((): readonly [Access, (outer: number, turn: number) => number] => {
    const bytes = decisions.of([64, 64, 32]);
    const index: ReturnType<typeof indexBy> = same && last !== undefined
      ? last
      : indexBy(decisions, raw, outer, counter);
    last = index;
    const step = same ? commonStep : decisions.of([64, 64, 128, 32, 192]);
    const outerStep = same ? commonOuterStep : decisions.of([0, 0, 64, 640]);
    const offset = 16 * decisions.below(decisions.of([50, 16]));
    const scaled = raw.define("mulIndex", "index", [index[0], raw.index(step)]);
    const more = raw.define("mulIndex", "index", [outer, raw.index(outerStep)]);
    const sum = raw.define("addIndex", "index", [scaled, more]);
    const { terms, constant } = addresses.of(sum);
    return [
      { form: { terms, constant: constant + offset }, bytes },
      (outer, turn) => step * index[1](outer, turn) + outerStep * outer + offset,
    ];
  });
  return {
    addresses,
    accesses: pairs.map(([access]) => access),
    at: pairs.map(([, at]) => at),
    counter,
    outer,
    turns,
  };
}

/** Whether two accesses touch in some turns. */
function touch({ accesses: [a, b], at: [first, second] }: Pair, turns: readonly number[]): boolean {
  const [outerA, turnA, outerB, turnB] = turns;
  const [from, to] = [first(outerA, turnA), second(outerB, turnB)];
  return from < to + b.bytes && to < from + a.bytes;
}

function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

const numbers = fc.array(fc.nat({ max: 2 ** 30 }), { minLength: 20, maxLength: 20 });
const SEARCH = { seed: 1, numRuns: 4000 };

Deno.test("apart() is said of accesses alone that touch in no turns of their loops", () => {
  let said = 0;
  fc.assert(
    fc.property(numbers, (numbers) => {
      const pair = pairBy(new Decisions(numbers));
      const [a, b] = pair.accesses;
      const apart = pair.addresses.apart(a, b);
      assert.equal(pair.addresses.apart(b, a), apart);
      if (!apart) return;
      said++;
      for (const outerA of upTo(OUTER_TURNS)) {
        for (const outerB of upTo(OUTER_TURNS)) {
          for (const turnA of upTo(pair.turns)) {
            for (const turnB of upTo(pair.turns)) {
              assert.ok(!touch(pair, [outerA, turnA, outerB, turnB]));
            }
          }
        }
      }
    }),
    SEARCH,
  );
  assert.ok(said > 400, String(said));
});

Deno.test("turnByTurn() is said of accesses alone that touch in the same turn or never", () => {
  let said = 0;
  fc.assert(
    fc.property(numbers, (numbers) => {
      const pair = pairBy(new Decisions(numbers));
      const [a, b] = pair.accesses;
      const fits = pair.addresses.turnByTurn(a, b, pair.counter);
      assert.equal(pair.addresses.turnByTurn(b, a, pair.counter), fits);
      if (!fits) return;
      if (!pair.addresses.apart(a, b)) said++;
      for (const outer of upTo(OUTER_TURNS)) {
        for (const first of upTo(pair.turns)) {
          for (const second of upTo(pair.turns)) {
            if (first !== second) assert.ok(!touch(pair, [outer, first, outer, second]));
          }
        }
      }
    }),
    SEARCH,
  );
  assert.ok(said > 100, String(said));
});

Deno.test("same() is said of accesses alone that begin at one address in each turn", () => {
  let said = 0;
  fc.assert(
    fc.property(numbers, (numbers) => {
      const { addresses, accesses: [a, b], at, turns } = pairBy(new Decisions(numbers));
      if (!addresses.same(a, b)) return;
      said++;
      for (const outer of upTo(OUTER_TURNS)) {
        for (const turn of upTo(turns)) assert.equal(at[0](outer, turn), at[1](outer, turn));
      }
    }),
    { ...SEARCH, numRuns: 20000 },
  );
  assert.ok(said > 20, String(said));
});

/** A counter of 10 turns, and accesses of elements in its loop. */
function inLoop() {
  const raw = new RawNest();
  const counter = raw.define("counter", "index");
  const addresses = new Addresses(raw.instructions, wasmMachine("f64"));
  addresses.count(counter, 10);
  const access = (index: number, factor: number, offset = 0, bytes = ELEMENT): Access => ({
    form: addresses.of(raw.address(index, factor, offset)),
    bytes,
  });
  return { raw, counter, addresses, access };
}

Deno.test("turnByTurn() is said of neighbours that interleave, of what lies past all turns, and of no others", () => {
  const { counter, addresses, access } = inLoop();
  const said = (offset: number, factor = 1): boolean =>
    addresses.turnByTurn(access(counter, factor), access(counter, factor, offset), counter);
  assert.deepEqual([-1, 0, 1, 9, 10].map((offset) => said(offset)), [
    ...[false, true, false, false, true],
  ]);
  assert.deepEqual([-1, 0, 1, 2, 3, 20].map((offset) => said(offset, 2)), [
    ...[true, true, true, false, true, true],
  ]);
  assert.deepEqual([-1, 0, 1].map((offset) => said(offset, -1)), [false, true, false]);
  // Two elements at a time, one apart, overlap.
  const wide = access(counter, 1, 0, 2 * ELEMENT);
  assert.ok(!addresses.turnByTurn(wide, wide, counter));
});

Deno.test("turnByTurn() is not said of addresses that several turns have", () => {
  const { raw, counter, addresses, access } = inLoop();
  for (const operation of ["remainderIndex", "divideIndex", "limitIndex"] as const) {
    const index = raw.define(operation, "index", [counter], 3);
    assert.ok(!addresses.turnByTurn(access(index, 1), access(index, 1), counter), operation);
    // Nor where the counter itself is added: i + 10 (i mod 3) and the like come back too.
    const sum = raw.define("addIndex", "index", [raw.address(index, -1), raw.address(counter, 1)]);
    const mixed: Access = { form: addresses.of(sum), bytes: ELEMENT };
    assert.ok(!addresses.turnByTurn(mixed, mixed, counter), operation);
  }
  const fixed = access(raw.index(3), 1);
  assert.ok(!addresses.turnByTurn(fixed, fixed, counter));
});

Deno.test("a loop of unknown length reaches everything behind its first address", () => {
  const raw = new RawNest();
  const counter = raw.define("counter", "index");
  const addresses = new Addresses(raw.instructions, wasmMachine("f64"));
  addresses.count(counter, undefined);
  const at = (offset: number): Access => ({
    form: { terms: new Map(), constant: offset * ELEMENT },
    bytes: ELEMENT,
  });
  const run: Access = { form: addresses.of(raw.address(counter, 1, 5)), bytes: ELEMENT };
  assert.ok(addresses.apart(run, at(4)));
  assert.ok(!addresses.apart(run, at(5)));
  assert.ok(!addresses.apart(run, at(10000)));
  assert.ok(!addresses.turnByTurn(run, run, counter));
});

Deno.test("what arguments point to is apart from each other and from what is fixed, and outlives the call", () => {
  const raw = new RawNest();
  const [first, second] = [0, 1].map((n) => raw.define("argument", "index", [], n));
  const addresses = new Addresses(raw.instructions, wasmMachine("f64"));
  const at = (index: number, offset = 0): Access => {
    const sum = raw.define("addIndex", "index", [index, raw.index(offset)]);
    return { form: addresses.of(sum), bytes: ELEMENT };
  };
  assert.ok(addresses.apart(at(first), at(second)));
  assert.ok(addresses.apart(at(first), at(raw.index(0))));
  assert.ok(!addresses.apart(at(first), at(first, 63)));
  assert.ok(addresses.apart(at(first), at(first, 64)));
  assert.ok(addresses.outlives(at(first).form) && addresses.outlives(at(second, 8).form));
  assert.ok(!addresses.outlives(at(raw.index(0)).form));
});

Deno.test("accessesOf() knows what calls, stores and loads touch, in loops too, and that a lane load reaches far", () => {
  const raw = new RawNest();
  raw.loop(raw.index(4), [], (counter) => {
    const at = raw.address(counter, 1);
    raw.store(at, raw.load(at, 3), 9);
    raw.data(at);
    raw.call(20, 30);
    raw.define("loadLane", "f64", [at, raw.define("constantWord", "u32")], 2 * ELEMENT);
    return [];
  });
  const { body, instructions } = raw.finish();
  const { loads, stores } = accessesOf(
    body,
    instructions,
    new Addresses(instructions, wasmMachine("f64")),
  );
  const seen = (accesses: readonly Access[]) =>
    accesses.map(({ form, bytes }) => [form.terms.size, form.constant / ELEMENT, bytes / ELEMENT]);
  assert.deepEqual(seen(loads), [[1, 3, 1], [0, 20, 1], [1, 2, Infinity]]);
  assert.deepEqual(seen(stores), [[1, 9, 1], [0, 30, 1]]);
});

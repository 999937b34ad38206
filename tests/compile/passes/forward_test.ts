import assert from "node:assert/strict";
import { wasmMachine } from "../../../src/compile/machine.ts";
import { optimised } from "../../../src/compile/passes/optimise.ts";
import { apply, type Tensor } from "../../../src/tensor/tensor.ts";
import { trace } from "../../../src/tensor/trace.ts";
import { nestOf } from "../nests.ts";
import { type Counts, countsOf, ELEMENT, memoryAfter, RawNest } from "./raw_nest.ts";

/** What is left of a nest, which gives what it gave before. */
function left(write: (raw: RawNest, area: number) => void): Counts {
  const raw = new RawNest();
  write(raw, raw.define("argument", "index"));
  const nest = raw.finish();
  const better = optimised(nest, wasmMachine("f64"));
  assert.deepEqual(memoryAfter(better), memoryAfter(nest));
  return countsOf(better);
}

/** Two loops that fuse: the first puts a number at 20, the second uses it. */
function passedOn(
  second: (raw: RawNest, at: number, to: number) => void,
  first: (raw: RawNest, at: number, value: number) => void = (raw, at, value) => {
    raw.store(at, value, 20);
  },
  after: (raw: RawNest, area: number) => void = () => {},
): Counts {
  const counts = left((raw, area) => {
    raw.loop(raw.index(10), [], (i) => {
      const at = raw.address(i, 1);
      first(raw, at, raw.load(at, 40));
      return [];
    });
    raw.loop(raw.index(10), [], (i) => {
      const at = raw.address(i, 1);
      second(raw, at, raw.define("addIndex", "index", [area, at]));
      return [];
    });
    after(raw, area);
  });
  return counts;
}

/** Loads and stores, in loops that became one. */
function traffic({ loop, load, store }: Counts): readonly [loads: number, stores: number] {
  assert.equal(loop, 1);
  return [load, store];
}

Deno.test("what one loop stores for the next passes through neither load nor store", () => {
  const counts = passedOn((raw, at, to) => raw.store(to, raw.load(at, 20)));
  assert.deepEqual(traffic(counts), [1, 1]);
});

Deno.test("a store that something still reads stays", () => {
  const use = (raw: RawNest, at: number, to: number): void => raw.store(to, raw.load(at, 20));
  const zero = (raw: RawNest): number => raw.index(0);
  const read = (raw: RawNest, area: number): void => raw.store(area, raw.load(zero(raw), 25), 50);
  assert.deepEqual(traffic(passedOn(use, undefined, read)), [2, 3]);
  const nobody = (raw: RawNest, area: number): void => raw.store(area, raw.load(zero(raw), 30), 50);
  assert.deepEqual(traffic(passedOn(use, undefined, nobody)), [2, 2]);
  // By a function of the host, and by a load at each chain's own index.
  const called = (raw: RawNest): void => raw.call(25, 60);
  assert.deepEqual(traffic(passedOn(use, undefined, called)), [1, 2]);
  const lane = (raw: RawNest, area: number): void => {
    const word = raw.define("constantWord", "u32", [], 3 * ELEMENT);
    raw.store(area, raw.define("loadLane", "f64", [zero(raw), word], 22 * ELEMENT), 50);
  };
  assert.deepEqual(traffic(passedOn(use, undefined, lane)), [1, 3]);
  // By the first loop in its next turn.
  const chained = passedOn(use, (raw, at, value) => {
    raw.store(at, raw.add(value, raw.load(at, 20)), 21);
    raw.store(at, value, 20);
  });
  assert.equal(chained.store, 3);
});

Deno.test("what outlives the call is stored, though nothing here loads it", () => {
  const counts = left((raw, area) => {
    for (const offset of [0, 0]) {
      raw.loop(raw.index(10), [], (i) => {
        const to = raw.define("addIndex", "index", [area, raw.address(i, 1)]);
        raw.store(to, raw.load(raw.address(i, 1), 40), offset);
        return [];
      });
    }
  });
  // The same number, loaded once and stored twice.
  assert.deepEqual(traffic(counts), [1, 2]);
});

Deno.test("a load after a store at what may be its address is carried out", () => {
  const between = (store: (raw: RawNest, at: number) => void): readonly [number, number] =>
    traffic(passedOn((raw, at, to) => {
      const before = raw.load(at, 60);
      store(raw, at);
      raw.store(to, raw.add(before, raw.load(at, 60)));
    }));
  // Of the number at 60 alone, and of the ones that are stored somewhere near.
  assert.equal(between((raw, at) => raw.store(at, raw.load(at, 90), 80))[0], 1);
  assert.equal(between((raw, at) => raw.store(at, raw.load(at, 90), 61))[0], 3);
  assert.equal(between((raw) => raw.store(raw.index(0), raw.load(raw.index(0), 90), 65))[0], 3);
  assert.equal(between((raw) => raw.call(90, 65))[0], 2);
  assert.equal(between((raw) => raw.call(90, 95))[0], 1);
  // A store at the address itself is what the load gives.
  assert.equal(between((raw, at) => raw.store(at, raw.load(at, 90), 60))[0], 2);
});

Deno.test("a load at each chain's own index is not what memory holds at the address that it counts from", () => {
  const counts = passedOn((raw, at, to) => {
    const word = raw.define("constantWord", "u32", [], 2 * ELEMENT);
    const lane = raw.define("loadLane", "f64", [at, word], 60 * ELEMENT);
    raw.store(to, raw.define("sub", "f64", [raw.load(at, 60), lane]));
    // Nor is it known to be what it was, once something was stored behind that address.
    raw.store(at, raw.load(at, 90), 62);
    raw.store(to, raw.define("loadLane", "f64", [at, word], 60 * ELEMENT), 100);
  });
  assert.equal(counts.loop, 1);
});

Deno.test("what a loop carries on may be a value that was found to be another", () => {
  left((raw, area) => {
    const first = raw.define("constant", "f64", [], 0);
    const sums = [0, 1].flatMap(() =>
      raw.loop(raw.index(10), [first], (i) => [raw.load(raw.address(i, 1), 40)])
    );
    sums.forEach((sum, i) => raw.store(area, sum, i));
  });
});

Deno.test("what is stored in a turn is not taken for what memory held in the one before", () => {
  const counts = passedOn((raw, at, to) => {
    const now = raw.load(raw.index(0), 70);
    raw.store(to, now);
    raw.store(raw.index(0), raw.add(now, raw.load(at, 20)), 70);
  });
  assert.deepEqual(traffic(counts), [2, 2]);
});

Deno.test("an inner loop keeps what is known around it but for what it writes", () => {
  const inner = (offset: number): number =>
    passedOn((raw, at, to) => {
      const before = raw.load(at, 60);
      raw.loop(raw.index(3), [], () => {
        raw.store(to, raw.add(before, raw.load(at, 60)));
        raw.store(raw.index(0), before, offset);
        return [];
      });
      raw.store(to, raw.add(before, raw.load(at, 60)), 100);
    }).load;
  assert.equal(inner(200), 1);
  assert.equal(inner(65), 3);
});

Deno.test("equal instructions become one, unless they differ in a literal, be it the sign of zero", () => {
  const muls = (a: number, b: number): number =>
    passedOn((raw, at, to) => {
      const x = raw.load(at, 60);
      const [first, second] = [a, b].map((value) =>
        raw.define("mul", "f64", [x, raw.define("constant", "f64", [], value)])
      );
      raw.store(to, first);
      raw.store(to, second, 100);
    }).define;
  const equal = muls(2, 2);
  assert.equal(muls(2, 3), equal + 2);
  assert.equal(muls(0, -0), equal + 2);
});

Deno.test("an array that is only passed on is not kept in memory", () => {
  const vector = { dtype: "f64" as const, shape: [100] };
  const counts = (f: (x: Tensor) => Tensor[]) => countsOf(nestOf(trace(f, [vector])));
  // y is read twice: it would be stored for that, and loaded.
  const once = counts((x) => {
    const y = x.exp();
    return [y.mul(y.sin())];
  });
  assert.deepEqual([once.loop, once.load, once.store], [1, 1, 1]);
  // By its neighbours too: then it is.
  const shifted = counts((x) => {
    const y = x.exp();
    return [y.mul(apply("concat", { axis: 0 }, [y.slice(1, 100), y.slice(0, 1)])[0])];
  });
  assert.ok(shifted.loop > 1 && shifted.store > 1);
});

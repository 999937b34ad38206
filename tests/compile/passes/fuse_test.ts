import assert from "node:assert/strict";
import { wasmMachine } from "../../../src/compile/machine.ts";
import { optimised } from "../../../src/compile/passes/optimise.ts";
import type { Nest } from "../../../src/compile/nest.ts";
import { apply, type Tensor } from "../../../src/tensor/tensor.ts";
import { scan } from "../../../src/tensor/scan.ts";
import { tensor } from "../../../src/tensor/tensor.ts";
import { trace } from "../../../src/tensor/trace.ts";
import { nestOf } from "../nests.ts";
import { countsOf, memoryAfter, RawNest } from "./raw_nest.ts";

/** How many loops are left of a nest, which gives what it gave before. */
function loopsLeft(write: (raw: RawNest, area: number) => void): number {
  const raw = new RawNest();
  write(raw, raw.define("argument", "index"));
  const nest: Nest = raw.finish();
  const better = optimised(nest, wasmMachine("f64"));
  assert.deepEqual(memoryAfter(better), memoryAfter(nest));
  return countsOf(better).loop;
}

/** Two loops of ten turns: the first writes, the second reads, each where it says. */
function pair(
  read: (raw: RawNest, counter: number) => readonly [address: number, offset: number],
  between: (raw: RawNest, area: number) => void = () => {},
): number {
  return loopsLeft((raw, area) => {
    raw.loop(raw.index(10), [], (i) => {
      const to = raw.address(i, 1);
      raw.store(to, raw.load(to, 40), 20);
      return [];
    });
    between(raw, area);
    raw.loop(raw.index(10), [], (i) => {
      const to = raw.define("addIndex", "index", [area, raw.address(i, 1)]);
      const [at, offset] = read(raw, i);
      raw.store(to, raw.load(at, offset));
      return [];
    });
  });
}

Deno.test("loops fuse where one reads what the other wrote in the same turn", () => {
  assert.equal(pair((raw, i) => [raw.address(i, 1), 20]), 1);
});

Deno.test("loops fuse where one reads what the other never writes", () => {
  assert.equal(pair((raw, i) => [raw.address(i, 1), 30]), 1);
  assert.equal(pair((raw, i) => [raw.address(i, 1), 10]), 1);
});

Deno.test("loops do not fuse where one reads what the other writes in another turn", () => {
  for (const offset of [11, 19, 21, 29]) {
    assert.equal(pair((raw, i) => [raw.address(i, 1), offset]), 2, `offset ${offset}`);
  }
  // In the opposite order, at every other place, at quotients and remainders, at one place, at one of
  // each chain's own.
  assert.equal(pair((raw, i) => [raw.address(i, -1, 9), 20]), 2);
  assert.equal(pair((raw, i) => [raw.address(i, 2), 20]), 2);
  for (const operation of ["divideIndex", "remainderIndex", "limitIndex"] as const) {
    assert.equal(
      pair((raw, i) => [raw.address(raw.define(operation, "index", [i], 2), 1), 20]),
      2,
      operation,
    );
  }
  assert.equal(pair((raw) => [raw.index(0), 25]), 2);
});

Deno.test("loops do not fuse past what touches what they touch", () => {
  const read = (raw: RawNest, i: number) => [raw.address(i, 1), 20] as const;
  const fixed = (raw: RawNest) => raw.index(0);
  assert.equal(pair(read, (raw) => raw.store(fixed(raw), raw.load(fixed(raw), 90), 91)), 1);
  assert.equal(pair(read, (raw) => raw.store(fixed(raw), raw.load(fixed(raw), 90), 25)), 2);
  // The area, which the second loop writes, is read between them, or written.
  assert.equal(pair(read, (raw, area) => raw.store(fixed(raw), raw.load(area, 3), 0)), 2);
  assert.equal(pair(read, (raw, area) => raw.store(area, raw.load(fixed(raw), 90), 3)), 2);
  assert.equal(pair(read, (raw) => raw.call(90, 91)), 1);
  assert.equal(pair(read, (raw) => raw.call(90, 25)), 2);
});

Deno.test("a loop does not go before what it reads of a loop or of memory, but takes along what it needs", () => {
  const first = (raw: RawNest): number =>
    raw.loop(raw.index(10), [raw.define("constant", "f64", [], 0)], (i, [sum]) => {
      return [raw.add(sum, raw.load(raw.address(i, 1), 20))];
    })[0];
  const second = (raw: RawNest, area: number, value: number): number[] =>
    raw.loop(raw.index(10), [], (i) => {
      raw.store(raw.define("addIndex", "index", [area, raw.address(i, 1)]), value);
      return [];
    });
  // The sum itself, and what is computed from it.
  assert.equal(loopsLeft((raw, area) => second(raw, area, first(raw))), 2);
  assert.equal(
    loopsLeft((raw, area) => {
      const sum = first(raw);
      second(raw, area, raw.add(sum, sum));
    }),
    2,
  );
  // A sum that another loop carries on from.
  assert.equal(
    loopsLeft((raw, area) => {
      const sum = first(raw);
      const [next] = raw.loop(raw.index(10), [sum], (i, [now]) => [
        raw.add(now, raw.load(raw.address(i, 1), 40)),
      ]);
      raw.store(area, next);
    }),
    2,
  );
  assert.equal(
    loopsLeft((raw, area) => {
      const sum = first(raw);
      const three = raw.define("constant", "f64", [], 3);
      second(raw, area, raw.add(three, three));
      raw.store(area, sum, 50);
    }),
    1,
  );
});

Deno.test("loops of other counts, and of counts that are not known, do not fuse", () => {
  const writes = (raw: RawNest, count: number, area: number, offset: number) =>
    raw.loop(count, [], (i) => {
      const to = raw.define("addIndex", "index", [area, raw.address(i, 1)]);
      raw.store(to, raw.load(raw.address(i, 1)), offset);
      return [];
    });
  for (const [a, b, left] of [[10, 11, 2], [10, 10, 1], [0, 0, 1]]) {
    assert.equal(
      loopsLeft((raw, area) => {
        writes(raw, raw.index(a), area, 0);
        writes(raw, raw.index(b), area, 100);
      }),
      left,
    );
  }
  const unknown = loopsLeft((raw, area) => {
    const count = raw.define("limitIndex", "index", [raw.index(7)], 5);
    writes(raw, count, area, 0);
    writes(raw, count, area, 100);
  });
  assert.equal(unknown, 2);
});

Deno.test("loops in fused loops fuse as well", () => {
  const left = loopsLeft((raw, area) => {
    for (const offset of [0, 1000]) {
      raw.loop(raw.index(4), [], (i) => {
        raw.loop(raw.index(5), [], (j) => {
          const at = raw.define("addIndex", "index", [raw.address(i, 5), raw.address(j, 1)]);
          const to = raw.define("addIndex", "index", [area, at]);
          raw.store(to, raw.load(at), offset);
          return [];
        });
        return [];
      });
    }
  });
  assert.equal(left, 2);
});

Deno.test("a loop in a loop that is fused may take as many turns as that one has taken", () => {
  const left = loopsLeft((raw, area) => {
    for (const offset of [0, 2000]) {
      raw.loop(raw.index(4), [], (i) => {
        const zero = raw.define("constant", "f64", [], 0);
        const [sum] = raw.loop(i, [zero], (j, [sum]) => [
          raw.add(sum, raw.load(raw.address(j, 1), 5)),
        ]);
        raw.store(raw.define("addIndex", "index", [area, raw.address(i, 1)]), sum, offset);
        return [];
      });
    }
  });
  assert.equal(left, 3);
});

const VECTOR = { dtype: "f64" as const, shape: [100] };

function loopsOf(f: (x: Tensor) => Tensor[]): number {
  return countsOf(nestOf(trace(f, [VECTOR]))).loop;
}

Deno.test("steps over the elements of an array are one loop, those that move elements more", () => {
  // The array that is read twice is kept in memory; the loop that fills it is the one that reads it.
  assert.equal(loopsOf((x) => [x.exp().mul(x.exp().sum())]), 2);
  assert.equal(loopsOf((x) => [x.exp(), x.exp().sin(), x.sin()]), 1);
  const shifted = (x: Tensor): Tensor =>
    apply("concat", { axis: 0 }, [x.slice(1, 100), x.slice(0, 1)])[0];
  assert.ok(loopsOf((x) => [shifted(x.exp()).add(x.exp())]) > 1);
  const cumulated = (x: Tensor, reverse: boolean): Tensor =>
    scan((sum: Tensor, part: Tensor) => [sum.add(part), sum] as const, tensor(0), x, {
      reverse,
    })[1];
  assert.equal(loopsOf((x) => [cumulated(cumulated(x, false), false)]), 1);
  assert.ok(loopsOf((x) => [cumulated(cumulated(x, false), true)]) > 1);
});

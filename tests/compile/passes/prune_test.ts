import assert from "node:assert/strict";
import { pruned } from "../../../src/compile/passes/prune.ts";
import { countsOf, memoryAfter, RawNest } from "./raw_nest.ts";

/** What is left of a nest. */
function left(write: (raw: RawNest, area: number) => void) {
  const raw = new RawNest();
  write(raw, raw.define("argument", "index"));
  const nest = raw.finish();
  const better = { ...nest, body: pruned(nest.body, nest.instructions) };
  assert.deepEqual(memoryAfter(better), memoryAfter(nest));
  return countsOf(better);
}

Deno.test("pruned() leaves out what no store needs, and loops that do nothing", () => {
  const counts = left((raw, area) => {
    const used = raw.load(raw.index(0), 3);
    const unused = raw.load(raw.index(0), 4);
    raw.add(unused, used);
    raw.loop(raw.index(9), [], (i) => {
      raw.loop(i, [], (j) => {
        raw.add(unused, raw.load(raw.address(j, 1)));
        return [];
      });
      return [];
    });
    raw.store(area, used);
  });
  assert.deepEqual([counts.loop, counts.load, counts.store], [0, 1, 1]);
});

Deno.test("pruned() keeps loops for what they store, call or carry out", () => {
  const turns = (raw: RawNest) => raw.index(9);
  const stores = left((raw, area) => {
    raw.loop(turns(raw), [], () => {
      raw.store(area, raw.load(raw.index(0)));
      return [];
    });
  });
  assert.deepEqual([stores.loop, stores.load], [1, 1]);
  const calls = left((raw) => {
    raw.loop(turns(raw), [], () => {
      raw.call(1, 2);
      return [];
    });
  });
  assert.deepEqual([calls.loop, calls.call], [1, 1]);
  const carries = left((raw, area) => {
    const first = raw.load(raw.index(0), 1);
    const [sum] = raw.loop(turns(raw), [first], (i, [now]) => [
      raw.add(now, raw.load(raw.address(i, 1))),
    ]);
    raw.store(area, sum);
  });
  assert.deepEqual([carries.loop, carries.load], [1, 2]);
});

Deno.test("pruned() keeps a loop that moves what it carries and computes nothing", () => {
  const counts = left((raw, area) => {
    const first = [1, 2, 3].map((offset) => raw.load(raw.index(0), offset));
    const [a, b] = raw.loop(raw.index(4), first, (_, [a, b, c]) => [b, c, a]);
    raw.store(area, a);
    raw.store(area, b, 1);
  });
  assert.deepEqual([counts.loop, counts.load], [1, 3]);
});

Deno.test("pruned() keeps what is needed in the next turn alone", () => {
  const counts = left((raw, area) => {
    const zero = raw.define("constant", "f64", [], 0);
    raw.loop(raw.index(4), [zero], (i, [before]) => {
      const at = raw.address(i, 1);
      raw.store(raw.define("addIndex", "index", [area, at]), before);
      return [raw.load(at, 3)];
    });
  });
  assert.deepEqual([counts.loop, counts.load], [1, 1]);
});

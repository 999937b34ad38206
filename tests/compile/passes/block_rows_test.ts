import assert from "node:assert/strict";
import { wasmMachine } from "../../../src/compile/machine.ts";
import type { Nest, Statement } from "../../../src/compile/nest.ts";
import { optimised } from "../../../src/compile/passes/optimise.ts";
import { chooseDevice } from "../../../src/device/choose.ts";
import { where } from "../../../src/tensor/operations.ts";
import { PRECISIONS } from "../../../src/tensor/functions/precision.ts";
import { key, normal } from "../../../src/tensor/random.ts";
import { scan } from "../../../src/tensor/scan.ts";
import { type Tensor, tensor } from "../../../src/tensor/tensor.ts";
import { trace } from "../../../src/tensor/trace.ts";
import { assertSameBits } from "../../tensor/bits.ts";
import { nestOf } from "../nests.ts";
import { memoryAfter, RawNest } from "./raw_nest.ts";

/** Turns of the loops of a nest, those that are printed by halves apart. */
function turnsOf({ instructions, body }: Nest): { blocks: number[]; others: number[] } {
  const found = { blocks: [] as number[], others: [] as number[] };
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.kind !== "loop") continue;
      const { immediate } = instructions[statement.count];
      (statement.inHalves ? found.blocks : found.others).push(immediate);
      visit(statement.body);
    }
  };
  visit(body);
  return found;
}

/** A loop over rows with two sums, and what else a turn does; the turns of what it becomes. */
function blocked(
  rows: number,
  turn: (
    raw: RawNest,
    parts: { readonly i: number; readonly sums: readonly number[]; readonly next: number[] },
  ) => void = () => {},
): { blocks: number[]; others: number[] } {
  const raw = new RawNest();
  const area = raw.define("argument", "index");
  const first = [1, 2].map((offset) => raw.load(raw.index(0), offset));
  const sums = raw.loop(raw.index(rows), first, (i, sums) => {
    const row = raw.data(raw.address(i, 1));
    const next = sums.map((sum, k) => raw.add(sum, raw.define("mul", "f64", [row, first[k]])));
    turn(raw, { i, sums, next });
    return next;
  });
  sums.forEach((sum, k) => raw.store(area, sum, k));
  raw.store(area, raw.add(sums[0], sums[1]), 2);
  const nest = raw.finish();
  const better = optimised(nest, wasmMachine("f64"));
  assert.deepEqual(memoryAfter(better), memoryAfter(nest));
  return turnsOf(better);
}

Deno.test("rows are taken four at a time, and those that are left one by one", () => {
  assert.deepEqual(blocked(16), { blocks: [4], others: [] });
  assert.deepEqual(blocked(17), { blocks: [4], others: [1] });
  assert.deepEqual(blocked(18), { blocks: [4], others: [2] });
  assert.deepEqual(blocked(19), { blocks: [4], others: [3] });
  assert.deepEqual(blocked(1000), { blocks: [250], others: [] });
  assert.deepEqual(blocked(15), { blocks: [], others: [15] });
});

Deno.test("rows are blocked with stores of each row, but not with stores that another row touches", () => {
  const storing = (offset: number, factor = 1) =>
    blocked(18, (raw, { i, next }) => {
      const at = raw.address(i, factor, 40);
      raw.store(at, raw.add(raw.load(at, offset), raw.load(raw.index(0), 30)));
      raw.store(
        raw.define("addIndex", "index", [raw.define("argument", "index"), at]),
        raw.load(at),
      );
      assert.equal(next.length, 2);
    }).blocks.length;
  assert.equal(storing(0), 1);
  assert.equal(storing(1), 0);
  assert.equal(storing(-1), 0);
  assert.equal(storing(18), 1);
  assert.equal(storing(-10), 0);
  assert.equal(storing(-17), 0);
  assert.equal(storing(-18), 1);
  assert.equal(storing(0, 2), 1);
  assert.equal(storing(1, 2), 1);
  assert.equal(storing(0, 0), 0);
});

Deno.test("rows are not blocked where a sum or what it becomes is read elsewhere", () => {
  const store = (raw: RawNest, i: number, value: number): void => {
    const area = raw.define("argument", "index");
    raw.store(raw.define("addIndex", "index", [area, raw.address(i, 1)]), value, 10);
  };
  const of = (value: (parts: { sums: readonly number[]; next: number[]; row: number }) => number) =>
    blocked(18, (raw, { i, sums, next }) => {
      store(raw, i, value({ sums, next, row: raw.data(raw.address(i, 1)) }));
    }).blocks.length;
  assert.equal(of(({ row }) => row), 1);
  assert.equal(of(({ sums }) => sums[0]), 0);
  assert.equal(of(({ next }) => next[1]), 0);
  // In place of a sum: another, or nothing new.
  assert.equal(blocked(18, (_, { next }) => next.reverse()).blocks.length, 0);
  assert.equal(blocked(18, (_, { sums, next }) => next[0] = sums[0]).blocks.length, 0);
  assert.equal(
    blocked(18, (_, { sums, next }) => next.splice(0, 2, sums[1], sums[0])).blocks.length,
    0,
  );
});

Deno.test("rows are not blocked with calls of the host or loops in them", () => {
  assert.equal(blocked(18, (raw) => raw.call(1, 2)).blocks.length, 0);
  const loop = blocked(18, (raw) => {
    raw.loop(raw.index(3), [], () => {
      raw.store(raw.index(0), raw.load(raw.index(0), 30), 31);
      return [];
    });
  });
  assert.equal(loop.blocks.length, 0);
});

Deno.test("rows are not blocked where two carries have one next value", () => {
  const shared = blocked(18, (raw, { sums, next }) => {
    next.fill(raw.define("sub", "f64", [sums[0], sums[1]]));
  });
  assert.deepEqual(shared, { blocks: [], others: [18] });
});

/** A filter over data whose carries change places, and two that share their next value. */
const PROGRAMS: { readonly [name: string]: (sums: readonly Tensor[], row: Tensor) => Tensor[] } = {
  "one next value for two carries": ([a, b], row) => {
    const next = where(row.greater(0), a, b);
    return [next, next];
  },
  "a difference for two carries beside a sum": ([a, b], row) => {
    const next = a.sub(b);
    return [next, next, row];
  },
  "sums of products": ([a, b], row) => [a.add(row.mul(2)), b.sub(row.square())],
  "a carry that is squared": ([a, b], row) => [a.mul(a), b.add(row)],
  "carries that change places": ([a, b], row) => [b.add(row), a],
};

for (const precision of PRECISIONS) {
  Deno.test(`${precision} scans over data have the interpreter's bits, whatever they carry and however many rows are left`, async () => {
    const [interpreter, wasm] = (["interpreter", "wasm"] as const)
      .map((name) => chooseDevice(name, { precision }));
    for (const [name, turn] of Object.entries(PROGRAMS)) {
      for (const rows of [65, 66, 67, 68]) {
        const program = trace((x, y) => {
          const [last] = scan(
            ([a, b, c]: readonly Tensor[], row: Tensor) => {
              const [first, second, third] = turn([a, b], row);
              return [[first, second, third === undefined ? c : c.add(third)], []];
            },
            [x, y, tensor(0)],
            normal(key(3), [rows]),
          );
          return [...last];
        }, [{ dtype: "f64", shape: [] }, { dtype: "f64", shape: [] }]);
        const own = [normal(key(1), [17]), normal(key(2), [17])];
        const expected = await interpreter.map(program, 2).run(own, []);
        const actual = await wasm.map(program, 2).run(own, []);
        expected.forEach((value, i) => assertSameBits(actual[i], value, `${name}, ${rows}: ${i}`));
      }
    }
  });
}

Deno.test("sums over the rows of data are blocked in a traced program, those over each chain's own are not", () => {
  const vector = { dtype: "f64" as const, shape: [70] };
  const data = normal(key(1), [70]);
  const blocks = (f: (x: Tensor) => Tensor): number[] =>
    turnsOf(nestOf(trace((x) => [f(x)], [vector]))).blocks;
  assert.deepEqual(blocks((x) => x.mul(data).sum()), [17]);
  assert.deepEqual(blocks((x) => x.square().sum()), []);
});

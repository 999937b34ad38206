import assert from "node:assert/strict";
import { accept, foldIn, key, type Tensor, tensor, uniform } from "../../mod.ts";

const current = { position: tensor([1, 2]), count: tensor(3).as("u32") };
const proposed = { position: tensor([5, 6]), count: tensor(7).as("u32") };

Deno.test("accept() takes the proposal exactly if its uniform number is below the probability", () => {
  let taken = 0;
  for (let i = 0; i < 200; i++) {
    const logRatio = -0.02 * i;
    const { state, acceptance } = accept(foldIn(key(0), i), tensor(logRatio), current, proposed);
    assert.ok(Math.abs(acceptance.item() - Math.exp(logRatio)) < 1e-15);
    const expected = uniform(foldIn(key(0), i)).item() < acceptance.item() ? proposed : current;
    assert.deepEqual(state.position.toArray(), expected.position.toArray());
    assert.deepEqual(state.count.toArray(), expected.count.toArray());
    if (expected === proposed) taken++;
  }
  assert.ok(taken > 0 && taken < 200);
});

Deno.test("accept() always takes what is at least as good, and never what is NaN or −∞", () => {
  const outcome = (logRatio: number, i: number): { at: unknown; acceptance: number } => {
    const { state, acceptance } = accept(foldIn(key(0), i), tensor(logRatio), current, proposed);
    return { at: state.position.toArray(), acceptance: acceptance.item() };
  };
  for (let i = 0; i < 100; i++) {
    for (const logRatio of [0, -0, 1e-300, 1, 800, Infinity]) {
      assert.deepEqual(outcome(logRatio, i), { at: [5, 6], acceptance: 1 });
    }
    for (const logRatio of [NaN, -Infinity, -800]) {
      assert.deepEqual(outcome(logRatio, i), { at: [1, 2], acceptance: 0 });
    }
  }
});

Deno.test("accept() refuses states of different forms and ratios that are no scalars", () => {
  const take = (logRatio: Tensor, other: object): void => {
    accept(key(0), logRatio, current, other as never);
  };
  assert.throws(
    () => take(tensor(0), { position: tensor([1, 2]) }),
    /in place of one of count u32/,
  );
  assert.throws(
    () => take(tensor(0), { ...proposed, position: tensor(1) }),
    /^TypeError: Cannot accept a state of count u32\[\], position f64\[\] in place of one of count/,
  );
  assert.throws(() => take(tensor([0, 0]), proposed), /^TypeError: .*ratio f64\[2\]: .* a scalar$/);
});

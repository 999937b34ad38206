import assert from "node:assert/strict";
import { equalRejection } from "../../src/adaptive/ladder.ts";

function temperatures(ladder: readonly number[], rejection: readonly number[]): number[] {
  return equalRejection(ladder, rejection).map((rung) => rung.inverseTemperature);
}

Deno.test("equalRejection() leaves a ladder of equal rejection as it is", () => {
  const ladder = [1, 0.6, 0.3, 0.1, 0];
  temperatures(ladder, [0.2, 0.2, 0.2, 0.2]).forEach((beta, rung) =>
    assert.ok(Math.abs(beta - ladder[rung]) < 1e-12)
  );
});

Deno.test("equalRejection() moves rungs to where neighbours reject", () => {
  // All of the barrier is between the first two: the others go there.
  const [first, ...rest] = temperatures([1, 0.5, 0.2, 0], [0.9, 0, 0]);
  assert.equal(first, 1);
  assert.ok(rest[0] > 0.75 && rest[1] > 0.5 && rest[1] < rest[0]);
  assert.equal(rest[2], 0);
});

Deno.test("equalRejection() falls strictly from 1 to 0, whatever was rejected", () => {
  for (
    const rejection of [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1e-9], [1, 0, 0, 0], [0, 0, 0, 1]]
  ) {
    const ladder = temperatures([1, 0.7, 0.4, 1e-4, 0], rejection);
    assert.deepEqual([ladder[0], ladder[4]], [1, 0]);
    ladder.slice(1).forEach((beta, i) => assert.ok(beta < ladder[i], `${ladder}`));
  }
});

Deno.test("equalRejection(), iterated, finds equal rejection for a known barrier", () => {
  // Λ(β) = √β rises by |√β − √β'| between neighbours.
  const barrier = (beta: number): number => Math.sqrt(beta);
  let ladder = [1, 0.9, 0.8, 0.5, 0.1, 0];
  for (let i = 0; i < 8; i++) {
    const rejection = ladder.slice(1).map((beta, k) => barrier(ladder[k]) - barrier(beta));
    ladder = temperatures(ladder, rejection);
  }
  ladder.forEach((beta, k) => assert.ok(Math.abs(barrier(beta) - (1 - k / 5)) < 0.02, `${ladder}`));
});

Deno.test("equalRejection() says where each rung stands on the old ladder", () => {
  const rungs = equalRejection([1, 0.5, 0], [0.3, 0.1]);
  // Half of 0.4 is two thirds of the way down the first pair.
  assert.equal(rungs[1].above, 0);
  assert.ok(Math.abs(rungs[1].fraction - 2 / 3) < 1e-12);
});

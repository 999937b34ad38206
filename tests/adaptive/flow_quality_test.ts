import assert from "node:assert/strict";
import { density, flowQuality, key, splineFlow } from "../../mod.ts";
import { gaussianProposal } from "../global/proposals.ts";

const bell = density(2, (x) => x.square().sum().mul(-0.5));

Deno.test("a flow is judged as the formulas for Gaussians say", async () => {
  const exact = await flowQuality(bell, gaussianProposal(1), key(1));
  assert.ok(exact.effectiveSampleFraction > 1 - 1e-9 && exact.acceptance > 1 - 1e-9);
  // With twice the scale in two dimensions: (E w)²/E w² = 7/16; six standard errors.
  const wide = await flowQuality(bell, gaussianProposal(2), key(2), { draws: 20_000 });
  assert.ok(Math.abs(wide.effectiveSampleFraction - 7 / 16) < 0.02);
  assert.ok(wide.paretoShape < 0.3);
  // Half the scale: the weights have no variance.
  const narrow = await flowQuality(bell, gaussianProposal(0.5), key(3), { draws: 20_000 });
  assert.ok(narrow.paretoShape > 0.5, `${narrow.paretoShape}`);
});

Deno.test("judging is a function of the key, and refuses what makes no sense", async () => {
  const of = (seed: number) => flowQuality(bell, gaussianProposal(2), key(seed), { draws: 50 });
  assert.deepEqual(await of(1), await of(1));
  assert.notDeepEqual(await of(1), await of(2));
  await assert.rejects(
    flowQuality(bell, gaussianProposal(2), key(1), { draws: 0 }),
    /^RangeError: Cannot judge a flow by 0 draws/,
  );
});

Deno.test("judging refuses what is no trained flow, and one of other coordinates", async () => {
  for (const none of [undefined, {}, splineFlow()]) {
    await assert.rejects(
      flowQuality(bell, none as never, key(1)),
      /^TypeError: Cannot judge this: give the `flow` of a result, or another proposal$/,
    );
  }
  const line = density(1, (x) => x.square().sum().mul(-0.5));
  await assert.rejects(
    flowQuality(line, gaussianProposal(2), key(1)),
    /^RangeError: Cannot judge a flow of 2 coordinates by a target of 1$/,
  );
});

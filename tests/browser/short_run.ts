/** A short run of all phases, and what it gives as text that shows every bit. */
import { dualMoon } from "../../examples/dual_moon.ts";
import { customFlow, flowFromBytes, flowToBytes, key, sample } from "../../mod.ts";

const OPTIONS = {
  chains: 12,
  schedule: { warmupWindows: [12, 12], trainCycles: 2 },
  stop: { maxDraws: 24 },
};

/** z = x·e^a + b, coordinate by coordinate. */
const diagonal = customFlow({
  name: "diagonal",
  init: (dimension) => ({ a: new Float64Array(dimension), b: new Float64Array(dimension) }),
  forward: ({ a, b }, x) => ({ value: x.mul(a.exp()).add(b), logDeterminant: a.sum() }),
  inverse: ({ a, b }, z) => ({ value: z.sub(b).div(a.exp()) }),
});

/**
 * The draws, log densities and evidence of the run, then the bytes of its flow and of a user's, and draws
 * from both as they are read again; numbers are written so that none lose a bit.
 */
export async function shortRun(): Promise<string> {
  const run = await sample(dualMoon, key(11), OPTIONS);
  const { data } = run.draws.x;
  const { flow } = await sample(dualMoon, key(12), { ...OPTIONS, flow: diagonal });
  if (run.flow === undefined || flow === undefined) throw new Error("no flow was trained");
  const bytes = [flowToBytes(run.flow), flowToBytes(flow)];
  const read = [flowFromBytes(bytes[0]), flowFromBytes(bytes[1], { kind: diagonal })];
  const drawn = await Promise.all(read.map(async (each) => {
    const { position, logDensity } = await each.sample(key(13), 20);
    return [[...position.data], [...logDensity.data]];
  }));
  return JSON.stringify([
    [...data],
    [...run.logDensity.data],
    run.logEvidence,
    run.acceptance,
    bytes.map((each) => [...each]),
    drawn,
  ]);
}

/** Kernels on a circle, where positions are taken back to one turn now and then. */
import {
  concat,
  density,
  hmc,
  independence,
  type Kernel,
  type Key,
  mala,
  rwm,
  studentT,
  type Target,
  type Tensor,
  tensor,
  vectorize,
} from "../../mod.ts";
import { wasmDevice } from "../../src/device/wasm.ts";
import type { ChainState } from "../../src/kernels/kernel.ts";
import { wrapAngle, wrapped } from "../../src/target/circle.ts";
import { normal, uniform } from "../../src/tensor/random.ts";
import { split } from "../../src/tensor/random.ts";
import type { Tree } from "../../src/tensor/tree.ts";
import type { InvarianceCase } from "./invariance.ts";
import { ensembleMove } from "./invariance_moves.ts";
import { type ExactTarget, mapRows, withFolds } from "./invariance_targets.ts";
import { normalCdf } from "./normal_cdf.ts";

/** Of the wrapped Cauchy distribution: how much of it is on one side. */
const CONCENTRATION = 0.4;
/** Its direction, near to where the circle is cut. */
const CENTER = 2.8;

/**
 * An angle with a wrapped Cauchy distribution (Mardia & Jupp 2000, §3.5.7), and a number around a function
 * of it.
 */
export const circle: ExactTarget = {
  name: "circle and line",
  target: density(2, (x) => {
    const toCenter = x.at(0).sub(CENTER).cos().mul(-2 * CONCENTRATION);
    const angle = toCenter.add(1 + CONCENTRATION * CONCENTRATION).log().neg();
    return angle.sub(x.at(1).sub(x.at(0).sin().mul(2)).square().mul(0.5));
  }, { periodic: [true, false] }),
  sample: (key, n) => {
    const [forAngle, forLine] = split(key);
    const numbers = concat([uniform(forAngle, [n, 1]), normal(forLine, [n, 1])], 1);
    const narrow = (1 - CONCENTRATION) / (1 + CONCENTRATION);
    return mapRows(numbers, ([u, z]) => {
      const angle = wrapAngle(CENTER + 2 * Math.atan(narrow * Math.tan(Math.PI * (u - 0.5))));
      return [angle, 2 * Math.sin(angle) + z];
    });
  },
  uniforms: ([angle, x]) => {
    const wide = (1 + CONCENTRATION) / (1 - CONCENTRATION);
    const share = Math.atan(wide * Math.tan(wrapAngle(angle - CENTER) / 2)) / Math.PI + 0.5;
    return [...withFolds([share]), ...withFolds([normalCdf(x - 2 * Math.sin(angle))])];
  },
  uniformCount: 4,
};

/** What is done to positions between steps: from lifted ones to others. */
type Tidying = (position: Tensor) => Tensor;

const takenBack: Tidying = (position) => wrapped(position, [true, false]);

function changed(angle: (x: number) => number): Tidying {
  return ({ data, shape }) =>
    tensor(Float64Array.from(data, (x, i) => i % 2 === 0 ? angle(x) : x)).reshape(shape);
}

function onCircle<State extends ChainState & Tree>(
  name: string,
  kernel: Kernel<State>,
  { stepSize, steps }: { readonly stepSize: number; readonly steps: number },
  tidy: Tidying,
): InvarianceCase {
  return {
    name: `${name} on ${circle.name}`,
    exact: circle,
    move: ensembleMove(kernel, (target: Target, start) => {
      const advance = vectorize(kernel.step(target, { stepSize, inverseMass: [1, 0.5] }));
      return async (state, key) => {
        let here = state;
        for (const each of split(key, steps)) {
          const moved = await advance(here, each, { steps: 2 });
          const position = tidy(moved.position);
          // What is known of the place stays right only if the tidying is.
          here = tidy === takenBack ? { ...moved, position } : await start(position);
        }
        return here;
      };
    }),
  };
}

/** Sound moves: steps so long that chains go around. */
export const SOUND_CIRCLE: readonly InvarianceCase[] = [
  onCircle("rwm", rwm(), { stepSize: 2.5, steps: 6 }, takenBack),
  onCircle("mala", mala(), { stepSize: 1.2, steps: 5 }, takenBack),
  onCircle("hmc", hmc({ leapfrogSteps: 4, jitter: 0.5 }), { stepSize: 0.7, steps: 3 }, takenBack),
  {
    name: `independence from uniform angles and Student-t lines on ${circle.name}`,
    exact: circle,
    move: ensembleMove(rwm(), (_, start) => {
      const proposal = studentT({
        mean: Float64Array.of(1, 0.3),
        cholesky: Float64Array.of(1, 0, 0, 1.5),
        periodic: [true, false],
      }, wasmDevice);
      return (state: ChainState, key: Key) =>
        independence({ proposal, start })(state, key, { steps: 3 });
    }),
  },
];

/** Positions taken back in wrong ways. */
export const MUTANTS_CIRCLE: readonly InvarianceCase[] = [
  onCircle(
    "rwm that stops at the ends",
    rwm(),
    { stepSize: 2.5, steps: 6 },
    changed((x) => Math.min(Math.PI, Math.max(-Math.PI, x))),
  ),
  onCircle(
    "rwm that is thrown back from the ends",
    rwm(),
    { stepSize: 2.5, steps: 6 },
    changed((x) => Math.abs(x) > Math.PI ? Math.sign(x) * 2 * Math.PI - x : x),
  ),
  onCircle(
    "rwm with a turn that is too short",
    rwm(),
    { stepSize: 2.5, steps: 6 },
    changed((x) => x - 6 * Math.round(x / 6)),
  ),
];

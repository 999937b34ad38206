/** A model with parameters of all kinds whose range is not the real line. */
import {
  angle,
  interval,
  type Key,
  normal,
  ordered,
  simplex,
  stack,
  type Tensor,
  tensor,
  type Tensors,
} from "../../mod.ts";
import { wrapAngle } from "../../src/target/circle.ts";
import { mapRows, withFolds } from "./invariance_targets.ts";
import {
  type FlatValues,
  type JointModel,
  logNormal,
  noise,
  plainLogNormal,
  targetsOf,
} from "./joint_models.ts";
import { normalCdf } from "./normal_cdf.ts";

const [LOW, HIGH] = [-1, 2];
/** Of the wrapped Cauchy distribution (Mardia & Jupp 2000, §3.5.7). */
const [CENTER, CONCENTRATION] = [2.8, 0.4];
const NARROW = (1 - CONCENTRATION) / (1 + CONCENTRATION);
const DATA_SD = [0.7, 1, 0.5, 0.4];

const PARAMETERS = { w: simplex(3), p: interval(LOW, HIGH), cut: ordered(2), phase: angle() };

/** The kinds of parameters, each of which can have its Jacobian dropped. */
export type Kind = "w" | "p" | "cut";

/** Means of the data: in the array language, then in plain numbers. */
function meanTensors({ w, p, cut, phase }: Tensors<typeof PARAMETERS>): Tensor {
  return stack([
    w.at(0).mul(4).add(phase.sin()),
    cut.at(1).sub(p),
    phase.cos().add(cut.at(0)),
    w.at(1).mul(2).sub(w.at(2)),
  ]);
}

function means({ w, p, cut, phase }: FlatValues): number[] {
  return [
    4 * w[0] + Math.sin(phase[0]),
    cut[1] - p[0],
    Math.cos(phase[0]) + cut[0],
    2 * w[1] - w[2],
  ];
}

function logit(x: number): number {
  return Math.log(x) - Math.log1p(-x);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The middle one of three uniform numbers is a draw of Beta(2, 2). */
function middle(...u: number[]): number {
  return u.toSorted((a, b) => a - b)[1];
}

function betaCdf(x: number): number {
  return x * x * (3 - 2 * x);
}

/** A stick of three parts is broken with an offset of −ln 2 at the first break. */
function values([a, b, q, lowest, rise, phase]: ArrayLike<number> & Iterable<number>): FlatValues {
  const first = sigmoid(a - Math.log(2));
  const second = (1 - first) * sigmoid(b);
  return {
    w: [first, second, 1 - first - second],
    p: [LOW + (HIGH - LOW) * sigmoid(q)],
    cut: [lowest, lowest + Math.exp(rise)],
    phase: [wrapAngle(phase)],
  };
}

function redraw(theta: Tensor, key: Key): Tensor {
  const first = theta.at(0).sub(Math.log(2)).sigmoid();
  const second = theta.at(1).sigmoid().mul(first.neg().add(1));
  return normal(key, [4]).mul(DATA_SD).add(meanTensors({
    w: stack([first, second, first.add(second).neg().add(1)]),
    p: theta.at(2).sigmoid().mul(HIGH - LOW).add(LOW),
    cut: stack([theta.at(3), theta.at(3).add(theta.at(4).exp())]),
    phase: theta.at(5),
  }));
}

/** The parameters, one of them without its Jacobian. */
function without(kind: Kind | undefined): typeof PARAMETERS {
  if (kind === undefined) return PARAMETERS;
  const { [kind]: whole } = PARAMETERS;
  const constrain: typeof whole.constrain = (free) => ({
    ...whole.constrain(free),
    logDeterminant: tensor(0),
  });
  return { ...PARAMETERS, [kind]: { ...whole, constrain } };
}

/**
 * w ~ Dirichlet(2, 1, 1), (p + 1)/3 ~ Beta(2, 2), two ordered standard normal numbers and an angle with a
 * wrapped Cauchy distribution; four data around functions of them.
 *
 * @param dropped The parameter whose Jacobian is dropped; none by default.
 */
export function constrainedKinds(dropped?: Kind): JointModel {
  return {
    name: `simplex, interval, ordered numbers and angle${
      dropped === undefined ? "" : ` with the Jacobian of ${dropped} dropped`
    }`,
    ...targetsOf(4, {
      parameters: without(dropped),
      logPrior: ({ w, p, cut, phase }) =>
        w.at(0).log()
          .add(p.sub(LOW).log()).add(p.neg().add(HIGH).log())
          .add(logNormal(cut, 0, 1))
          .sub(phase.sub(CENTER).cos().mul(-2 * CONCENTRATION).add(1 + CONCENTRATION ** 2).log()),
      logLikelihood: (all, { y }) => logNormal(y, meanTensors(all), DATA_SD),
    }),
    free: 6,
    sample: (key, n) =>
      mapRows(noise(key, n, 6, 8), (row) => {
        const [z, u] = [row.subarray(0, 6), row.subarray(6)];
        const [low, high] = [Math.min(z[0], z[1]), Math.max(z[0], z[1])];
        const theta = [
          logit(middle(u[0], u[1], u[2])) + Math.log(2),
          logit(u[3]),
          logit(middle(u[4], u[5], u[6])),
          low,
          Math.log(high - low),
          wrapAngle(CENTER + 2 * Math.atan(NARROW * Math.tan(Math.PI * (u[7] - 0.5)))),
        ];
        return [...theta, ...means(values(theta)).map((m, i) => m + DATA_SD[i] * z[2 + i])];
      }, 10),
    redraw,
    uniforms: (x) => {
      const all = values(x);
      const { w, p, cut: [low, high], phase } = all;
      const turned = Math.tan(wrapAngle(phase[0] - CENTER) / 2) / NARROW;
      const above = 1 - normalCdf(low);
      return withFolds([
        Math.atan(turned) / Math.PI + 0.5,
        betaCdf(w[0]),
        w[1] / (1 - w[0]),
        betaCdf((p[0] - LOW) / (HIGH - LOW)),
        1 - above * above,
        (normalCdf(high) - normalCdf(low)) / above,
        ...means(all).map((m, i) => normalCdf((x[6 + i] - m) / DATA_SD[i])),
      ]);
    },
    uniformCount: 12,
    values,
    logLikelihood: (all, y) => plainLogNormal(y, means(all), DATA_SD),
  };
}

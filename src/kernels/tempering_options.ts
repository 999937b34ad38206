/**
 * Options and parameters of parallel tempering.
 *
 * @module
 */
import type { Target } from "../target/target.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { sameShape, shapeText } from "../tensor/shape.ts";
import { type Tensor, tensor, type TensorLike } from "../tensor/tensor.ts";
import { valueText } from "../tensor/value_text.ts";
import { typeText } from "./form.ts";
import { hmc } from "./hmc.ts";
import type { ChainState, Kernel, KernelParameters, Ladder } from "./kernel.ts";
import { positiveParameter } from "./metric.ts";
import { priorPath } from "./prior_path.ts";
import { studentTPath } from "./student_t_path.ts";
import type { TemperedPath } from "./tempered_path.ts";
import type { Tree } from "../tensor/tree.ts";

/** A Student-t distribution to temper towards. */
export interface Reference {
  /** Its centre, [d] or a number for all coordinates. */
  readonly mean: TensorLike;
  /** Its scale, [d] or a number for all coordinates; as wide as all that may matter. */
  readonly scale: TensorLike;
}

/** Options of `parallelTempering`. */
export interface TemperingOptions<Local extends ChainState & Tree> {
  /** Replicas of each chain, from the target to the reference; at least 2, 10 by default. */
  readonly rungs?: number;
  /** What moves each replica; `hmc({ leapfrogSteps: 5, jitter: 0.5 })` by default. */
  readonly local?: Kernel<Local>;
  /**
   * What is at the hot end. `"prior"`, the default for a posterior of `logPrior` and `logLikelihood`: the
   * likelihood alone is tempered. `"fitted"`, the default for all else: a Student-t distribution with 4
   * degrees of freedom, which warm-up fits to the chains. Or a Student-t distribution that is given.
   */
  readonly reference?: "prior" | "fitted" | Reference;
  /**
   * Whether a prior at the hot end integrates to 1 as it is written, constants and all: log Z by stepping
   * stones is that of the density then, and compared to the flow's. False by default.
   */
  readonly normalisedPrior?: boolean;
}

/** What the step of parallel tempering is given. */
export interface TemperingParameters extends KernelParameters {
  /** Of each rung, [rungs], or one for all. */
  readonly stepSize: TensorLike;
  /** Diagonal of the inverse mass matrix: a scalar, [d] for all rungs, or [rungs, d]. */
  readonly inverseMass?: TensorLike;
  /** From 1, the target, down to 0, the reference: [rungs]; cubes of equal steps by default. */
  readonly inverseTemperatures?: TensorLike;
  /** Centre of a fitted reference, [d] or a scalar; 0 by default. */
  readonly referenceMean?: TensorLike;
  /** Its scale, [d] or a scalar; 2 by default, as wide as chains start. */
  readonly referenceScale?: TensorLike;
}

/** Rungs when nothing is said. */
const RUNGS = 10;
/** Scale of a reference that is not fitted yet: half the width of the default starts. */
const FIRST_SCALE = 2;

const ACTION = "temper";

/** The options, completed. */
export interface CheckedOptions<Local extends ChainState & Tree> {
  readonly rungs: number;
  readonly local: Kernel<Local>;
  readonly reference: "prior" | "fitted" | Reference | undefined;
  readonly ladder: Ladder;
}

/**
 * The inverse temperatures to begin with: cubes of equal steps, dense where the density is near to the
 * reference and changes fastest.
 *
 * Source: Friel & Pettitt, JRSS B 2008, §3, powers of equal steps for paths from the prior.
 *
 * @param rungs How many.
 * @returns From 1 down to 0.
 */
export function firstLadder(rungs: number): number[] {
  return Array.from({ length: rungs }, (_, rung) => {
    const share = 1 - rung / (rungs - 1);
    return share * share * share;
  });
}

/**
 * Checks and completes the options.
 *
 * @param options As given.
 * @returns All of them.
 * @throws {TypeError} If one is unknown or of a wrong type.
 * @throws {RangeError} If there are fewer than two rungs, or the reference has no positive scale.
 */
export function checkedOptions<Local extends ChainState & Tree>(
  options: TemperingOptions<Local>,
): CheckedOptions<Local> {
  expectOptions(options, ["rungs", "local", "reference", "normalisedPrior"], ACTION);
  const {
    rungs = RUNGS,
    local = hmc({ leapfrogSteps: 5, jitter: 0.5 }) as unknown as Kernel<Local>,
    reference,
    normalisedPrior = false,
  } = options;
  if (!Number.isInteger(rungs) || rungs < 2) {
    throw new RangeError(
      `Cannot ${ACTION} with \`rungs\` ${
        valueText(rungs)
      }: expected a whole number of at least 2, ` +
        "one for the target and one for the reference",
    );
  }
  if (typeof normalisedPrior !== "boolean") {
    throw new TypeError(
      `Cannot ${ACTION} with \`normalisedPrior\` ${valueText(normalisedPrior)}: give true or false`,
    );
  }
  if (!(typeof local === "object" && local !== null && "step" in local && "init" in local)) {
    throw new TypeError(
      `Cannot ${ACTION} with this \`local\`: give a kernel, such as hmc() or mala(), called`,
    );
  }
  if (local.ladder !== undefined) {
    throw new TypeError(`Cannot ${ACTION} with this \`local\`: it has replicas of its own`);
  }
  const shaped = typeof reference === "object" && reference !== null && "mean" in reference &&
    "scale" in reference;
  if (shaped) {
    expectOptions(reference, ["mean", "scale"], `${ACTION} towards a reference`);
    checkReference(reference);
  } else if (reference !== undefined && reference !== "prior" && reference !== "fitted") {
    throw new TypeError(
      `Cannot ${ACTION} with \`reference\` ${valueText(reference)}: give "prior", "fitted", or ` +
        "{ mean, scale } of a Student-t distribution",
    );
  }
  return {
    rungs,
    local,
    reference,
    ladder: {
      inverseTemperatures: firstLadder(rungs),
      reference: FIRST_SCALE,
      relativeTo: (target) =>
        fromPrior(target, reference) && !normalisedPrior ? "prior" : "reference",
    },
  };
}

/** Refuses centres that are not finite, and scales that are not positive. */
function checkReference({ mean, scale }: Reference): void {
  const wrongMean = tensor(mean).data.find((x) => !Number.isFinite(x));
  const wrongScale = tensor(scale).data.find((x) => !(x > 0 && x < Infinity));
  if (wrongMean === undefined && wrongScale === undefined) return;
  throw new RangeError(
    `Cannot ${ACTION} with a \`reference\` of ${
      wrongMean === undefined ? `scale ${wrongScale}` : `mean ${wrongMean}`
    }: expected a finite mean and a positive scale`,
  );
}

/** A vector for all coordinates. */
function spread(name: string, given: TensorLike, { dimension }: Target): Tensor {
  const value = tensor(given);
  if (
    value.dtype === "f64" && (value.shape.length === 0 || sameShape(value.shape, [dimension]))
  ) return value.broadcastTo([dimension]);
  throw new TypeError(
    `Cannot ${ACTION} with \`${name}\` ${typeText(value)}: expected f64[] or ` +
      `f64${shapeText([dimension])}`,
  );
}

/** Whether the path begins at the prior: what the state holds depends on it. */
export function fromPrior(
  { factors }: Target,
  reference: CheckedOptions<never>["reference"],
): boolean {
  if (reference !== "prior") return reference === undefined && factors !== undefined;
  if (factors !== undefined) return true;
  throw new TypeError(
    `Cannot ${ACTION} from the prior: the target is not given by factors; make it by posterior({ … }) ` +
      'with `logPrior` and `logLikelihood`, or give another `reference`, such as "fitted"',
  );
}

/**
 * The path of a target.
 *
 * @param target The target.
 * @param reference What is at its other end.
 * @param parameters Where that is, if it is fitted.
 * @returns The path.
 * @throws {TypeError} If it is to begin at a prior and there is none, or a shape is wrong.
 */
export function pathFor(
  target: Target,
  reference: CheckedOptions<never>["reference"],
  parameters: Omit<TemperingParameters, "stepSize">,
): TemperedPath {
  if (fromPrior(target, reference) && target.factors !== undefined) {
    return priorPath(target, target.factors);
  }
  if (typeof reference === "object") {
    return studentTPath(target, {
      mean: spread("reference.mean", reference.mean, target),
      scale: spread("reference.scale", reference.scale, target),
    });
  }
  const { referenceMean = 0, referenceScale = FIRST_SCALE } = parameters;
  const scale = positiveParameter("referenceScale", referenceScale, [[], [target.dimension]]);
  return studentTPath(target, {
    mean: spread("referenceMean", referenceMean, target),
    scale: spread("referenceScale", scale, target),
  });
}

/** Parameters with one row for each rung. */
export interface RungParameters {
  /** [rungs]. */
  readonly stepSize: Tensor;
  /** [rungs] or [rungs, d]. */
  readonly inverseMass: Tensor;
  /** [rungs]. */
  readonly inverseTemperatures: Tensor;
}

/**
 * The parameters of all rungs.
 *
 * @param target What is sampled.
 * @param rungs How many.
 * @param parameters As given.
 * @returns One row for each rung.
 * @throws {TypeError} If one is of a wrong shape, or there is no step size.
 * @throws {RangeError} If a step size or mass is not positive, or inverse temperatures do not fall from 1
 * to 0, as far as they are numbers already.
 */
export function rungParameters(
  { dimension }: Target,
  rungs: number,
  { stepSize, inverseMass = 1, inverseTemperatures = firstLadder(rungs) }: TemperingParameters,
): RungParameters {
  if (stepSize === undefined) {
    throw new TypeError("Cannot step without a step size: give one, as in { stepSize: 0.1 }");
  }
  const lengths = positiveParameter("stepSize", stepSize, [[], [rungs]]);
  const masses = positiveParameter("inverseMass", inverseMass, [[], [dimension], [
    rungs,
    dimension,
  ]]);
  const ladder = tensor(inverseTemperatures);
  if (ladder.dtype !== "f64" || !sameShape(ladder.shape, [rungs])) {
    throw new TypeError(
      `Cannot step with \`inverseTemperatures\` ${typeText(ladder)}: expected f64[${rungs}]`,
    );
  }
  if (ladder.source.kind === "concrete") checkLadder(Array.from(ladder.data));
  return {
    stepSize: lengths.broadcastTo([rungs]),
    inverseMass: masses.broadcastTo(masses.shape.length === 0 ? [rungs] : [rungs, dimension]),
    inverseTemperatures: ladder,
  };
}

function checkLadder(ladder: readonly number[]): void {
  const falls = ladder.every((each, i) => i === 0 || each < ladder[i - 1]);
  if (ladder[0] === 1 && ladder[ladder.length - 1] === 0 && falls) return;
  throw new RangeError(
    `Cannot step with \`inverseTemperatures\` ${valueText(ladder)}: they must fall from 1, the ` +
      "target, to 0, the reference",
  );
}

/**
 * The path from a prior to its posterior.
 *
 * @module
 */
import type { Factors, Target } from "../target/target.ts";
import { applyProgram, trace } from "../tensor/trace.ts";
import {
  gradientInFirst,
  type Place,
  targetWith,
  tempered,
  type TemperedPath,
} from "./tempered_path.ts";

/**
 * p_β ∝ prior · likelihood^β: β = 0 is the prior, 1 the posterior. Only the likelihood is tempered, so that
 * no rung is wider than the prior. The prior cannot be drawn from: there are local moves at β = 0, too.
 *
 * @param target A posterior that was given by its factors.
 * @param factors These.
 * @returns The path.
 */
export function priorPath(target: Target, { prior, likelihood }: Factors): TemperedPath {
  const vector = { dtype: "f64", shape: [target.dimension] } as const;
  const scalar = { dtype: "f64", shape: [] } as const;
  const value = trace((x, inverseTemperature) => {
    const [[logPrior], [logLikelihood]] = [prior, likelihood].map((each) =>
      applyProgram(each, [x])
    );
    return [logPrior.add(tempered(logLikelihood, inverseTemperature))];
  }, [vector, scalar]);
  return {
    place(position, withGradient): Place {
      const [logDensity] = applyProgram(target.value, [position]);
      if (!withGradient) {
        const [[logPrior], [logLikelihood]] = [prior, likelihood].map((each) =>
          applyProgram(each, [position])
        );
        return { position, logDensity, factors: { logPrior, logLikelihood } };
      }
      const [[logPrior, priorGradient], [logLikelihood, likelihoodGradient]] = [prior, likelihood]
        .map((each) => applyProgram(gradientInFirst(each), [position]));
      return {
        position,
        logDensity,
        gradient: priorGradient.add(likelihoodGradient),
        factors: { logPrior, priorGradient, logLikelihood, likelihoodGradient },
      };
    },
    target: (inverseTemperature) => targetWith(target, value, [inverseTemperature]),
    at({ gradient, factors }, inverseTemperature) {
      const logDensity = factors["logPrior"].add(
        tempered(factors["logLikelihood"], inverseTemperature),
      );
      if (gradient === undefined) return { logDensity };
      return {
        logDensity,
        gradient: factors["priorGradient"].add(
          tempered(factors["likelihoodGradient"], inverseTemperature),
        ),
      };
    },
    logLikelihood: ({ factors }) => factors["logLikelihood"],
  };
}

/**
 * The Metropolis-adjusted Langevin algorithm.
 *
 * @module
 */
import { normal, split } from "../tensor/random.ts";
import { exp, log } from "../tensor/functions/scalar_math.ts";
import { expectArguments } from "../tensor/expect_options.ts";
import { expectGradient } from "../target/target.ts";
import { accept } from "./accept.ts";
import {
  gradientAt,
  type GradientState,
  type Kernel,
  logDensityChange,
  startWithGradient,
} from "./kernel.ts";
import { metricOf } from "./metric.ts";

/**
 * MALA: x' = x + ½ε²M⁻¹g + εM^(−½)n with the full Metropolis–Hastings correction. One gradient a
 * step, since log density and gradient are kept in the state.
 *
 * With n' the noise that would lead back from x', the proposal densities give
 * log q(x|x') − log q(x'|x) = ½(‖n‖² − ‖n'‖²), where n' = −(n + ½εM^(−½)(g + g')).
 *
 * Source: Besag 1994; Roberts & Tweedie 1996; acceptance 0.574 from Roberts & Rosenthal 1998.
 *
 * @returns The kernel.
 * @throws {TypeError} If it is given options: it has none.
 */
export function mala(): Kernel<GradientState> {
  expectArguments(
    arguments,
    0,
    "make MALA",
    "it has no options; the step size goes to its step, as in mala().step(target, { stepSize: 0.1 })",
  );
  return {
    name: "mala",
    targetAcceptance: 0.574,
    gradientsPerStep: 1,
    // 1.65 d^(−1/6) is optimal on a standard normal (Roberts & Rosenthal 1998).
    firstStepSize: (dimension) => 1.65 * exp(-log(dimension) / 6),
    init: startWithGradient,
    step: (target, parameters) => {
      expectGradient(target);
      const metric = metricOf(target, parameters);
      return (state, key) => {
        const [forProposal, forAcceptance] = split(key);
        const noise = normal(forProposal, state.position.shape);
        const drift = metric.force(state.gradient).mul(0.5);
        const position = state.position.add(metric.move(noise.add(drift)));
        const { logDensity, gradient } = gradientAt(target, position);
        const back = noise.add(drift).add(metric.force(gradient).mul(0.5));
        const logRatio = logDensityChange(state.logDensity, logDensity)
          .add(noise.square().sub(back.square()).sum().mul(0.5));
        const { acceptance: _, ...current } = state;
        const { state: next, acceptance } = accept(
          forAcceptance,
          logRatio,
          current,
          { position, logDensity, gradient },
        );
        return { ...next, acceptance };
      };
    },
  };
}

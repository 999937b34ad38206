/**
 * Random-walk Metropolis.
 *
 * @module
 */
import { normal, split } from "../tensor/random.ts";
import { expectArguments } from "../tensor/expect_options.ts";
import { type ChainState, type Kernel, startWithDensity } from "./kernel.ts";
import { metropolis } from "./metropolis.ts";
import { metricOf } from "./metric.ts";

/**
 * Random-walk Metropolis: x' = x + ε M^(−½) n, n ~ N(0, I), accepted with probability
 * min(1, p(x')/p(x)). Needs no gradient.
 *
 * Source: Metropolis et al. 1953; acceptance 0.234 from Roberts, Gelman & Gilks 1997.
 *
 * @returns The kernel.
 * @throws {TypeError} If it is given options: it has none.
 */
export function rwm(): Kernel<ChainState> {
  expectArguments(
    arguments,
    0,
    "make RWM",
    "it has no options; the step size goes to its step, as in rwm().step(target, { stepSize: 0.1 })",
  );
  return {
    name: "rwm",
    targetAcceptance: 0.234,
    gradientsPerStep: 0,
    firstStepSize: (dimension) => 2.38 / Math.sqrt(dimension),
    init: startWithDensity,
    step: (target, parameters) => {
      const metric = metricOf(target, parameters);
      return (state, key) => {
        const [forProposal, forAcceptance] = split(key);
        const position = state.position.add(metric.move(normal(forProposal, state.position.shape)));
        return metropolis(target, state, position, forAcceptance);
      };
    },
  };
}

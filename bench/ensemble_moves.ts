/**
 * Moves without gradients on black boxes: effective samples (the least over coordinates) for each thousand
 * calls of the log density after the warm-up, by local moves alone; and all calls of whole runs, with the
 * flow, up to the default stop. The median over keys, and the range.
 *
 * ```sh
 * deno run bench/ensemble_moves.ts 5   # keys; half an hour of one core for 5
 * ```
 */
import {
  accept,
  type ChainState,
  differentialEvolution,
  hostDensity,
  type Kernel,
  key,
  rwm,
  sample,
  split,
  type Target,
  type Tensor,
  tensor,
  uniform,
} from "../mod.ts";
import { median, tableText } from "./table.ts";

/** The stretch move of Goodman & Weare 2010 with a = 2, half against half; it has nothing to adapt. */
const stretch: Kernel<ChainState> = {
  ...differentialEvolution(),
  name: "stretch move",
  step: (target, { partners = [] }) => (state, key) => {
    const [forChoice, forAcceptance] = split(key);
    const chances = uniform(forChoice, [2]);
    const others = tensor(partners);
    const other = others.take(chances.at(0).mul(others.shape[0]).floor().as("u32"));
    const z = chances.at(1).add(1).square().div(2);
    const { logDensity, position } = differentialEvolution()
      .init(target)(other.add(state.position.sub(other).mul(z)));
    const ratio = logDensity.sub(state.logDensity).add(z.log().mul(target.dimension - 1));
    const { acceptance: _, ...current } = state;
    const next = accept(forAcceptance, ratio, current, { position, logDensity });
    return { ...next.state, acceptance: next.acceptance };
  },
};

const KERNELS: readonly (readonly [string, Kernel])[] = [
  ["rwm", rwm()],
  ["differential evolution", differentialEvolution()],
  ["without jumps", differentialEvolution({ jumps: 0 })],
  ["stretch move", stretch],
];

const square = (x: number): number => x * x;
const logSum = (a: number, b: number): number =>
  Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
const two = (x: number, width: number): number =>
  logSum(-square((x - 3) / width) / 2, -square((x + 3) / width) / 2);

/** Standard deviations from 1 to 1/√1000 along directions that are no axes: a reflection of the axes. */
function correlated(x: Float64Array): number {
  const d = x.length;
  const normal = Array.from(x, (_, i) => 1 + i);
  const along = normal.reduce((sum, v, i) => sum + v * x[i], 0) /
    normal.reduce((sum, v) => sum + v * v, 0);
  return x.reduce(
    (sum, value, i) => sum - square(value - 2 * along * normal[i]) * 1000 ** (i / (d - 1)) / 2,
    0,
  );
}

const TARGETS: readonly (readonly [string, number, (x: Float64Array) => number])[] = [
  ["Gaussian, d = 10, condition 1,000", 10, correlated],
  ["banana, d = 2", 2, ([x, y]) => -(square(x / 10) + square(y - 0.03 * (x * x - 100))) / 2],
  ["dual moon, d = 5", 5, (x) => {
    const norm = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
    return -square((norm - 2) / 0.1) / 2 + two(x[0], 0.8) + two(x[1], 0.6);
  }],
  ["Gaussian, d = 30", 30, (x) => -x.reduce((sum, v) => sum + v * v, 0) / 2],
];

/** A target that counts how often its log density is called. */
function counted(dimension: number, logDensity: (x: Float64Array) => number): {
  readonly target: Target<{ readonly x: Tensor }>;
  readonly calls: () => number;
} {
  let calls = 0;
  const target = hostDensity(dimension, (x) => {
    calls++;
    return logDensity(x);
  });
  return { target, calls: () => calls };
}

const seeds = Number(Deno.args[0] ?? 5);
const only = Deno.args[1];
const range = (numbers: readonly number[], digits: number): string =>
  `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)}–` +
  `${Math.max(...numbers).toFixed(digits)})`;

const rows: string[][] = [];
for (const [name, dimension, logDensity] of TARGETS) {
  if (only !== undefined && !name.includes(only)) continue;
  for (const [move, local] of KERNELS) {
    const efficiencies: number[] = [];
    const rHats: number[] = [];
    const wholes: number[] = [];
    let unconverged = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const alone = counted(dimension, logDensity);
      let before = 0;
      const run = await sample(alone.target, key(seed), {
        local,
        flow: "none",
        schedule: { warmupWindows: [100, 150, 200, 250], localSteps: 200, thin: 10 },
        stop: { maxDraws: 600, effectiveSampleSize: 1e9 },
        onProgress: ({ phase }) => {
          if (phase === "warmup") before = alone.calls();
        },
      });
      efficiencies.push(1000 * run.convergence.bulk / (alone.calls() - before));
      rHats.push(run.convergence.rHat);
      const whole = counted(dimension, logDensity);
      const { convergence } = await sample(whole.target, key(seed), {
        local,
        schedule: { warmupWindows: [100, 150, 200, 250], localSteps: 20, thin: 10 },
      });
      if (convergence.rHat > 1.01) unconverged++;
      wholes.push(whole.calls() / 1000);
    }
    rows.push([
      name,
      move,
      range(efficiencies, 2),
      median(rHats).toFixed(3),
      range(wholes, 0),
      String(unconverged),
    ]);
    console.error(rows.at(-1)?.join(" | "));
  }
}
console.log(tableText(
  [
    "target",
    "moves",
    "samples / 1,000 calls",
    "R-hat alone",
    "1,000 calls of a whole run",
    "not converged",
  ],
  rows,
  2,
));

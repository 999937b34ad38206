/**
 * Our kernels beside hand-written JAX, and beside flowMC's where the interpreter has it, in turns; see
 * README.md.
 *
 * Run: deno run --allow-read --allow-run --allow-env --allow-sys bench/peers/compare.ts PYTHON [ROUNDS]
 */
import { cpus } from "node:os";
import { loadText } from "../table.ts";
import { contestText, distance, LIMIT, type Pair } from "./contest.ts";
import { type Measurement, PLAN, type Side } from "./measurement.ts";
import { hasPackage, type PythonOptions, startPython } from "./python_side.ts";
import { type TributaryOptions, tributarySide } from "./tributary.ts";

const PEERS = [
  { name: "JAX", script: "jax_kernels.py", keep: false },
  { name: "flowMC", script: "flowmc_kernels.py", keep: true },
] as const;

/** Which peer meets which of our sides, on the same cores and with the same precision. */
const SETTINGS: readonly {
  readonly title: string;
  readonly peers: readonly (typeof PEERS)[number]["name"][];
  readonly theirs: Omit<PythonOptions, "script">;
  readonly ours: TributaryOptions;
}[] = [
  {
    title: "f64, all cores",
    peers: ["JAX", "flowMC"],
    theirs: { precision: "f64", cores: "all" },
    ours: { precision: "f64" },
  },
  {
    title: "f64, one core beside one thread",
    peers: ["JAX", "flowMC"],
    theirs: { precision: "f64", cores: "one" },
    ours: { precision: "f64", workers: 1 },
  },
  {
    title: "f32, all cores",
    peers: ["JAX", "flowMC"],
    theirs: { precision: "f32", cores: "all" },
    ours: { precision: "f32" },
  },
  {
    title: "f32, one core beside one thread",
    peers: ["JAX"],
    theirs: { precision: "f32", cores: "one" },
    ours: { precision: "f32", workers: 1 },
  },
];

/** Two sides that meet, and what they measured: a pair for each case. */
interface Contest {
  readonly peer: string;
  readonly title: string;
  readonly precision: PythonOptions["precision"];
  readonly theirs: Side;
  readonly ours: Side;
  readonly pairs: readonly { readonly theirs: Measurement[]; readonly ours: Measurement[] }[];
}

const python = Deno.args[0] ?? Deno.env.get("TRIBUTARY_PYTHON");
const rounds = Number(Deno.args[1] ?? 3);
if (python === undefined) {
  throw new Error("Cannot compare with JAX: give a Python interpreter that has it");
}
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new RangeError(`Cannot compare for ${Deno.args[1]} rounds: expected a positive integer`);
}

const withFlowMc = await hasPackage(python, "flowMC");
await using processes = new AsyncDisposableStack();
const contests: Contest[] = PEERS.slice(0, withFlowMc ? 2 : 1).flatMap(({ name, script, keep }) =>
  SETTINGS.filter(({ peers }) => peers.includes(name)).map(({ title, theirs, ours }) => ({
    peer: name,
    title: `${name}, ${title}${keep ? ", every step kept" : ""}`,
    precision: theirs.precision,
    theirs: processes.use(startPython(python, { script, ...theirs })).measure,
    ours: tributarySide({ ...ours, keep }),
    pairs: PLAN.cases.map(() => ({ theirs: [], ours: [] })),
  }))
);

console.log(`${cpus()[0].model}, ${cpus().length} cores; load ${loadText()} at the start`);
for (let round = 0; round < rounds; round++) {
  for (const number of PLAN.cases.keys()) {
    for (const { theirs, ours, pairs } of contests) {
      pairs[number].theirs.push(await theirs(number));
      pairs[number].ours.push(await ours(number));
    }
  }
  console.log(`load ${loadText()} after round ${round + 1} of ${rounds}`);
}

for (const { peer, title, pairs } of contests) {
  console.log(`\n${title}\n\n${contestText(peer, pairs)}`);
}
console.log(
  "\nMALA: a step of one chain; HMC: a gradient, a step ÷ 10. Medians over rounds; `fastest`: the " +
    "ratio of the fastest rounds.",
);
if (!withFlowMc) console.log("flowMC is left out: this interpreter does not have it.");

const all: readonly Pair[] = contests.flatMap(({ pairs }) => pairs);
const agree = all.every((pair) => Math.abs(distance(pair)) < LIMIT);
console.log(
  agree ? "Acceptance rates agree." : "Acceptance rates differ: the sides do not run the same.",
);
/** Whether our rates on a case are the same to the bit in all contests of a precision. */
const sameBits = (precision: string, number: number): boolean =>
  new Set(
    contests.filter((contest) => contest.precision === precision)
      .map(({ pairs }) => pairs[number].ours[0].acceptance),
  ).size === 1;
const same = [...PLAN.cases.keys()].every((number) =>
  sameBits("f64", number) && sameBits("f32", number)
);
console.log(
  same
    ? "Workers and one thread gave the same bits."
    : "Workers and one thread differ: their acceptance rates are not the same to the bit.",
);
Deno.exitCode = agree && same ? 0 : 1;

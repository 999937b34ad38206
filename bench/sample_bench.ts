/** Whole runs with nothing set, from target to summary. */
import { key, sample } from "../mod.ts";
import { dualMoon } from "../examples/dual_moon.ts";
import { eightSchools } from "../examples/eight_schools.ts";

let seed = 0;

Deno.bench("sample(): dual moon, 100 chains", { group: "sample", n: 5, warmup: 1 }, async () => {
  (await sample(dualMoon, key(seed++))).summary();
});

Deno.bench(
  "sample(): eight schools, 100 chains",
  { group: "sample", n: 5, warmup: 1 },
  async () => {
    (await sample(eightSchools, key(seed++))).summary();
  },
);

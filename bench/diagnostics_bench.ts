/** Diagnostics of 100 chains × 500 draws of 10 scalars. */
import { convergence, key, normal, summarise } from "../mod.ts";

const shape = [100, 500, 10];
const x = { data: normal(key(1), shape).data as Float64Array, shape };

Deno.bench("R-hat and effective sample sizes", { group: "diagnostics" }, () => {
  convergence(x);
});

Deno.bench("the whole summary", { group: "diagnostics" }, () => {
  summarise({ x });
});

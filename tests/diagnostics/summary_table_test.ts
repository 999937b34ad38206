import assert from "node:assert/strict";
import type { SummaryRow } from "../../src/diagnostics/summary_row.ts";
import { summaryTable } from "../../src/diagnostics/summary_table.ts";

const row: SummaryRow = {
  name: "mu",
  mean: 4.39682,
  sd: 3.3177,
  monteCarloStandardError: 0.03417,
  q5: -1.04,
  median: 4.41377,
  q95: 9.8,
  effectiveSampleSize: 9423.4,
  effectiveSampleSizeTail: 12000.7,
  rHat: 1.00049,
  nestedRHat: NaN,
};

function line(changes: Partial<SummaryRow>): string[] {
  return summaryTable([{ ...row, ...changes }]).split("\n")[1].split(/\s+/);
}

Deno.test("summaryTable() ends the values where two digits of the Monte Carlo error end", () => {
  assert.equal(
    summaryTable([row, { ...row, name: "theta[0]", monteCarloStandardError: 0.2, rHat: 1.2 }]),
    "           mean     sd   mcse      5%  median    95%  ess bulk  ess tail  r-hat\n" +
      "mu        4.397  3.318  0.034  -1.040   4.414  9.800      9423     12001  1.000\n" +
      "theta[0]   4.40   3.32   0.20   -1.04    4.41   9.80      9423     12001  1.200",
  );
  // 0.0996 is 0.10 with two digits.
  assert.deepEqual(line({ monteCarloStandardError: 0.0996 }).slice(1, 4), ["4.40", "3.32", "0.10"]);
  assert.equal(line({ mean: -0.0001 })[1], "0.000");
});

Deno.test("summaryTable() writes very small and very large numbers with exponents", () => {
  const tiny = line({ mean: 1.23456e-12, sd: 3e-10, monteCarloStandardError: 4.2e-12 });
  assert.deepEqual(tiny.slice(1, 4), ["1.2e-12", "3.000e-10", "4.2e-12"]);
  const large = line({ mean: 123456789, sd: 2e7, monteCarloStandardError: 512345 });
  assert.deepEqual(large.slice(1, 4), ["1.2346e+8", "2.000e+7", "5.1e+5"]);
  const far = line({ mean: 12345678912.3, monteCarloStandardError: 0.5 });
  assert.equal(far[1], "1.234567891230e+10");
});

Deno.test("summaryTable() gives four digits where the error is unknown or zero", () => {
  const unknown = { monteCarloStandardError: NaN, effectiveSampleSize: NaN, rHat: NaN };
  assert.deepEqual(line(unknown).slice(1, 4), ["4.397", "3.318", "NaN"]);
  const equal = line({ mean: 1.5, sd: 0, monteCarloStandardError: 0, rHat: Infinity });
  assert.deepEqual([...equal.slice(1, 4), equal[9]], ["1.500", "0", "0", "Infinity"]);
  assert.deepEqual(line({ mean: 0, sd: 0, monteCarloStandardError: 0 }).slice(1, 3), ["0", "0"]);
});

Deno.test("summaryTable() without rows is a line of headings", () => {
  assert.match(summaryTable([]), /^ +mean .* r-hat$/);
});

Deno.test("a table shows nested R-hat where there is one", () => {
  const lines = summaryTable([row, { ...row, nestedRHat: 1.00251 }]).split("\n");
  assert.match(lines[0], /r-hat {2}nested$/);
  assert.match(lines[1], /1\.000 {5}NaN$/);
  assert.match(lines[2], /1\.000 {3}1\.003$/);
  assert.match(summaryTable([row]).split("\n")[0], /r-hat$/);
});

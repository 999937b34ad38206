import assert from "node:assert/strict";
import { levelOf, SHARES, SUITE } from "../statistics/levels.ts";

const TESTS = new URL("../", import.meta.url);

Deno.test("all statistical tests together fail by chance in at most one of a thousand changes", () => {
  const sum = Object.values(SHARES).reduce((total, share) => total + share, 0);
  assert.ok(sum <= SUITE, `the shares add up to ${sum}`);
  assert.equal(SUITE, 1e-3);
});

Deno.test("each file of statistical tests has a share, and each share a file", () => {
  const files = [...Deno.readDirSync(new URL("statistics/", TESTS))]
    .map(({ name }) => `statistics/${name}`)
    .filter((path) => path.endsWith("_test.ts"));
  const listed = Object.keys(SHARES);
  assert.deepEqual(files.filter((path) => !listed.includes(path)), [], "files without a share");
  for (const path of listed) assert.ok(Deno.statSync(new URL(path, TESTS)).isFile);
});

Deno.test("each file that has something to lose by chance takes its level from its share", () => {
  for (const [path, share] of Object.entries(SHARES)) {
    const source = Deno.readTextFileSync(new URL(path, TESTS));
    assert.equal(/levelOf\(\s*import\.meta\.url/.test(source), share > 0, path);
  }
});

Deno.test("levelOf() divides a share, and refuses a file that has none", () => {
  const url = "file:///somewhere/tests/statistics/geweke_test.ts";
  assert.equal(levelOf(url, 4), SHARES["statistics/geweke_test.ts"] / 4);
  assert.throws(() => levelOf("file:///a/tests/statistics/new_test.ts", 4), /give it a share/);
  assert.throws(() => levelOf(url, 0), RangeError);
});

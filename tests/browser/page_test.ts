/** The library in a page: bundled, loaded by Chromium, and held to the bits that Deno computes. */
import assert from "node:assert/strict";
import { requirement } from "../requirement.ts";
import { bundle, chromium, runInPage } from "./chromium.ts";
import { shortRun } from "./short_run.ts";

/** As strict as a page can be and still compile WebAssembly. */
const STRICT = "script-src 'self' 'wasm-unsafe-eval'";

interface Page {
  readonly name: string;
  readonly policy: string;
  readonly isolated: boolean;
  /** Workers for chains, for training a flow, and for all that a flow does. */
  readonly workers: readonly [chains: number, training: number, flow: number];
}

const PAGES: readonly Page[] = [
  { name: "a strict security policy", policy: STRICT, isolated: false, workers: [0, 0, 0] },
  {
    name: "leave to start workers",
    policy: `${STRICT}; worker-src blob:`,
    isolated: false,
    workers: [2, 0, 3],
  },
  {
    name: "workers and shared memory",
    policy: `${STRICT}; worker-src blob:`,
    isolated: true,
    workers: [2, 3, 3],
  },
];

for (const { name, workers: [chains, training, all], ...how } of PAGES) {
  Deno.test({
    name: `a page with ${name} samples, and gets the same bits as Deno`,
    ...requirement("chromium", chromium !== undefined),
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await bundle(new URL("./page.ts", import.meta.url), `${folder}/page.js`);
        const script = await Deno.readTextFile(`${folder}/page.js`);
        const found = await runInPage(chromium as string, script, how, `${folder}/profile`);
        assert.doesNotMatch(found, /^error/);
        const { run, workers: said, flow } = JSON.parse(found);
        assert.equal(run, await shortRun());
        assert.equal(said, `${chains} workers, the same bits`);
        assert.equal(flow, `${training} for training, ${all} in all, the same bits`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

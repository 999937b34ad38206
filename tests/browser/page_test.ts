/** The library in a page: bundled, loaded by Chromium, and held to the bits that Deno computes. */
import assert from "node:assert/strict";
import { requirement } from "../requirement.ts";
import { shortRun } from "./short_run.ts";

async function findChromium(): Promise<string | undefined> {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${name}`] })
      .output();
    if (success) return name;
  }
  return undefined;
}

async function bundle(entry: URL, out: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "-o", out, entry.pathname],
    cwd: new URL("../..", import.meta.url),
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** Serves a page that runs a script, and gives what the script posts to `/result`. */
async function runInPage(
  browser: string,
  script: string,
  { policy, isolated }: { readonly policy: string; readonly isolated: boolean },
  folder: string,
): Promise<string> {
  const { promise: result, resolve } = Promise.withResolvers<string>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/result") {
        resolve(await request.text());
        return new Response("thanks");
      }
      const [body, type] = pathname === "/page.js"
        ? [script, "text/javascript"]
        : ['<!doctype html><script type="module" src="/page.js"></script>', "text/html"];
      return new Response(body, {
        headers: {
          "content-type": type,
          "content-security-policy": policy,
          // With both a page is cross-origin isolated, and has shared memory.
          ...(isolated
            ? {
              "cross-origin-opener-policy": "same-origin",
              "cross-origin-embedder-policy": "require-corp",
            }
            : {}),
        },
      });
    },
  );
  const page = new Deno.Command(browser, {
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      `--user-data-dir=${folder}`,
      `http://127.0.0.1:${server.addr.port}/`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const late = setTimeout(() => resolve("error: nothing came from the page for a minute"), 60_000);
  try {
    return await result;
  } finally {
    clearTimeout(late);
    page.kill("SIGTERM");
    await page.status;
    await server.shutdown();
  }
}

const chromium = await findChromium();

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

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
  policy: string,
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

const PAGES: readonly (readonly [name: string, policy: string, workers: number])[] = [
  ["a strict security policy", STRICT, 0],
  ["leave to start workers", `${STRICT}; worker-src blob:`, 2],
];

for (const [name, policy, workers] of PAGES) {
  Deno.test({
    name: `a page with ${name} samples, and gets the same bits as Deno`,
    ...requirement("chromium", chromium !== undefined),
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await bundle(new URL("./page.ts", import.meta.url), `${folder}/page.js`);
        const script = await Deno.readTextFile(`${folder}/page.js`);
        const found = await runInPage(chromium as string, script, policy, `${folder}/profile`);
        assert.doesNotMatch(found, /^error/);
        const { run, workers: said } = JSON.parse(found);
        assert.equal(run, await shortRun());
        assert.equal(said, `${workers} workers, the same bits`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

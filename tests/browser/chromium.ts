/** Pages in a browser. */
import assert from "node:assert/strict";

async function findChromium(): Promise<string | undefined> {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${name}`] })
      .output();
    if (success) return name;
  }
  return undefined;
}

/** Bundles a page's script as a user would. */
export async function bundle(entry: URL, out: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "-o", out, entry.pathname],
    cwd: new URL("../..", import.meta.url),
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** How a page is served, and a browser started. */
export interface PageOptions {
  /** Its content security policy. */
  readonly policy: string;
  /** Whether it is cross-origin isolated. */
  readonly isolated: boolean;
  /** More arguments for the browser; without a GPU by default. */
  readonly graphics?: readonly string[];
}

/** Serves a page that runs a script, and gives what the script posts to `/result`. */
export async function runInPage(
  browser: string,
  script: string,
  { policy, isolated, graphics = ["--disable-gpu"] }: PageOptions,
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
      ...graphics,
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

/** The browser, if it is here. */
export const chromium: string | undefined = await findChromium();

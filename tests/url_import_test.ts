import assert from "node:assert/strict";

const ROOT = new URL("../", import.meta.url);

/** The repository as a web server would show it. */
async function serveFile(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const file = new URL(`.${pathname}`, ROOT);
  const type = pathname.endsWith(".ts") ? "application/typescript" : "text/plain";
  try {
    const body = await Deno.readFile(file);
    return new Response(body, { headers: { "content-type": type } });
  } catch {
    return new Response("not found", { status: 404 });
  }
}

/** Runs a program in an empty folder and with an empty cache, with no permission but those given. */
async function runElsewhere(
  program: string,
  permissions: string[],
): Promise<{ success: boolean; out: string; errors: string }> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, program);
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "--no-prompt",
          ...permissions,
          "main.ts",
        ],
        cwd: folder,
        env: { NO_COLOR: "1", DENO_DIR: `${folder}/cache` },
      },
    ).output();
    const text = new TextDecoder();
    return { success, out: text.decode(stdout), errors: text.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("mod.ts imported from a URL samples with no permission but that import", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    serveFile,
  );
  const host = `127.0.0.1:${server.addr.port}`;
  try {
    const { success, out, errors } = await runElsewhere(
      `import { density, key, sample } from "http://${host}/mod.ts";
       const target = density(2, (x) => x.square().sum().mul(-0.5));
       const run = await sample(target, key(1), { stop: { effectiveSampleSize: 1000 } });
       console.log(JSON.stringify([run.draws.x.shape[2], run.acceptance.global, run.warnings]));`,
      [`--allow-import=${host}`],
    );
    assert.ok(success, errors);
    const [dimension, acceptance, warnings] = JSON.parse(out);
    assert.equal(dimension, 2);
    // The flow moves, so its engine was loaded without a permission too.
    assert.ok(acceptance > 0.5, `acceptance ${acceptance}`);
    assert.deepEqual(warnings, []);
  } finally {
    await server.shutdown();
  }
});

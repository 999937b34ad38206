/**
 * Builds the flow engine with wasm-pack and writes its bytes as a module that
 * imports without any permission. With `--check` it builds and compares.
 *
 * @module
 */
import { generatedHeader } from "../checks/generated.ts";
import { readSourceTree } from "../checks/source_tree.ts";

const ROOT = new URL("../", import.meta.url);
const MODULE = new URL("src/flows/engine_bytes.ts", ROOT);
const BUILT = new URL("wasm/pkg/tributary_flow_engine_bg.wasm", ROOT);
const SOURCES = ["wasm/src/", "wasm/Cargo.toml", "wasm/Cargo.lock", "wasm/.cargo/config.toml"];
const LINE = 90;

function tools(): Record<string, string> {
  // Debian keeps a Rust that can build the standard library in /usr/bin; rustup's has the target.
  const home = Deno.env.get("HOME") ?? "";
  const path = `/usr/bin:${home}/.cargo/bin:${Deno.env.get("PATH") ?? ""}`;
  return { PATH: path, RUSTC_BOOTSTRAP: "1" };
}

/** Whether the Rust toolchain for WebAssembly is here. */
export async function hasToolchain(): Promise<boolean> {
  for (const tool of ["wasm-pack", "wasm-bindgen", "wasm-ld"]) {
    const found = await new Deno.Command("sh", { args: ["-c", `command -v ${tool}`], env: tools() })
      .output();
    if (!found.success) return false;
  }
  return true;
}

/** Builds the crate and gives the bytes. */
export async function build(): Promise<Uint8Array> {
  const { success, stderr } = await new Deno.Command("wasm-pack", {
    args: ["build", "--target", "web", "--release", "--mode", "no-install", "--no-opt"],
    cwd: new URL("wasm/", ROOT),
    env: tools(),
  }).output();
  if (!success) {
    throw new Error(`Cannot build the flow engine:\n${new TextDecoder().decode(stderr)}`);
  }
  return await Deno.readFile(BUILT);
}

/** The text of the generated module. */
export function moduleText(bytes: Uint8Array): string {
  const header = generatedHeader(readSourceTree(ROOT), { by: "wasm/build.ts", sources: SOURCES });
  const text = bytes.toBase64();
  const lines = text.match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  const literal = lines.map((line) => `  "${line}"`).join(" +\n");
  return `${header}// deno-fmt-ignore-file\n` +
    `/** The flow engine, as base64 of a WebAssembly module of ${bytes.length} bytes. */\n` +
    `export const ENGINE_BYTES: string =\n${literal};\n`;
}

async function main(): Promise<number> {
  if (!(await hasToolchain())) {
    console.error(
      "skipping the flow engine: wasm-pack, wasm-bindgen or wasm-ld is not here; see CONTRIBUTING.md",
    );
    return Deno.args.includes("--check") ? 0 : 1;
  }
  const text = moduleText(await build());
  if (!Deno.args.includes("--check")) {
    await Deno.writeTextFile(MODULE, text);
    return 0;
  }
  if ((await Deno.readTextFile(MODULE)) === text) return 0;
  console.error("src/flows/engine_bytes.ts is not what wasm/ builds: run `deno task build:wasm`");
  return 1;
}

if (import.meta.main) Deno.exit(await main());

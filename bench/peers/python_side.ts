/** A side in Python: a script of this folder in a process that measures on request. */
import { fileURLToPath } from "node:url";
import type { Measurement, Side } from "./measurement.ts";

/** What a process runs, and how. */
export interface PythonOptions {
  readonly script: "jax_kernels.py" | "flowmc_kernels.py";
  readonly precision: "f64" | "f32";
  /** All cores, or bound to one. */
  readonly cores: "all" | "one";
}

/** A side with a process behind it; the process ends when this is disposed of. */
export interface PythonSide extends AsyncDisposable {
  readonly measure: Side;
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/**
 * Starts a process of Python.
 *
 * @param python The interpreter, of an environment with `requirements.txt`.
 * @param options The script, precision and cores.
 * @returns The side. Its measurements reject if the process ends.
 */
export function startPython(
  python: string,
  { script, precision, cores }: PythonOptions,
): PythonSide {
  const process = new Deno.Command(python, {
    args: [
      fileURLToPath(new URL(script, import.meta.url)),
      ...["--precision", precision, "--cores", cores, "--wait"],
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const requests = process.stdin.getWriter();
  const answers = linesOf(process.stdout);
  return {
    measure: async (number) => {
      await requests.write(new TextEncoder().encode(`${number}\n`));
      const { value } = await answers.next();
      if (value !== undefined) return JSON.parse(value) as Measurement;
      throw new Error(`Cannot measure ${script}: ${python} ended; its message is above`);
    },
    [Symbol.asyncDispose]: async () => {
      await requests.close().catch(() => {});
      await process.status;
    },
  };
}

/**
 * Whether an interpreter has a package.
 *
 * @param python The interpreter.
 * @param name The package, as it is imported.
 * @returns Whether it is there.
 */
export async function hasPackage(python: string, name: string): Promise<boolean> {
  const code =
    "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)";
  const { success } = await new Deno.Command(python, { args: ["-c", code, name] }).output();
  return success;
}

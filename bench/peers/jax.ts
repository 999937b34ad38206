/** The side of JAX: `jax_kernels.py` in a process that measures on request. */
import { fileURLToPath } from "node:url";
import type { Measurement, Side } from "./measurement.ts";

/** How a process of JAX runs. */
export interface JaxOptions {
  readonly precision: "f64" | "f32";
  /** All cores, or bound to one. */
  readonly cores: "all" | "one";
}

/** A measurement of JAX. */
export interface JaxMeasurement extends Measurement {
  /** Time of the processor ÷ time on the wall: fewer than it may use, if others work on them. */
  readonly coresUsed: number;
}

/** A side with a process behind it; the process ends when this is disposed of. */
export interface JaxSide extends AsyncDisposable {
  readonly measure: Side<JaxMeasurement>;
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
 * Starts a process of JAX.
 *
 * @param python The interpreter, of an environment with `requirements.txt`.
 * @param options Precision and cores.
 * @returns The side. Its measurements reject if the process ends.
 */
export function startJax(python: string, { precision, cores }: JaxOptions): JaxSide {
  const script = fileURLToPath(new URL("./jax_kernels.py", import.meta.url));
  const process = new Deno.Command(python, {
    args: [script, "--precision", precision, "--cores", cores, "--wait"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const requests = process.stdin.getWriter();
  const answers = linesOf(process.stdout);
  return {
    measure: async (number) => {
      await requests.write(new TextEncoder().encode(`${number}\n`));
      const { value } = await answers.next();
      if (value !== undefined) return JSON.parse(value) as JaxMeasurement;
      throw new Error(`Cannot measure JAX: ${python} ended; its message is above`);
    },
    [Symbol.asyncDispose]: async () => {
      await requests.close().catch(() => {});
      await process.status;
    },
  };
}

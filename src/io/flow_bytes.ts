/**
 * A trained flow as bytes, to be used in another run, another process or a page.
 *
 * @module
 */
import { type TrainedFlow, trainedFlow } from "../adaptive/trained_flow.ts";
import { chooseDevice, type DeviceName } from "../device/choose.ts";
import { affineFlow } from "../flows/affine_flow.ts";
import type { Flow, FlowState } from "../flows/flow.ts";
import { splineFlow } from "../flows/spline_flow.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import { fromBytes, toBytes } from "./coded_bytes.ts";
import { RUN_STATE, TRAINED_FLOW } from "./formats.ts";

/** What the bytes of a flow hold. */
interface Kept {
  /** Name and options of its kind. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly state: FlowState;
}

/** Options of {@linkcode flowFromBytes}. */
export interface FlowFromBytesOptions {
  /**
   * The kind of flow; those of `splineFlow` and `affineFlow` are made anew by default, from their options
   * in the bytes. A flow of `customFlow` needs it, since functions are not kept.
   */
  readonly kind?: Flow;
  /** Where normal vectors are drawn; `"wasm"` by default. */
  readonly device?: DeviceName;
  /** How many workers share them at most; one for each core by default. No bit depends on it. */
  readonly workers?: number;
}

/** The kinds that are made from their options alone. */
const KINDS: Readonly<Record<string, (options: Readonly<Record<string, unknown>>) => Flow>> = {
  spline: splineFlow,
  affine: affineFlow,
};

/** Options as text, whatever their order. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(JSON.stringify(value));
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{ ${entries.map(([name, entry]) => `${name}: ${textOf(entry)}`).join(", ")} }`;
}

/**
 * Writes a trained flow as bytes: its weights, its whitening, the optimiser's memory, and the name and
 * options of its kind.
 *
 * @param flow The `flow` of a result; any kind of flow with a state of its.
 * @returns The bytes; the same flow gives the same ones.
 * @throws {TypeError} If the flow is none, or its options are no plain data.
 */
export function flowToBytes(flow: Pick<TrainedFlow, "kind" | "state">): Uint8Array<ArrayBuffer> {
  if (typeof flow !== "object" || flow === null || !("kind" in flow && "state" in flow)) {
    throw new TypeError(
      "Cannot write this as a trained flow: give the `flow` of a result, which runs with a flow have",
    );
  }
  const { kind: { name, options }, state } = flow;
  return toBytes(TRAINED_FLOW, { name, options, state });
}

/** The kind that was given, if it is that of the bytes. */
function matching(kind: Flow, { name, options, state }: Kept): Flow {
  const refuse = (own: string, kept: string): never => {
    throw new TypeError(
      `Cannot read a trained flow as the \`kind\` that was given: that is ${own}, and the bytes are of ` +
        `${kept}; give the definition that the flow was trained with`,
    );
  };
  if (kind.name !== name) refuse(`"${kind.name}"`, `"${name}"`);
  const [own, kept] = [kind.options, options].map(textOf);
  if (own !== kept) refuse(`"${name}" with ${own}`, `one with ${kept}`);
  const { dimension, periodic, weights } = state;
  const count = kind.init(dimension, [0, 0], periodic).weights.length;
  if (count !== weights.length) refuse(`one of ${count} weights`, `one of ${weights.length}`);
  return kind;
}

function knownKind({ name, options }: Kept): Flow {
  if (Object.hasOwn(KINDS, name)) return KINDS[name](options);
  throw new TypeError(
    `Cannot read a trained flow of the kind "${name}" without its functions, which bytes do not hold: ` +
      "give the flow that customFlow() made as `kind`",
  );
}

/**
 * Reads a trained flow. It can be drawn from and evaluated at once, and gives the bits that it gave
 * before, in any process and in a page. As `flow` of `sample` it is used without training;
 * `trainFurther` trains it on.
 *
 * @param bytes What {@linkcode flowToBytes} wrote.
 * @param options The kind of a flow that a user wrote; where normal vectors are drawn.
 * @returns The flow.
 * @throws {SyntaxError} If the bytes are foreign, damaged or of another format.
 * @throws {TypeError} If the kind is missing or another one, or an option is unknown.
 *
 * @example A flow that is trained once
 * ```ts
 * import { density, flowFromBytes, flowToBytes, key, sample } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * const target = density(2, (x) => x.square().sum().mul(-0.5));
 * const stop = { effectiveSampleSize: 500 };
 * const { flow } = await sample(target, key(1), { stop });
 * assert(flow !== undefined);
 * const bytes = flowToBytes(flow); // into a file, a database …
 *
 * const loaded = flowFromBytes(bytes);
 * assert.deepEqual(await loaded.sample(key(2), 10), await flow.sample(key(2), 10));
 * const again = await sample(target, key(3), { flow: loaded, stop });
 * assert.deepEqual(again.flow?.state, flow.state);
 * ```
 */
export function flowFromBytes(
  bytes: Uint8Array,
  options: FlowFromBytesOptions = {},
): TrainedFlow {
  expectOptions(options, ["kind", "device", "workers"], "read a trained flow");
  const { kind, device, workers } = options;
  const kept = fromBytes(TRAINED_FLOW, bytes, [RUN_STATE]) as Kept;
  return trainedFlow(
    kind === undefined ? knownKind(kept) : matching(kind, kept),
    kept.state,
    chooseDevice(device, { workers, precision: "f64" }),
  );
}

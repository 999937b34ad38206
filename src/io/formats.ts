/**
 * What tributary keeps as bytes.
 *
 * @module
 */
import type { Format } from "./coded_bytes.ts";

/** The state of a run. */
export const RUN_STATE: Format = {
  letters: "TRIB",
  version: 1,
  content: "the state of a run",
  functions: { write: "stateToBytes", read: "stateFromBytes" },
};

/** A trained flow. */
export const TRAINED_FLOW: Format = {
  letters: "TRIF",
  version: 1,
  content: "a trained flow",
  functions: { write: "flowToBytes", read: "flowFromBytes" },
};

/**
 * Estimates of the evidence.
 *
 * @module
 */
export { bridgeEvidence } from "./bridge.ts";
export type { BridgeEvidence, Evidence, ImportanceEvidence } from "./evidence.ts";
export { importanceEvidence } from "./importance.ts";

/**
 * Estimates of the evidence.
 *
 * @module
 */
export { bridgeEvidence } from "./bridge.ts";
export type {
  BridgeEvidence,
  Evidence,
  ImportanceEvidence,
  SteppingStoneEvidence,
} from "./evidence.ts";
export { importanceEvidence } from "./importance.ts";
export { steppingStoneEvidence, type SteppingStoneOptions } from "./stepping_stone.ts";

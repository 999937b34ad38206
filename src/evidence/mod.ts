/**
 * Estimates of the evidence.
 *
 * @module
 */
export { type Evidence, importanceEvidence } from "./importance.ts";

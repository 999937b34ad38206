/**
 * Every external that the library imports, each once and by its full pinned
 * name: a module imported from a URL sees no import map.
 *
 * fp-ts serves the edges only, where options are validated and a device is
 * chosen; an `Either` in a step would cost more than the step.
 *
 * @module
 */
export { pipe } from "npm:fp-ts@2.16.11/lib/function.js";
export * as either from "npm:fp-ts@2.16.11/lib/Either.js";
export type { Either } from "npm:fp-ts@2.16.11/lib/Either.js";

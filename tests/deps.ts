/** Externals that tests need and users do not. */
export { default as fastCheck } from "npm:fast-check@4.10.2";

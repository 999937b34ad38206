/** What bundles the library for a page; apart, since loading it reads the environment. */
export * as esbuild from "npm:esbuild@0.28.2";

/** Tests of what needs a tool that not every machine has. */

/** Spread into a test's options. */
export interface Requirement {
  readonly ignore: boolean;
}

/** What to do about a tool. */
export type Decision = "run" | "skip" | "fail";

/**
 * Decides whether tests that need a tool run.
 *
 * @param name The tool's name.
 * @param available Whether it is there.
 * @param required The names, separated by commas, of what must be there.
 */
export function decide(
  name: string,
  available: boolean,
  required: string,
): Decision {
  if (available) return "run";
  const names = required.split(",").map((part) => part.trim());
  return names.includes(name) ? "fail" : "skip";
}

/**
 * The options of tests that need a tool. Without the tool they are skipped and
 * one line says so; where the environment variable `TRIBUTARY_REQUIRE` names
 * the tool, its absence is a failed test instead.
 *
 * @example
 * ```ts ignore
 * const rust = requirement("rust", await hasRust());
 * Deno.test({ name: "…", ...rust, fn: () => {} });
 * ```
 *
 * @param name The tool's name, in lower case.
 * @param available Whether it is there.
 */
export function requirement(name: string, available: boolean): Requirement {
  const required = Deno.env.get("TRIBUTARY_REQUIRE") ?? "";
  const decision = decide(name, available, required);
  if (decision === "skip") {
    console.log(`skipping the tests that need ${name}: it is not here`);
  }
  if (decision === "fail") {
    Deno.test(`${name} is available, as TRIBUTARY_REQUIRE asks`, () => {
      throw new Error(`Cannot run the tests that need ${name}: it is not here`);
    });
  }
  return { ignore: decision !== "run" };
}

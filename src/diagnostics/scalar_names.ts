/**
 * Names of the scalars of a parameter.
 *
 * @module
 */

/**
 * Names every scalar of a parameter by its index: `mu`, `theta[0]`, `w[1,2]`.
 *
 * @param name The parameter.
 * @param shape Its shape; `[]` for a scalar.
 * @returns The names in row-major order.
 */
export function scalarNames(name: string, shape: readonly number[]): string[] {
  if (shape.length === 0) return [name];
  const indices = shape.reduce<string[]>(
    (outer, length) =>
      outer.flatMap((index) =>
        Array.from({ length }, (_, i) => index === "" ? `${i}` : `${index},${i}`)
      ),
    [""],
  );
  return indices.map((index) => `${name}[${index}]`);
}

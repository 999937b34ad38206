/**
 * What instructions of a nest call in WGSL. It lets a compiler assume that there are no NaN and no infinities,
 * so that `x != x` may be false for a NaN: what has to know looks at the bits.
 *
 * @module
 */

/** Names of the functions. */
export type FunctionName = "isNan" | "minimum" | "maximum" | "truncatedWord";

/** Each with the functions that it calls. */
const FUNCTIONS: {
  readonly [N in FunctionName]: { readonly calls: readonly FunctionName[]; readonly text: string };
} = {
  isNan: {
    calls: [],
    text: `fn isNan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  },
  // A NaN is carried on, and −0 comes before +0: where two are equal, they differ in the sign at most.
  minimum: {
    calls: ["isNan"],
    text: `fn minimum(a: f32, b: f32) -> f32 {
  let either = bitcast<f32>(bitcast<u32>(a) | bitcast<u32>(b));
  let ordered = select(select(b, a, a < b), either, a == b);
  return select(select(ordered, b, isNan(b)), a, isNan(a));
}`,
  },
  maximum: {
    calls: ["isNan"],
    text: `fn maximum(a: f32, b: f32) -> f32 {
  let both = bitcast<f32>(bitcast<u32>(a) & bitcast<u32>(b));
  let ordered = select(select(b, a, b < a), both, a == b);
  return select(select(ordered, b, isNan(b)), a, isNan(a));
}`,
  },
  // Beyond the words at the nearest one, NaN at 0, as WebAssembly's saturating conversion.
  truncatedWord: {
    calls: ["isNan"],
    text: `fn truncatedWord(x: f32) -> u32 {
  let inside = u32(clamp(select(x, 0f, isNan(x)), 0f, 4294967040f));
  return select(inside, 4294967295u, (x >= 4294967296f) & !isNan(x));
}`,
  },
};

/**
 * The texts of functions and of those that they call.
 *
 * @param names Their names.
 * @returns One text for each, in an order of their own.
 */
export function functionTexts(names: ReadonlySet<FunctionName>): string[] {
  const needed = new Set(names);
  for (const name of needed) FUNCTIONS[name].calls.forEach((called) => needed.add(called));
  return (Object.keys(FUNCTIONS) as FunctionName[])
    .filter((name) => needed.has(name))
    .map((name) => FUNCTIONS[name].text);
}

/** The same bits on every machine: nothing in `src` leaves its result to the engine. */
import { codeText } from "./code_text.ts";
import { filesOf, lineAt, type SourceTree, type Violation } from "./source_tree.ts";

/** What ECMAScript specifies to the bit; the rest of `Math` is "implementation-approximated". */
const EXACT_MATH = new Set(
  ("abs ceil clz32 floor fround imul max min round sign sqrt trunc " +
    "E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2").split(" "),
);

const MATH = /\bMath\b(?:\s*\??\.\s*([A-Za-z0-9]+))?/g;
const POWER = /(\S+)\s*\*\*=?\s*(\S+)/g;
/** A power of two, whose exponent is written out, or one of big integers. */
const EXACT_POWER = /(?:^|[^\w.])(?:2|\d+n)\s*\*\*\s*[([]?-?\d+n?\b/;
const HIDDEN_RANDOMNESS = /\b(getRandomValues|randomUUID)\b/g;

interface Finding {
  readonly index: number;
  readonly message: string;
}

function mathFindings(code: string): Finding[] {
  return [...code.matchAll(MATH)]
    .filter((match) => !EXACT_MATH.has(match[1] ?? ""))
    .map((match) => ({
      index: match.index,
      message: match[1] === undefined
        ? "use Math only as Math.name, with a name whose bits are specified"
        : `Math.${match[1]} differs between engines: use src/tensor's own`,
    }));
}

function powerFindings(code: string): Finding[] {
  return [...code.matchAll(POWER)]
    .filter((match) => !EXACT_POWER.test(` ${match[0]}`))
    .map((match) => ({
      index: match.index,
      message: `"${match[0]}": ** differs between engines unless it is a ` +
        "power of two with a literal exponent",
    }));
}

function randomFindings(code: string): Finding[] {
  return [...code.matchAll(HIDDEN_RANDOMNESS)].map((match) => ({
    index: match.index,
    message: `${match[1]} is not a function of the key: use src/random`,
  }));
}

/** Arithmetic whose bits depend on the engine, and randomness without a key. */
export function arithmeticViolations(tree: SourceTree): Violation[] {
  return filesOf(tree, /^(src\/.*|mod)\.ts$/).flatMap(([path, text]) => {
    const code = codeText(text, { blankStrings: true });
    return [mathFindings, powerFindings, randomFindings]
      .flatMap((find) => find(code))
      .map(({ index, message }) => ({
        path,
        line: lineAt(text, index),
        message,
      }));
  });
}

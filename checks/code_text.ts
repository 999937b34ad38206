/** TypeScript without what is not code, so that rules can search it as text. */

/** What {@linkcode codeText} leaves out besides comments. */
export interface CodeTextOptions {
  /** Whether the insides of strings are blanked too. */
  readonly blankStrings: boolean;
}

const REGEX_MAY_FOLLOW = /(^|[(,=:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|of|in))$/;
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[`{}]|\//g;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
const TEMPLATE_END = /`|\$\{/g;

/**
 * Replaces comments and regular expressions, and strings if asked, by spaces:
 * every position and line number stays what it was. Code inside `${…}` of a
 * template is code.
 */
export function codeText(text: string, options: CodeTextOptions): string {
  const out = text.split("");
  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (out[i] !== "\n") out[i] = " ";
  };
  /** For each open template, how many braces are open inside its `${`. */
  const templates: number[] = [];
  let at = 0;

  const skipTemplateText = (): void => {
    const from = at;
    TEMPLATE_END.lastIndex = at;
    let end = TEMPLATE_END.exec(text);
    while (end !== null && isEscaped(text, end.index)) {
      end = TEMPLATE_END.exec(text);
    }
    at = end === null ? text.length : TEMPLATE_END.lastIndex;
    if (options.blankStrings) blank(from, end?.index ?? text.length);
    if (end?.[0] === "${") templates.push(0);
  };

  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) break;
    const token = match[0];
    const start = match.index;
    at = start + token.length;
    if (token === "`") {
      skipTemplateText();
    } else if (token === "{" && templates.length > 0) {
      templates[templates.length - 1]++;
    } else if (token === "}" && templates.length > 0) {
      const open = templates.pop() ?? 0;
      if (open === 0) skipTemplateText();
      else templates.push(open - 1);
    } else if (token === "/") {
      const before = out.slice(Math.max(0, start - 200), start).join("");
      REGEX.lastIndex = start;
      if (REGEX_MAY_FOLLOW.test(before.trimEnd()) && REGEX.test(text)) {
        at = REGEX.lastIndex;
        blank(start, at);
      }
    } else if (token.startsWith("//") || token.startsWith("/*")) {
      blank(start, at);
    } else if (options.blankStrings && token.length > 1) {
      blank(start + 1, at - 1);
    }
  }
  return out.join("");
}

function isEscaped(text: string, index: number): boolean {
  let slashes = 0;
  while (text[index - 1 - slashes] === "\\") slashes++;
  return slashes % 2 === 1;
}

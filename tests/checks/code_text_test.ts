import assert from "node:assert/strict";
import { codeText } from "../../checks/code_text.ts";

function code(text: string): string {
  const out = codeText(text, { blankStrings: true });
  assert.equal(out.length, text.length, "positions stay");
  assert.equal(out.split("\n").length, text.split("\n").length, "lines stay");
  return out.replace(/\s+/g, " ").trim();
}

Deno.test("codeText() blanks comments", () => {
  assert.equal(code("a; // b\nc; /* d\n e */ f"), "a; c; f");
  assert.equal(code("/** `x` {@linkcode y} */ z"), "z");
});

Deno.test("codeText() blanks the insides of strings", () => {
  assert.equal(code(`x = "a // b"; y = 'c \\' d';`), `x = " "; y = ' ';`);
});

Deno.test("codeText() keeps strings if asked", () => {
  const text = `import "a//b"; // c`;
  const out = codeText(text, { blankStrings: false });
  assert.equal(out.trimEnd(), `import "a//b";`);
});

Deno.test("codeText() keeps the code inside templates", () => {
  assert.equal(
    code("`a ${f({ b: `c${d}` })} e` + g"),
    "` ${f({ b: ` ${d}` })} ` + g",
  );
  assert.equal(code("`\\`` + a"), "` ` + a");
});

Deno.test("codeText() tells a regular expression from a division", () => {
  assert.equal(code("x = /[\"'/*]/g; y"), "x = ; y");
  assert.equal(code("a / b / c; // d"), "a / b / c;");
  assert.equal(code("(a) / 'b'.length"), "(a) / ' '.length");
});

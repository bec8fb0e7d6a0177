import assert from "node:assert/strict";
import { joinModules } from "../../../lib/serve/page_script.ts";

/** Joins modules that are told by their paths, and runs the script. @returns what it leaves in `seen`. */
async function run(modules: Readonly<Record<string, string>>): Promise<unknown[]> {
  const read = (path: string) => Promise.resolve(modules[path] ?? assert.fail(`no ${path}`));
  const script = await joinModules("page/main.ts", { read, libraries: {} });
  const seen: unknown[] = [];
  new Function("seen", `"use strict";${script}`)(seen);
  return seen;
}

Deno.test("joined modules run once each, after what they import, and keep their names to themselves", async () => {
  const seen = await run({
    "page/main.ts": `
      /** Begins. @module */
import type { Size } from "./size.ts";
import { later, name as other } from "./view/one.ts";
import {
  type Two,
  two,
} from "./view/two.ts";
const name = "main";
const size: Size = 1;
seen.push(name, other, two satisfies Two, size, await1(later));
function await1(value: unknown): unknown { return typeof value; }
`,
    "page/view/one.ts": `
import { word } from "../../words.ts";
export const name = word("one");
export async function later(): Promise<string> { return name; }
`,
    "page/view/two.ts": `
import { word, Words } from "../../words.ts";
export type Two = string;
const name = "two";
export const two: Two = word(name) + new Words().count;
`,
    "words.ts": `
seen.push("words");
export function word(text: string): string { return text.toUpperCase(); }
export class Words { readonly count = 2; }
`,
  });
  assert.deepEqual(seen, ["words", "main", "ONE", "TWO2", 1, "function"]);
});

Deno.test("what can't be joined is told, and not found out in a browser", async () => {
  await assert.rejects(
    run({
      "page/main.ts": 'import { a } from "./a.ts";',
      "page/a.ts": 'import { b } from "./b.ts";\nexport const a = 1;',
      "page/b.ts": 'import { a } from "./a.ts";\nexport const b = a;',
    }),
    /page\/a\.ts is imported by what it imports/,
  );
  for (const form of ["export default 1;", "export * from './a.ts';", 'import "./a.ts";']) {
    await assert.rejects(
      run({ "page/main.ts": form }),
      /page\/main\.ts: this form can't be joined/,
    );
  }
});

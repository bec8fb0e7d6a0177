/** Text from clusters, repositories and containers, made harmless for a terminal. @module */

/** Control characters, separators of lines, and marks that turn the direction of text. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Without control characters: no escape sequence reaches a terminal, and a line stays a line.
 *
 * @example
 * ```ts
 * import { safeText } from "./safe_text.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(safeText("\u001b[31mred\u001b[0m\r\nnext"), "[31mred[0m next");
 * ```
 */
export function safeText(text: string): string {
  return text.replaceAll(/\r?\n/g, " ").replaceAll(UNSAFE, "");
}

/** The same for text of several lines, as its lines. */
export function safeLines(text: string): string[] {
  return text.replace(/\n$/, "").split(/\r?\n/).map((line) =>
    safeText(line.replaceAll("\t", "  "))
  );
}

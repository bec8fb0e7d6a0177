/** Text from clusters, repositories and containers, made harmless for a terminal. @module */

/** Control characters, separators of lines, and marks that turn the direction of text. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const UNSAFE_IN_LINES = /(?![\t\n])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

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

/**
 * An event in which no text, wherever it is, has a control character but the ends of lines and tabs.
 *
 * @example
 * ```ts
 * import { harmless } from "./safe_text.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(harmless({ names: ["\u001b[2Ja\nb"] }), { names: ["[2Ja\nb"] });
 * ```
 */
export function harmless<Value>(value: Value): Value;
export function harmless(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(UNSAFE_IN_LINES, "");
  if (Array.isArray(value)) return value.map((item) => harmless(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [harmless(name), harmless(child)]),
  );
}

/** The same for text of several lines, as its lines. */
export function safeLines(text: string): string[] {
  return text.replace(/\n$/, "").split(/\r?\n/).map((line) =>
    safeText(line.replaceAll("\t", "  "))
  );
}

/** Lines of a log as text that can be shown. @module */

/** As much of a line as is drawn: more is in no window. */
const SHOWN_CHARACTERS = 4_000;
// Sequences that colour a terminal, and other signs that can't be seen.
const CONTROL =
  // deno-lint-ignore no-control-regex
  /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Without what only a terminal understands.
 *
 * @example
 * ```ts
 * import { plainText } from "./log_text.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(plainText("\u001b[31mfailed\u001b[0m"), "failed");
 * ```
 */
export function plainText(text: string): string {
  return text.slice(0, SHOWN_CHARACTERS).replaceAll(CONTROL, "");
}

/**
 * A line in parts, those that a search has found apart.
 *
 * @param query in lower case; empty when nothing is searched.
 */
export function markedParts(
  text: string,
  query: string,
): readonly { readonly text: string; readonly found: boolean }[] {
  if (query === "") return [{ text, found: false }];
  const lower = text.toLowerCase();
  const parts: { text: string; found: boolean }[] = [];
  let from = 0;
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), found: false });
    from = at + query.length;
    parts.push({ text: text.slice(at, from), found: true });
  }
  if (from < text.length) parts.push({ text: text.slice(from), found: false });
  return parts;
}
